"""Event-sourced applications on PostgreSQL whose events, positions and other rows are saved in one transaction.

Built on the `eventsourcing` library. What differs, and why:
* a consumer's position moves by compare-and-set in the transaction of its effects; the library's own tracking
  accepts 5 after 10 and never notices a gap;
* many commands can be saved in one transaction (`unit_of_work`), each seeing what those before it saved;
* inserts are serialised by an advisory lock instead of LOCK TABLE: commit order is id order all the same, and a
  database role that may only insert and select may take it;
* tables are created by one migration step, so replicas that start together do not race.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.application import Application, Repository
from eventsourcing.domain import Aggregate as BaseAggregate
from eventsourcing.persistence import EventStore, IntegrityError, InterfaceError, Mapper, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from eventsourcing.utils import retry

from deployforge_chassis import append_only
from deployforge_chassis.database import INSERT_LOCK, Database
from deployforge_chassis.event_insert import insertion
from deployforge_chassis.facts import Effects, Move, Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealer import KeysMoved
from deployforge_chassis.sealing import SealedMapper, Sealer, place_of_event
from deployforge_chassis.stream_repository import StreamRepository, causes_of, stand_on, tips_of
from deployforge_chassis.streams import HEADS, HEADS_TABLE, Streams, place_of_head
from deployforge_chassis.unit_of_work import Duplicate, Gap, UnitOfWork

__all__ = ["Aggregate", "Duplicate", "EventSourcedApplication", "Gap", "PositionedRecorder", "VersionConflict"]

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


class PositionedRecorder(PostgresApplicationRecorder):
    """Inserts events together with position moves and other writes, at once or in the thread's unit of work."""

    def __init__(self, database: Database, sealer: Sealer, *, events_table_name: str) -> None:
        super().__init__(database.datastore, events_table_name=events_table_name)
        self._database, self._sealer = database, sealer

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        moves: Sequence[Move] = (),
        writes: Sequence[Write] = (),
        **_: Any,
    ) -> Sequence[int]:
        """One transaction, or a part of the thread's unit of work: then no ids are known yet.

        Raises Duplicate, Gap or KeysMoved, and IntegrityError when a version exists already.
        """
        if (unit := self._database.unit) is not None:
            unit.add(stored_events, writes)
            unit.moves = [*unit.moves, *moves]
            return ()
        with self.unit_of_work() as unit:
            unit.move_first(moves)
            unit.add(stored_events, writes)
            return unit.finish()

    def unit_of_work(self) -> AbstractContextManager[UnitOfWork]:
        """See Database; the unit can insert events. Whoever opens it calls `finish`."""
        return self._database.unit_of_work(insertion, self._sealer.admit)

    def schema(self) -> Sequence[str]:
        """The library's own tables and types, as statements that may be repeated."""
        statements = (statement.as_string() for statement in self.sql_create_statements)
        return [
            # There is no CREATE TYPE IF NOT EXISTS.
            f"DO $do$ BEGIN {s}; EXCEPTION WHEN duplicate_object THEN NULL; END $do$" if "CREATE TYPE" in s else s
            for s in sorted(statements, key=lambda s: "CREATE TYPE" not in s)
        ]


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
        database.migrate([*Sealer.SCHEMA, *self.SCHEMA, *self._positioned.schema(), *append_only.events(), *HEADS])
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
    def aggregates(self) -> StreamRepository:
        """The repository, as what it is."""
        assert isinstance(self.repository, StreamRepository)
        return self.repository

    @property
    def streams(self) -> Streams:
        """The event store, as what it is."""
        assert isinstance(self.events, Streams)
        return self.events

    @property
    def _positioned(self) -> PositionedRecorder:
        assert isinstance(self.recorder, PositionedRecorder)
        return self.recorder

    @property
    def sealed(self) -> SealedMapper:
        """The mapper, as what it is."""
        assert isinstance(self.mapper, SealedMapper)
        return self.mapper

    def commit(self, effects: Effects, moves: Sequence[Move] = ()) -> None:
        """Save aggregates' new events, writes and position moves in one transaction.

        Raises VersionConflict, Duplicate or Gap; then nothing was saved. In a unit of work these come at its end.
        """
        self.save(*effects.aggregates, moves=moves, writes=effects.writes)

    def save(self, *objs: Any, moves: Sequence[Move] = (), writes: Sequence[Write] = (), **_: Any) -> Any:
        """As `commit`, with the aggregates as arguments."""
        if not objs and not moves and not writes:
            return []
        tips = tips_of(objs)
        with _refusals():
            recordings = super().save(*objs, moves=moves, writes=writes, tips=tips, causes=causes_of(objs))
        stand_on(objs, tips)
        if self.database.unit is None:
            self._tell_listeners()
        return recordings

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """All that this thread reads and commits within the block is one transaction, which ends with the block.

        Each commit sees those before it. Raises VersionConflict, Duplicate or Gap, mostly at the end; when it or the
        block raises, nothing was saved.
        """
        with _refusals(), self._positioned.unit_of_work() as unit:
            yield unit
            unit.finish()
        self._tell_listeners()

    def _tell_listeners(self) -> None:
        with self._woken_lock:
            listeners = tuple(self._woken)
        for wake in listeners:
            wake()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Within the block nobody saves anything, in whatever process: savers wait."""
        with self.database.own_connection() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (INSERT_LOCK,))
            yield

    def on_save(self, wake: Callable[[], None]) -> None:
        """Call `wake` after every commit of this process; it must not block."""
        with self._woken_lock:
            self._woken.append(wake)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except KeysMoved as moved:
        raise VersionConflict(str(moved)) from moved
    except IntegrityError as error:
        if f"{EVENTS_TABLE}_pkey" in str(error) or HEADS_TABLE in str(error):
            raise VersionConflict(str(error).splitlines()[0]) from error
        raise


class _Factory(PostgresFactory):
    """Gives every recorder the application's own database."""

    def __init__(self, env: Any, database: Database, sealer: Sealer) -> None:
        # Not the library's __init__: it would open a second pool from environment variables.
        self.env = env
        self.datastore = database.datastore
        self._database, self._sealer = database, sealer
        self.is_snapshotting_enabled = lambda: False  # type: ignore[method-assign]

    def application_recorder(self) -> PositionedRecorder:
        return PositionedRecorder(self._database, self._sealer, events_table_name=EVENTS_TABLE)

    def close(self) -> None:
        """The database is closed by who opened it."""
