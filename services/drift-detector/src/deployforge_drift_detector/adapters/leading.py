"""Part: does something again and again, in one process of this service at a time."""

from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.part import ThreadPart
from eventsourcing.persistence import PersistenceError

log = structlog.get_logger(__name__)

_TICK_SECONDS: Final = 0.25
_STANDBY_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0


class Leading(ThreadPart):
    """Leads by an advisory lock on a connection of its own, which is given up with that connection."""

    def __init__(self, name: str, lock: int, database: Database, tick: Callable[[], int]) -> None:
        super().__init__(name)
        self._lock, self._database, self._tick = lock, database, tick

    def run(self) -> None:
        """Lead when nobody else does; start over when the database or the key provider was away."""
        while not self.stopping.is_set():
            try:
                self._lead()
            except (PersistenceError, psycopg.Error, KeyUnavailable) as error:
                log.warning(f"{self.name} starts over", error=str(error))
                self.stopping.wait(_RETRY_SECONDS)

    def _lead(self) -> None:
        with self._database.own_connection() as connection:
            lock = "SELECT pg_try_advisory_lock(%s) AS got"
            while not (row := connection.execute(lock, (self._lock,)).fetchone()) or not row["got"]:
                if self.stopping.wait(_STANDBY_SECONDS):
                    return
            log.info(f"{self.name} leads")
            while not self.stopping.wait(_TICK_SECONDS):
                # The lock lives as long as this connection: a dead one means that another may lead.
                connection.execute("SELECT 1")
                self._tick()
