"""Rebuilds that were asked for: a row each, so that they outlive the process that works on them."""

import time
from typing import Any, Final
from uuid import uuid4

import structlog
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.part import ThreadPart

from deployforge_state_manager.adapters.rebuilding import Progress, Rebuild
from deployforge_state_manager.application.ports import RebuildRunning, Row, StateNotFound

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS rebuilds (id text PRIMARY KEY, asked_at timestamptz NOT NULL DEFAULT now(), "
    "ended_at timestamptz, done bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, state text NOT NULL, "
    "reason text NOT NULL DEFAULT '')",
    "CREATE UNIQUE INDEX IF NOT EXISTS rebuilds_one_open ON rebuilds ((1)) WHERE ended_at IS NULL",
)
_POLL_SECONDS: Final = 1.0
#: Progress is written down no more often than this.
_TELL_SECONDS: Final = 0.5

log = structlog.get_logger(__name__)


class PostgresRebuilds:
    """See ports.Rebuilds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def ask(self) -> str:
        """See ports.Rebuilds."""
        rows = self._database.query(
            "INSERT INTO rebuilds (id, state) VALUES (%s, 'asked') ON CONFLICT DO NOTHING RETURNING id", (str(uuid4()),)
        )
        if not rows:
            raise RebuildRunning
        return str(rows[0]["id"])

    def newest(self) -> Row:
        """See ports.Rebuilds."""
        row = self._database.one("SELECT * FROM rebuilds ORDER BY asked_at DESC LIMIT 1")
        if row is None:
            raise StateNotFound("no rebuild was ever asked for")
        return row

    def open(self) -> str | None:
        """The rebuild that was asked for and has not ended."""
        row = self._database.one("SELECT id FROM rebuilds WHERE ended_at IS NULL")
        return row and row["id"]

    def tell(self, id: str, progress: Progress) -> None:
        """Write down how far it is."""
        self._write("state = 'running', done = %s, total = %s", progress.done, progress.total, id)

    def end(self, id: str, reason: str = "") -> None:
        """Write down that it has ended; a reason means that it failed."""
        self._write("state = %s, reason = %s, ended_at = now()", "failed" if reason else "done", reason, id)

    def _write(self, values: str, *params: Any) -> None:
        self._database.write([(f"UPDATE rebuilds SET {values} WHERE id = %s", params)])  # noqa: S608 - own


class Rebuilder(ThreadPart):
    """Part: does the rebuild that was asked for; what a dead process left half-way, another begins again."""

    def __init__(self, app: EventSourcedApplication, rebuild: Rebuild, rebuilds: PostgresRebuilds) -> None:
        super().__init__("rebuilder")
        self._app, self._rebuild, self._rebuilds = app, rebuild, rebuilds
        self._told = 0.0

    def run(self) -> None:
        """See ThreadPart."""
        while not self.stopping.is_set():
            if id := self._rebuilds.open():
                self._do(id)
            self.stopping.wait(_POLL_SECONDS)

    def _do(self, id: str) -> None:
        try:
            self._rebuild.run(self._app, lambda progress: self._tell(id, progress))
        except RebuildRunning:
            return
        except _Stopped:
            log.info("rebuild left to whoever comes next", rebuild=id)
            return
        except Exception as error:
            log.error("rebuild failed; the rows are as before", rebuild=id, exc_info=error)
            self._rebuilds.end(id, f"{type(error).__name__}: {error}"[:500])
            return
        self._rebuilds.end(id)

    def _tell(self, id: str, progress: Progress) -> None:
        if self.stopping.is_set():
            raise _Stopped
        now = time.monotonic()
        if now - self._told > _TELL_SECONDS or progress.done == progress.total:
            self._told = now
            self._rebuilds.tell(id, progress)


class _Stopped(Exception):
    """The process stops."""
