"""One transaction of one thread in which many commands are saved: what the later ones read, the earlier ones wrote.

Everything is sent as late as a reader of rows allows and together, in few round trips, under the lock that makes commit
order id order; streams are read without that, so most handlers keep nobody waiting for the lock while they think.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor
from psycopg.rows import DictRow
from psycopg.sql import Composed

from deployforge_chassis.facts import Move, Sealed, Write

#: Serialises whatever inserts events: commit order is then the order of their ids.
INSERT_LOCK = 0x4446_4556
#: Statements whose parameters are smaller than this together go out in one piece. More must not: in pipeline mode
#: psycopg can wait for an answer to a statement that it has not sent whole, for ever and with the lock held; seen with
#: saves of 500 kB. What fits into a socket's buffer is always sent whole. https://github.com/psycopg/psycopg/issues/685
_PIPELINE_BYTES_AT_MOST = 32_768

Statement = tuple[bytes | Composed, Sequence[Any]]
Insert = Callable[[Sequence[StoredEvent]], Statement]
"""The statement that inserts events and returns their notification ids."""
Admit = Callable[[Iterable[bytes], Any], None]
"""Raises when one of these sealed values must not be committed; looks into the transaction of the connection."""


class Duplicate(Exception):
    """The message was already applied."""


class Gap(Exception):
    """A message before this one was not applied."""

    def __init__(self, move: Move, stands_at: int) -> None:
        super().__init__(f"{move.name} stands at {stands_at}, the message follows {move.prev}")
        self.stands_at = stands_at


class UnitOfWork:
    """Gathers what is to be saved in the transaction of a connection; used by the thread that it is bound to."""

    def __init__(self, connection: Connection[DictRow], insert: Insert, admit: Admit) -> None:
        self.connection = connection
        self.events: list[StoredEvent] = []
        """Not inserted yet: readers of streams add them to what the table holds."""
        self.moves: Sequence[Move] = ()
        """Positions to move at the end."""
        self._writes: list[Write] = []
        self._insert, self._admit = insert, admit
        self._locked = False

    def add(self, events: Sequence[StoredEvent], writes: Sequence[Write]) -> None:
        """Save these too."""
        self.events.extend(events)
        self._writes.extend(writes)

    def flush(self) -> list[int]:
        """Send what was added, for a reader of rows; the notification ids of the events. Raises what `admit` does."""
        return self._send(())

    def finish(self) -> list[int]:
        """Send what was added and move the positions; the notification ids of the events sent now.

        Raises Duplicate or Gap, what `admit` raises, and a psycopg.Error when a statement is refused.
        """
        return self._send(self.moves)

    def _send(self, moves: Sequence[Move]) -> list[int]:
        (events, self.events), (writes, self._writes) = (self.events, []), (self._writes, [])
        if events or writes:
            self.lock()
            self._admit(_sealed(events, writes), self.connection)
        statements: list[Statement] = [(sql.encode(), params) for sql, params in writes]
        if events:
            statements.append(self._insert(events))
        if moves:
            statements.append(_moving(moves))
        cursors = self._execute(statements)
        if moves:
            self._check(moves, cursors.pop())
        return [row["notification_id"] for row in cursors.pop().fetchall()] if events else []

    def move_first(self, moves: Sequence[Move]) -> None:
        """Move positions before anything else, so that a duplicate is known for one before its writes fail as such.

        Raises Duplicate or Gap.
        """
        if moves:
            self.lock()
            self._check(moves, self._execute([_moving(moves)])[0])

    def _check(self, moves: Sequence[Move], cursor: Cursor[DictRow]) -> None:
        moved = {row["name"] for row in cursor.fetchall()}
        for move in moves:
            if move.name not in moved:
                _begin(self.connection, move)

    def lock(self) -> None:
        """Take the lock of all who insert, until the unit ends.

        First of all: whatever is written beside events becomes visible in the order of their commits too.
        """
        if not self._locked:
            self.connection.execute("SELECT pg_advisory_xact_lock(%s)", (INSERT_LOCK,))
            self._locked = True

    def _execute(self, statements: Sequence[Statement]) -> list[Cursor[DictRow]]:
        """One cursor for each statement."""
        if len(statements) > 1 and sum(map(_size, statements)) < _PIPELINE_BYTES_AT_MOST:
            with self.connection.pipeline():
                return [self.connection.execute(sql, params) for sql, params in statements]
        return [self.connection.execute(sql, params) for sql, params in statements]


#: Compare-and-set of many positions.
_MOVE = (
    b"UPDATE positions AS p SET id = m.id, message_offset = m.message_offset, event_id = m.event_id "
    b"FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) "
    b"AS m (name, prev, id, message_offset, event_id) WHERE p.name = m.name AND p.id = m.prev RETURNING p.name"
)


def _sealed(events: Sequence[StoredEvent], writes: Sequence[Write]) -> Iterator[bytes]:
    yield from (event.state for event in events)
    for _, params in writes:
        for param in params:
            yield from (value for value in (param if isinstance(param, list) else (param,)) if isinstance(value, Sealed))


def _moving(moves: Sequence[Move]) -> Statement:
    return _MOVE, [list(column) for column in zip(*sorted(moves), strict=True)]


def _begin(connection: Connection[DictRow], move: Move) -> None:
    """A position that could not be moved: begin it, or say why not."""
    if move.prev == 0:
        begun = connection.execute(
            "INSERT INTO positions (name, id, message_offset, event_id) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING 1 AS ok",
            (move.name, move.id, move.offset, move.event_id),
        ).fetchone()
        if begun is not None:
            return
    row = connection.execute("SELECT id FROM positions WHERE name = %s", (move.name,)).fetchone()
    stands_at = row["id"] if row else 0
    if stands_at >= move.id:
        raise Duplicate(f"{move.name} stands at {stands_at}, the message is {move.id}")
    raise Gap(move, stands_at)


def _size(statement: Statement) -> int:
    return _bytes(statement[0]) + sum(map(_bytes, statement[1]))


def _bytes(value: Any) -> int:
    """About as many as the value takes on the wire."""
    match value:
        case str() | bytes() | bytearray() | memoryview():
            return len(value)
        case list() | tuple():
            return sum(map(_bytes, value))
    return 16
