"""Event-sourced applications on PostgreSQL whose events, positions and other rows are saved in one transaction.

Built on the `eventsourcing` library. What differs, and why:
* a consumer's position moves by compare-and-set in the transaction of its effects; the library's own tracking
  accepts 5 after 10 and never notices a gap;
* inserts are serialised by an advisory lock instead of LOCK TABLE: commit order is id order all the same, and a
  database role that may only insert and select may take it;
* tables are created by one migration step, so replicas that start together do not race.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.application import Application, Repository
from eventsourcing.domain import Aggregate as BaseAggregate
from eventsourcing.persistence import EventStore, IntegrityError, InterfaceError, Mapper, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import retry
from psycopg import Cursor

from deployforge_chassis import append_only
from deployforge_chassis.database import INSERT_LOCK, Database
from deployforge_chassis.event_insert import insertion
from deployforge_chassis.facts import Effects, Move, Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealer import KeysMoved, Sealed
from deployforge_chassis.sealing import SealedMapper, Sealer, place_of_event
from deployforge_chassis.streams import HEADS, HEADS_TABLE, StreamRepository, Streams, place_of_head, stand_on, tips_of

EVENTS_TABLE = "events"
EVENTS = SealedColumn(
    EVENTS_TABLE,
    "state",
    ("originator_id", "originator_version"),
    lambda row: place_of_event(row["originator_id"], row["originator_version"], row["topic"]),
    also=("topic",),
    replace=append_only.RESEAL,
)
STREAM_HEADS = SealedColumn(
    HEADS_TABLE,
    "sealed",
    ("originator_id",),
    lambda row: place_of_head(row["originator_id"], row["version"]),
    also=("version",),
)


class Aggregate(BaseAggregate):
    """Base of all aggregates. `deployment_id` names the data key that seals their events."""

    deployment_id: UUID

    class Event(BaseAggregate.Event):
        """Carries the deployment's id, so that it can be sealed without looking anything up."""

        deployment_id: UUID

    class Created(Event, BaseAggregate.Created):
        """The first event of a stream."""

    def trigger_event(self, event_class: type[Any], **kwargs: Any) -> None:
        """Add the deployment's id to every event."""
        super().trigger_event(event_class, **{"deployment_id": self.deployment_id, **kwargs})


class VersionConflict(Exception):
    """Somebody else changed the aggregate meanwhile: load it again and decide again."""


class Duplicate(Exception):
    """The message was already applied."""


class Gap(Exception):
    """A message before this one was not applied."""

    def __init__(self, move: Move, stands_at: int) -> None:
        super().__init__(f"{move.name} stands at {stands_at}, the message follows {move.prev}")
        self.stands_at = stands_at


class PositionedRecorder(PostgresApplicationRecorder):
    """Inserts events together with position moves and other writes."""

    def __init__(self, datastore: PostgresDatastore, sealer: Sealer, *, events_table_name: str) -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        self._sealer = sealer

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        moves: Sequence[Move] = (),
        writes: Sequence[Write] = (),
        **kwargs: Any,
    ) -> Sequence[int]:
        """One transaction. Raises Duplicate, Gap or KeysMoved, and IntegrityError when a version exists already."""
        # Not in the library's pipeline mode: there psycopg can wait for an answer to a statement that it has not sent
        # whole, for ever and with the lock held. Seen with saves of 500 kB; https://github.com/psycopg/psycopg/issues/685
        with self.datastore.transaction(commit=True) as curs:
            # First the lock: whatever is written beside events becomes visible in the order of their commits too.
            curs.execute("SELECT pg_advisory_xact_lock(%s)", (INSERT_LOCK,))
            self._sealer.admit(_sealed(stored_events, writes), curs)
            for move in sorted(moves):
                _move(curs, move)
            for sql, params in writes:
                curs.execute(sql.encode(), params)
            if not stored_events:
                return ()
            curs.execute(*insertion(stored_events))
            return self._fetch_ids_after_insert_events(curs, stored_events, **kwargs) or ()

    def schema(self) -> Sequence[str]:
        """The library's own tables and types, as statements that may be repeated."""
        statements = (statement.as_string() for statement in self.sql_create_statements)
        return [
            # There is no CREATE TYPE IF NOT EXISTS.
            f"DO $do$ BEGIN {s}; EXCEPTION WHEN duplicate_object THEN NULL; END $do$" if "CREATE TYPE" in s else s
            for s in sorted(statements, key=lambda s: "CREATE TYPE" not in s)
        ]

    def _lock_table(self, curs: Cursor[Any]) -> None:
        """Taken already, see `insert_events`."""

    def _notify_channel(self, curs: Cursor[Any]) -> None:
        """Nobody listens: the relay is woken in its process and polls otherwise."""


def _sealed(stored_events: Sequence[StoredEvent], writes: Sequence[Write]) -> Iterator[bytes]:
    yield from (stored.state for stored in stored_events)
    for _, params in writes:
        for param in params:
            yield from (value for value in (param if isinstance(param, list) else (param,)) if isinstance(value, Sealed))


def _move(curs: Cursor[Any], move: Move) -> None:
    """Compare-and-set."""
    moved = curs.execute(
        "UPDATE positions SET id = %s, message_offset = %s, event_id = %s WHERE name = %s AND id = %s RETURNING id",
        (move.id, move.offset, move.event_id, move.name, move.prev),
    ).fetchone()
    if moved is not None:
        return
    row = curs.execute("SELECT id FROM positions WHERE name = %s", (move.name,)).fetchone()
    stands_at = row["id"] if row else 0
    if row is None and move.prev == 0:
        curs.execute(
            "INSERT INTO positions (name, id, message_offset, event_id) VALUES (%s, %s, %s, %s)",
            (move.name, move.id, move.offset, move.event_id),
        )
        return
    if stands_at >= move.id:
        raise Duplicate(f"{move.name} stands at {stands_at}, the message is {move.id}")
    raise Gap(move, stands_at)


class EventSourcedApplication(Application[UUID]):
    """An application whose commands and fact handlers return Effects, saved by `commit`."""

    SCHEMA = (
        "CREATE TABLE IF NOT EXISTS positions (name text PRIMARY KEY, id bigint NOT NULL, "
        "message_offset bigint NOT NULL DEFAULT -1, event_id text NOT NULL DEFAULT '')",
    )

    def __init__(self, database: Database, sealer: Sealer, *, name: str) -> None:
        self.database = database
        self.sealer = sealer
        sealer.declare(EVENTS, STREAM_HEADS)
        self._woken: list[Callable[[], None]] = []
        self._woken_lock = threading.Lock()
        super().__init__({"PERSISTENCE_MODULE": __name__, "APPLICATION_NAME": name})
        recorder = self.recorder
        assert isinstance(recorder, PositionedRecorder)
        database.migrate([*Sealer.SCHEMA, *self.SCHEMA, *recorder.schema(), *append_only.events(), *HEADS])
        database.datastore.register_type_adapters()

    def construct_factory(self, env: Any) -> Any:
        """Use this application's own pool instead of one made from the environment."""
        return _Factory(env, self.database, self.sealer)

    def construct_mapper(self) -> Mapper[UUID]:
        """Seal every event."""
        return SealedMapper(self.sealer)

    def construct_event_store(self) -> EventStore[UUID]:
        """Streams that show when they were touched."""
        return Streams(self.sealed, self.recorder, self.database)

    def construct_repository(self) -> Repository[UUID]:
        """Aggregates that know on what they stand."""
        return StreamRepository(self.streams)

    @property
    def streams(self) -> Streams:
        """The event store, as what it is."""
        assert isinstance(self.events, Streams)
        return self.events

    @property
    def sealed(self) -> SealedMapper:
        """The mapper, as what it is."""
        assert isinstance(self.mapper, SealedMapper)
        return self.mapper

    def commit(self, effects: Effects, moves: Sequence[Move] = ()) -> None:
        """Save aggregates' new events, writes and position moves in one transaction.

        Raises VersionConflict, Duplicate or Gap; then nothing was saved.
        """
        self.save(*effects.aggregates, moves=moves, writes=effects.writes)

    def save(self, *objs: Any, moves: Sequence[Move] = (), writes: Sequence[Write] = (), **_: Any) -> Any:
        """As `commit`, with the aggregates as arguments."""
        if not objs and not moves and not writes:
            return []
        tips = tips_of(objs)
        try:
            recordings = super().save(*objs, moves=moves, writes=writes, tips=tips)
        except KeysMoved as moved:
            raise VersionConflict(str(moved)) from moved
        except IntegrityError as error:
            if f"{EVENTS_TABLE}_pkey" in str(error) or HEADS_TABLE in str(error):
                raise VersionConflict(str(error).splitlines()[0]) from error
            raise
        stand_on(objs, tips)
        with self._woken_lock:
            listeners = tuple(self._woken)
        for wake in listeners:
            wake()
        return recordings

    def on_save(self, wake: Callable[[], None]) -> None:
        """Call `wake` after every commit of this process; it must not block."""
        with self._woken_lock:
            self._woken.append(wake)


class _Factory(PostgresFactory):
    """Gives every recorder the application's own database."""

    def __init__(self, env: Any, database: Database, sealer: Sealer) -> None:
        # Not the library's __init__: it would open a second pool from environment variables.
        self.env = env
        self.datastore = database.datastore
        self._sealer = sealer
        self.is_snapshotting_enabled = lambda: False  # type: ignore[method-assign]

    def application_recorder(self) -> PositionedRecorder:
        return PositionedRecorder(self.datastore, self._sealer, events_table_name=EVENTS_TABLE)

    def close(self) -> None:
        """The database is closed by who opened it."""
