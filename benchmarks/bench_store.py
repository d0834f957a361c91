"""The event store and what rests on it: appending, consuming, relaying, replacing a dead replica, reading back.

Append. Unit of work: one event of ~300 bytes appended to an aggregate's stream and committed by PostgreSQL. Peer, in
the same run and database server, interleaved: the library's own PostgreSQL application, without encryption, positions
and chained streams. Once in saves of 100 events, where the work per event counts; once an event per commit, where the
disk does.

The rest is in `consuming.py`, `relay_lag.py` and `takeover.py` (both on a real broker), and `state_projection.py`; each
runs its lower bound beside it.
"""

import statistics
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import consuming
import kafka_system
import relay_lag
import state_projection
import structlog
import takeover
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate as PlainAggregate
from eventsourcing.domain import event
from psycopg.conninfo import conninfo_to_dict
from support import Figures, arguments, databases, interleaved, ratio, report

TEXT = "x" * 200


class Sealed(Aggregate):
    @event("Opened")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id

    @event("Noted")
    def note(self, text: str) -> None:
        """Changes nothing."""


class Plain(PlainAggregate):
    @event("Opened")
    def __init__(self) -> None:
        pass

    @event("Noted")
    def note(self, text: str) -> None:
        """Changes nothing."""


def rate(app: Application[UUID], aggregate: Any, saves: int, batch: int) -> float:
    """Events a second. The stream, and with it the data key of a deployment, exists before the clock starts."""
    app.save(aggregate)
    began = time.perf_counter()
    for _ in range(saves):
        for _ in range(batch):
            aggregate.note(TEXT)
        app.save(aggregate)
    return saves * batch / (time.perf_counter() - began)


def plain_application(url: str) -> Application[UUID]:
    """The library as it comes."""
    parts = conninfo_to_dict(url)
    return Application(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts.get("port", "5432")),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": "unused",  # a Unix socket asks for none, but the library insists on one
        }
    )


def measure_append(repeats: int, saves: int, batch: int, singles: int, *, fsync: bool) -> Figures:
    """Events a second, ours and the library's."""
    with databases("ours", "plain", fsync=fsync) as (directory, (ours_url, plain_url)):
        KeyFile.create(directory / "key")
        database = Database(ours_url, pool_size=1)
        sealer = Sealer(database, KeyFile(directory / "key"), service="bench")
        ours, plain = EventSourcedApplication(database, sealer, name="bench"), plain_application(plain_url)
        figures = interleaved(
            repeats,
            [
                lambda: {"ours, batches": rate(ours, Sealed(uuid4()), saves, batch)},
                lambda: {"plain, batches": rate(plain, Plain(), saves, batch)},
                lambda: {"ours, one per commit": rate(ours, Sealed(uuid4()), singles, 1)},
                lambda: {"plain, one per commit": rate(plain, Plain(), singles, 1)},
            ],
        )
        plain.close()
        database.close()
    return figures


def measure_consume(repeats: int, facts: int, *, fsync: bool) -> Figures:
    """Facts a second, ours and by hand."""
    with databases("books", "hand", fsync=fsync) as (directory, (ours, hand)):
        return consuming.measure_consume(ours, hand, directory, repeats=repeats, facts=facts)


def measure_on_kafka(seconds: float, takeovers: int) -> Mapping[str, float]:
    """Lag and takeover; the broker is started for them and stopped again."""
    with kafka_system.running() as system:
        return {**relay_lag.measure_relay_lag(system, seconds), **takeover.measure_takeover(system, takeovers)}


def main() -> None:
    sizes = arguments(
        __doc__ or "", repeats=5, saves=20, batch=100, singles=150, facts=4_000, lag=15, takeovers=3, rebuild=200_000,
        inventory=1_000_000,
    )  # fmt: skip
    # Its place is the last line of the output, for others to read: keep the parts' own messages out of it.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    fsync = not sizes.no_fsync
    appended = measure_append(sizes.repeats, sizes.saves, sizes.batch, sizes.singles, fsync=fsync)
    consumed = measure_consume(sizes.repeats, sizes.facts, fsync=fsync)
    relayed = measure_on_kafka(sizes.lag, sizes.takeovers)
    rebuilt = state_projection.measure_rebuild(sizes.rebuild)
    listed = state_projection.measure_inventory(sizes.inventory)
    listed.pop("inventory_kinds")
    report(
        appended | consumed,
        "events/s",
        {
            "fsync": fsync,
            "append_events_per_second": round(statistics.median(appended["ours, batches"])),
            "append_ratio": ratio(appended, "ours, batches", "plain, batches"),
            "single_commit_per_second": round(statistics.median(appended["ours, one per commit"])),
            "single_ratio": ratio(appended, "ours, one per commit", "plain, one per commit"),
            **consuming.summary(consumed),
            **relayed,
            **rebuilt,
            **listed,
        },
    )


if __name__ == "__main__":
    main()
