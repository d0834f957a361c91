"""What sealing, positions and our locking cost: appending events through the chassis against plain `eventsourcing`.

Unit of work: one event of ~300 bytes appended to an aggregate's stream and committed by PostgreSQL.
Peer, in the same run and database server, interleaved: the library's own PostgreSQL application, without encryption.
Once in saves of 100 events, where the work per event counts; once an event per commit, where the disk does.
"""

import statistics
import time
from typing import Any
from uuid import UUID, uuid4

from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate as PlainAggregate
from eventsourcing.domain import event
from psycopg.conninfo import conninfo_to_dict
from support import arguments, databases, interleaved, ratio, report

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


def main() -> None:
    sizes = arguments(__doc__ or "", repeats=3, saves=10, batch=100, singles=150)
    with databases("ours", "plain", fsync=not sizes.no_fsync) as (directory, (ours_url, plain_url)):
        KeyFile.create(directory / "key")
        database = Database(ours_url, pool_size=1)
        sealer = Sealer(database, KeyFile(directory / "key"), service="bench")
        ours, plain = EventSourcedApplication(database, sealer, name="bench"), plain_application(plain_url)
        figures = interleaved(
            sizes.repeats,
            [
                lambda: {"ours, batches": rate(ours, Sealed(uuid4()), sizes.saves, sizes.batch)},
                lambda: {"plain, batches": rate(plain, Plain(), sizes.saves, sizes.batch)},
                lambda: {"ours, one per commit": rate(ours, Sealed(uuid4()), sizes.singles, 1)},
                lambda: {"plain, one per commit": rate(plain, Plain(), sizes.singles, 1)},
            ],
        )
        plain.close()
        database.close()
    report(
        figures,
        "events/s",
        {
            "fsync": not sizes.no_fsync,
            "append_events_per_second": round(statistics.median(figures["ours, batches"])),
            "append_ratio": ratio(figures, "ours, batches", "plain, batches"),
            "single_commit_per_second": round(statistics.median(figures["ours, one per commit"])),
            "single_ratio": ratio(figures, "ours, one per commit", "plain, one per commit"),
        },
    )


if __name__ == "__main__":
    main()
