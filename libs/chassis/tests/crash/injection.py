"""Faults at named points, put around psycopg and the ports of the child process; the code under test has no hooks.

A point of a transaction is named by what it wrote: `before events`, `after positions`. Each fault fires once.
"""

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

#: What a statement writes, by the table that it names.
_WRITES = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?:\"?public\"?\.)?\"?(\w+)", re.IGNORECASE)


class Injected(Exception):
    """An error that nobody expects."""


class Fault:
    """Fires `mode` (kill, exception or pause) the first time that `point` is reached."""

    def __init__(self, point: str | None, mode: str | None) -> None:
        self._point, self._mode = point, mode
        self.fired = False
        self.armed = False
        """Set once everything is made: what creates tables is no point."""
        self._lock = threading.Lock()
        self._aside = threading.local()
        if point is not None and point.split()[0] in ("before", "after"):
            _watch_transactions(self)

    def reached(self, point: str, connection: "psycopg.Connection[Any] | None" = None) -> None:
        """Nothing, a pause, an exception, or the end of this process."""
        with self._lock:
            if point != self._point or not self.armed or getattr(self._aside, "on", False):
                return
            self._point = None
            self.fired = True
        if self._mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._mode == "pause":
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if connection is not None:
            # As when the server goes away: whether the commit has happened is not known to whoever asked for it.
            connection.close()
            raise psycopg.OperationalError("injected: the server closed the connection")
        raise Injected(point)

    @contextmanager
    def out_of_the_way(self) -> Iterator[None]:
        """What the test itself asks is not a point."""
        self._aside.on = True
        try:
            yield
        finally:
            self._aside.on = False


def _watch_transactions(fault: Fault) -> None:
    """Tell the fault of every commit, with what the transaction wrote."""
    written: dict[int, set[str]] = {}
    transaction, execute, executemany = psycopg.Connection.transaction, psycopg.Cursor.execute, psycopg.Cursor.executemany

    @contextmanager
    def watched_transaction(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        if self.info.transaction_status is not TransactionStatus.IDLE:
            with transaction(self, *args, **kwargs) as inner:
                yield inner
            return
        tables = written[id(self)] = set()
        try:
            with transaction(self, *args, **kwargs) as outer:
                yield outer
                for table in sorted(tables):
                    fault.reached(f"before {table}", self)
        finally:
            written.pop(id(self), None)
        for table in sorted(tables):
            fault.reached(f"after {table}", self)

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            text = (
                query.decode() if isinstance(query, bytes) else query if isinstance(query, str) else query.as_string(self)
            )
            tables = set(_WRITES.findall(text))
            if (held := written.get(id(self.connection))) is not None:
                held |= tables
                return real(self, query, *args, **kwargs)
            for table in tables:
                fault.reached(f"before {table}", self.connection)
            answer = real(self, query, *args, **kwargs)
            for table in tables:
                fault.reached(f"after {table}", self.connection)
            return answer

        return run

    psycopg.Connection.transaction = watched_transaction  # type: ignore[method-assign, assignment]
    psycopg.Cursor.execute = watched(execute)  # type: ignore[method-assign]
    psycopg.Cursor.executemany = watched(executemany)  # type: ignore[method-assign]
