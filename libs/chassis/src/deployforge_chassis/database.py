"""A service's own PostgreSQL database: transactions, queries, units of work, and one migration step at start.

Two roles: the *owner* makes the tables; the *runtime* role, as which everything else runs, has what it needs on their
rows and can neither change append-only tables nor anything about tables.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from deployforge_chassis import append_only
from deployforge_chassis.facts import Write
from deployforge_chassis.unit_of_work import INSERT_LOCK, Admit, Insert, UnitOfWork

__all__ = ["INSERT_LOCK", "CommitUnknown", "Database"]

#: Serialises migrations of replicas that start together. Any constant does; it only has to be ours.
_MIGRATION_LOCK = 0x4446_4D47


class CommitUnknown(PersistenceError):
    """The connection was lost while its transaction was being committed: it was, or was not. Look, or ask again with what
    makes a repetition known: a request id, a position, a lease. Never try the same writes again blindly."""


class _Bound(threading.local):
    """The unit of work of the current thread."""

    unit: UnitOfWork | None = None


class _Datastore(PostgresDatastore):
    """Gives a thread that is in a unit of work the connection of that unit."""

    bound = _Bound()

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        if (unit := self.bound.unit) is not None:
            # psycopg's own errors: they leave the unit before they are translated, so nobody tries a statement again
            # in a transaction that has failed.
            yield unit.connection
            return
        with super().get_connection() as connection:
            yield connection


class Database:
    """A pool of connections to one database; threads may share it.

    `url` is the runtime role's. `owner_url` is the owner's; empty means that one role is both.
    """

    def __init__(self, url: str, *, owner_url: str = "", pool_size: int = 4, max_connections: int = 24) -> None:
        self.url = url
        self._owner_url = owner_url if owner_url != url else ""
        parts = conninfo_to_dict(url)
        self._role = str(parts.get("user", ""))
        self.datastore = _Datastore(
            dbname=str(parts.get("dbname", "")),
            host=str(parts.get("host", "")),
            port=str(parts.get("port") or 5432),
            user=str(parts.get("user", "")),
            password=str(parts.get("password") or ""),
            pool_size=pool_size,
            max_overflow=max(0, max_connections - pool_size),
            connect_timeout=30.0,
            pre_ping=True,
        )
        # Of this database, not of all: a thread may be in a unit of work of one and ask another.
        self.datastore.bound = self._bound = _Bound()

    @property
    def unit(self) -> UnitOfWork | None:
        """The unit of work that the current thread is in."""
        return self._bound.unit

    @contextmanager
    def unit_of_work(self, insert: Insert, admit: Admit) -> Iterator[UnitOfWork]:
        """Whatever this thread asks of the database within the block happens in one transaction, committed at its end.

        Not at all, when the block raises. Units do not nest. Raises CommitUnknown.
        """
        assert self._bound.unit is None, "a unit of work in a unit of work"
        with self.datastore.get_connection() as connection:
            committing = False
            try:
                with connection.transaction():
                    self._bound.unit = UnitOfWork(connection, insert, admit)
                    try:
                        yield self._bound.unit
                    finally:
                        self._bound.unit = None
                    committing = True
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if committing:
                    raise CommitUnknown(f"the database was lost during a commit: {error}") from error
                raise

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Within the block the thread is in no unit of work: what it writes stays, whatever becomes of the unit."""
        unit, self._bound.unit = self._bound.unit, None
        try:
            yield
        finally:
            self._bound.unit = unit

    @contextmanager
    def transaction(self) -> Iterator[Cursor[dict[str, Any]]]:
        """A cursor whose statements are committed together when the block ends, or not at all.

        In a unit of work they are committed with it.
        """
        self._flush()
        with self.datastore.transaction(commit=True) as cursor:
            yield cursor

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of one statement."""
        self._flush()
        return self.query_sent(sql, params)

    def query_sent(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """As `query`, without what the thread's unit of work has not sent yet."""
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            cursor.execute(sql.encode(), params)
            return cursor.fetchall() if cursor.description else []

    def one(self, sql: str, params: Sequence[Any] = ()) -> dict[str, Any] | None:
        """The first row of one statement, or None."""
        rows = self.query(sql, params)
        return rows[0] if rows else None

    def write(self, writes: Sequence[Write]) -> None:
        """Execute statements in one transaction."""
        with self.transaction() as cursor:
            for sql, params in writes:
                cursor.execute(sql.encode(), params)

    def _flush(self) -> None:
        if (unit := self._bound.unit) is not None:
            unit.flush()

    def migrate(self, statements: Sequence[str]) -> None:
        """Execute idempotent DDL as the owner and grant the runtime role its share; replicas take turns."""
        with self._as_owner() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
            for statement in statements:
                cursor.execute(statement.encode())
            if self._owner_url:
                for row in cursor.execute(append_only.PRIVILEGES.encode(), (self._role,)).fetchall():
                    cursor.execute(row["statement"].encode())

    @contextmanager
    def _as_owner(self) -> Iterator[Cursor[dict[str, Any]]]:
        if not self._owner_url:
            with self.transaction() as cursor:
                yield cursor
            return
        with (
            psycopg.connect(self._owner_url, row_factory=dict_row, connect_timeout=30) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor

    @contextmanager
    def own_connection(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A connection outside the pool, in autocommit: for locks that live as long as it does."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.datastore.close()
