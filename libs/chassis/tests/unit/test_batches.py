"""However messages are cut into transactions, what comes of them is the same as one by one."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.causality import Causality
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Effects, Fact, Message, NotYet, Record
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import JsonCodec
from deployforge_chassis.topics import full_name
from deployforge_chassis.unit_of_work import UnitOfWork
from deployforge_chassis.wire import Wire
from eventsourcing.persistence import OperationalError, StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from .conftest import OWNER, TOPICS, Counter

_TOPIC = full_name("counter.counts")
_PLAIN, _POISON, _EARLY, _UNHEARD, _BAD_ROW = "plain", "poison", "early", "unheard", "bad row"
_ADD = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET n = EXCLUDED.n"


@dataclass(frozen=True)
class Said:
    key: str
    n: int
    how: str = _PLAIN
    lost: bool = False
    """The bus has lost it; the source still has it."""
    repeated: bool = False


_SAID = st.builds(
    Said,
    key=st.sampled_from("abcdef"),
    n=st.integers(0, 9),
    how=st.sampled_from([_PLAIN] * 12 + [_POISON, _EARLY, _UNHEARD, _UNHEARD, _BAD_ROW]),
    lost=st.sampled_from([False] * 9 + [True]),
    repeated=st.sampled_from([False] * 7 + [True]),
)


class Source:
    """What a source has said, on the bus and in its feed."""

    def __init__(self, bus: LocalBus, said: Sequence[Said]) -> None:
        self._chains: dict[int, list[Message]] = {0: [], 1: []}
        wire = Wire(JsonCodec(), TOPICS, "counter")
        for id, one in enumerate(said, start=1):
            kind = "Ignored" if one.how == _UNHEARD else "Counted"
            record = Record("counter.counts", one.key, kind, {"key": one.key, "n": one.n, "how": one.how})
            chain = self._chains[partition := wire.partition(record)]
            prev = int(chain[-1].headers["id"]) if chain else 0
            message = wire.message(
                record, partition, era=1, notification_id=id, prev=prev, cause=Causality("c", ""),
                occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
            )  # fmt: skip
            chain.append(message)
            if not one.lost:
                bus.produce([message] * (2 if one.repeated else 1))

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        return [m for m in self._chains[partition] if after_id < int(m.headers["id"]) <= upto_id]


class Listener:
    """A service whose handler reads what it wrote before: an aggregate by its repository, a row by a query."""

    def __init__(self, url: str, key_file: Path) -> None:
        self.database = Database(url, pool_size=1)
        sealer = Sealer(self.database, KeyFile(key_file), service="listener")
        self.app = EventSourcedApplication(self.database, sealer, name="listener")
        self.database.migrate(["CREATE TABLE IF NOT EXISTS totals (key text PRIMARY KEY, n int CHECK (n < 10000))"])
        self._early: set[int] = set()
        self.calls: list[int] = []

    def on_counted(self, fact: Fact) -> Effects:
        said = fact.value
        assert said is not None
        self.calls.append(fact.id)
        stream = Counter.create_id(OWNER, fact.key)
        tally: Any = self.app.repository.get(stream) if self._known(stream) else Counter(OWNER, fact.key)
        tally.count(fact.key, said["n"])
        row = self.database.one("SELECT n FROM totals WHERE key = %s", (fact.key,))
        # Order matters: it is not a sum.
        n = ((row["n"] if row else 0) * 10 + said["n"]) % 9973
        if said["how"] == _POISON:
            raise ValueError("poison")
        if said["how"] == _EARLY and fact.id not in self._early:
            self._early.add(fact.id)
            raise NotYet("early")
        return Effects((tally,), ((_ADD, (fact.key, 10_000 if said["how"] == _BAD_ROW else n)),))

    def _known(self, stream: UUID) -> bool:
        return bool(list(self.app.events.get(stream, limit=1)))

    def consume(self, bus: LocalBus, source: Source, batch: int) -> None:
        inbox = Inbox(
            self.app, bus, Wire(JsonCodec(), TOPICS, "listener"), source, {"counter.counts": {"Counted": self.on_counted}},
            sleep=lambda _: None, now=itertools.count(0, 100).__next__, batch_messages=batch,
        )  # fmt: skip
        consumer = inbox.join()
        try:
            while inbox.step(consumer, 0):
                pass
        finally:
            consumer.close()

    def forget(self) -> None:
        """Be as new."""
        self.database.query("ALTER TABLE events DISABLE TRIGGER USER")
        self.database.query("TRUNCATE events, stream_heads, positions, totals, parked")
        self.database.query("ALTER TABLE events ENABLE TRIGGER USER")
        self.app.events._seen.clear()  # type: ignore[attr-defined]
        self._early.clear()
        self.calls.clear()

    def outcome(self) -> Any:
        """Everything that is saved, without times."""
        opened: dict[str, list[Any]] = {}
        for n in self.app.recorder.select_notifications(1, 10_000):
            stored = StoredEvent(n.originator_id, n.originator_version, n.topic, n.state)
            event, cause = self.app.sealed.open(stored)
            told = (event.originator_version, getattr(event, "n", None), cause.causation_id)
            opened.setdefault(str(event.originator_id), []).append(told)
        parked = self.database.query(
            "SELECT partition, key, headers->>'id' AS id, reason FROM parked ORDER BY partition, id"
        )
        for row in parked:
            row["reason"] = row["reason"].splitlines()[0]
        return (
            opened,
            self.database.query("SELECT key, n FROM totals ORDER BY key"),
            self.database.query("SELECT name, id FROM positions ORDER BY name"),
            parked,
        )


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hundreds of tracebacks, made readable, take longer than everything else."""
    with capture_logs():
        yield


@pytest.fixture
def listeners(new_database: Callable[[], str], tmp_path: Path) -> Iterator[Callable[[], Any]]:
    KeyFile.create(tmp_path / "k")
    free: list[Listener] = []

    @contextmanager
    def lend() -> Iterator[Listener]:
        listener = free.pop() if free else Listener(new_database(), tmp_path / "k")
        try:
            yield listener
        finally:
            listener.forget()
            free.append(listener)

    yield lend
    for listener in free:
        listener.database.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(_SAID, min_size=1, max_size=40), batch=st.integers(2, 50))
def test_batches_of_any_size_do_what_one_by_one_does(listeners: Any, said: list[Said], batch: int) -> None:
    bus = LocalBus(TOPICS)
    source = Source(bus, said)
    with listeners() as one_by_one, listeners() as together:
        one_by_one.consume(bus, source, 1)
        together.consume(bus, source, batch)
        assert together.outcome() == one_by_one.outcome()


def _plain(count: int) -> list[Said]:
    return [Said("abc"[n % 3], n % 10) for n in range(count)]


def test_what_is_well_is_handled_once(listeners: Any) -> None:
    bus = LocalBus(TOPICS)
    source = Source(bus, _plain(60))
    with listeners() as listener:
        listener.consume(bus, source, 100)
        assert sorted(listener.calls) == list(range(1, 61))


def test_a_poisoned_message_parks_its_own_key_and_nothing_else(listeners: Any) -> None:
    bus = LocalBus(TOPICS)
    said = _plain(30)
    said[10] = Said("b", 1, _POISON)
    source = Source(bus, said)
    with listeners() as listener:
        listener.consume(bus, source, 100)
        events, _, _, parked = listener.outcome()
        assert [row["reason"] for row in parked] == ["ValueError: poison"] + ["behind"] * 6
        # An event for the stream's beginning, and one for each message.
        assert {key: len(events[str(Counter.create_id(OWNER, key))]) for key in "abc"} == {"a": 11, "b": 4, "c": 11}


@pytest.mark.parametrize("when", ["before the commit", "after the commit"])
def test_a_connection_lost_at_the_commit_loses_and_repeats_nothing(
    listeners: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    bus = LocalBus(TOPICS)
    source = Source(bus, _plain(40))
    with listeners() as undisturbed, listeners() as listener:
        undisturbed.consume(bus, source, 10)
        failures = iter([True, False, True, True])
        whole = listener.app.unit_of_work

        @contextmanager
        def failing() -> Iterator[UnitOfWork]:
            with whole() as unit:
                yield unit
                if when == "before the commit" and next(failures, False):
                    raise OperationalError("the connection is lost")
            if when == "after the commit" and next(failures, False):
                raise OperationalError("the connection is lost")

        monkeypatch.setattr(listener.app, "unit_of_work", failing)
        listener.consume(bus, source, 10)
        assert next(failures, None) is None
        assert listener.outcome() == undisturbed.outcome()


def test_a_crash_within_a_batch_loses_and_repeats_nothing(listeners: Any) -> None:
    class Crash(BaseException):
        pass

    bus = LocalBus(TOPICS)
    source = Source(bus, _plain(40))
    with listeners() as undisturbed, listeners() as listener:
        undisturbed.consume(bus, source, 10)
        calls = itertools.count(1)
        handle = listener.on_counted

        def crashing(fact: Fact) -> Effects:
            if next(calls) == 25:
                raise Crash
            return handle(fact)

        listener.on_counted = crashing
        with pytest.raises(Crash):
            listener.consume(bus, source, 10)
        assert len(listener.database.query("SELECT 1 FROM events")) < 43
        listener.consume(bus, source, 10)
        listener.on_counted = handle
        assert listener.outcome() == undisturbed.outcome()
