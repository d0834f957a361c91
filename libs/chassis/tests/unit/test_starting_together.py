"""Replicas that start at once on an empty database."""

import threading
from pathlib import Path

from deployforge_chassis.bodies import Bodies
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.parking import Parking
from deployforge_chassis.sealing import Sealer

_REPLICAS = 6


def test_replicas_that_start_together_create_their_tables_once(database_url: str, tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "k")
    databases = [Database(database_url, pool_size=1, max_connections=2) for _ in range(_REPLICAS)]
    ready, errors = threading.Barrier(_REPLICAS), []

    def start(database: Database) -> None:
        sealer = Sealer(database, KeyFile(tmp_path / "k"), service="test")
        database.query("SELECT 1")
        ready.wait(20)
        try:
            app = EventSourcedApplication(database, sealer, name="test")
            Bodies(database, sealer)
            EffectQueue(app, sealer)
            Parking(database, sealer)
        except Exception as error:
            errors.append(repr(error))

    threads = [threading.Thread(target=start, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert errors == []
