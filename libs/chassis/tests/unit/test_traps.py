"""Traps that the libraries under us hold ready, each found by losing data to it once: docs/decisions/0005-faust.md."""

import ast
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import confluent_kafka
import pytest
from deployforge_chassis import kafka_bus, murmur2
from deployforge_chassis.bus import ProduceFailed
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, Duplicate, EventSourcedApplication, Gap
from deployforge_chassis.facts import Message, Move
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import until
from deployforge_chassis.unit_of_work import UnitOfWork
from eventsourcing.domain import event

ROOT = Path(__file__).resolve().parents[4]


class Note(Aggregate):
    @event("Made")
    def __init__(self, deployment_id: Any) -> None:
        self.deployment_id = deployment_id


@pytest.fixture
def app(fresh_database: Database, sealer: Sealer) -> EventSourcedApplication:
    return EventSourcedApplication(fresh_database, sealer, name="test")


# --- the event store


@pytest.mark.parametrize("functions", ["n", "y"])
def test_who_reads_along_skips_no_event(
    fresh_database: Database, sealer: Sealer, monkeypatch: pytest.MonkeyPatch, functions: str
) -> None:
    """The library's insert function takes no lock: a later id is then visible before an earlier one. Whatever the
    environment says, an insert waits for the one before it.
    """
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", functions)
    app = EventSourcedApplication(fresh_database, sealer, name="test")
    recorder: Any = app.recorder
    inserted, go_on, finish = threading.Event(), threading.Event(), UnitOfWork.finish

    def linger(unit: UnitOfWork) -> list[int]:
        ids = finish(unit)
        if threading.current_thread().name == "first":
            inserted.set()
            go_on.wait(20)
        return ids

    monkeypatch.setattr(UnitOfWork, "finish", linger)
    notes = [Note(uuid4()), Note(uuid4())]
    first = threading.Thread(target=app.save, args=(notes[0],), name="first")
    second = threading.Thread(target=app.save, args=(notes[1],), name="second")

    def seen() -> list[int]:
        return [one.id for one in recorder.select_notifications(0, 10, inclusive_of_start=False)]

    def waits() -> bool:
        return bool(app.database.query("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"))

    first.start()
    assert inserted.wait(20)
    second.start()
    until(lambda: waits() or not second.is_alive())
    between = seen()
    go_on.set()
    first.join()
    second.join()
    assert (between, seen()) == ([], [1, 2])


def test_no_configuration_of_ours_turns_database_functions_on() -> None:
    assert "DB_FUNCTIONS" not in "".join(text for _, text in sources())


def test_a_position_never_goes_back_and_never_jumps(app: EventSourcedApplication) -> None:
    """The library's tracking takes 10, refuses 5 and then says that 5 was processed."""
    app.save(moves=[Move("source", 0, 4)])
    with pytest.raises(Gap):
        app.save(moves=[Move("source", 5, 10)])
    app.save(moves=[Move("source", 4, 5)])
    app.save(moves=[Move("source", 5, 10)])
    with pytest.raises(Duplicate):
        app.save(moves=[Move("source", 4, 5)])
    assert app.database.query("SELECT id FROM positions") == [{"id": 10}]


def test_a_move_that_did_not_happen_is_noticed_in_a_pipeline_too(app: EventSourcedApplication) -> None:
    """There psycopg's rowcount is -1 for every statement; only what RETURNING returns tells."""
    app.save(moves=[Move("source", 0, 5)])
    for move, refusal in ((Move("source", 9, 10), Gap), (Move("source", 0, 5), Duplicate)):
        with pytest.raises(refusal):
            _move_in_a_pipeline(app, move)


def _move_in_a_pipeline(app: EventSourcedApplication, move: Move) -> None:
    with app.unit_of_work() as unit:
        # With writes beside them, moves are sent in one.
        unit.add((), [("SELECT 1", ())])
        unit.moves = [move]


def test_no_decision_rests_on_a_row_count() -> None:
    assert [path for path, text in sources() if ".rowcount" in text] == []


# --- librdkafka


def test_every_producer_places_keys_as_java_does() -> None:
    """librdkafka's default is CRC32: two clients would put one key on two partitions."""
    makers = {"Producer", "SerializingProducer", "AIOProducer"}
    calls = [
        (path, node)
        for path, text in sources()
        if "Producer(" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in makers
    ]
    assert calls
    assert [path for path, call in calls if '"murmur2_random"' not in ast.unparse(call).replace("'", '"')] == []


def test_librdkafkas_murmur2_is_ours() -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "partitioner": "murmur2_random", "log_level": 0}
    )
    placed: dict[bytes, int] = {}

    def delivered(error: Any, message: Any) -> None:
        assert error is None
        placed[message.key()] = message.partition()

    keys = [f"urn:df:storefront:webshop:{n}".encode() for n in range(40)]
    for key in keys:
        producer.produce("t", value=b"x", key=key, on_delivery=delivered)
    assert producer.flush(30) == 0
    partitions = len(producer.list_topics("t", timeout=10).topics["t"].partitions)
    assert partitions > 1
    assert placed == {key: murmur2.partition(key, partitions) for key in keys}


class Slow:
    """A producer whose broker answers at the third poll."""

    def __init__(self, settings: dict[str, Any], error: object = None) -> None:
        self.settings, self.error = settings, error
        self.waiting: list[Callable[[Any, Any], None]] = []
        self.polls = 0

    def produce(self, *_: Any, on_delivery: Callable[[Any, Any], None], **__: Any) -> None:
        self.waiting.append(on_delivery)

    def poll(self, _: float) -> None:
        self.polls += 1
        while self.polls >= 3 and self.waiting:
            self.waiting.pop()(self.error, None)

    def flush(self, _: float) -> None:
        pass

    def purge(self) -> None:
        pass


@pytest.mark.parametrize("error", [None, "broker away"])
def test_producing_returns_only_after_every_acknowledgement(
    settings_of: Callable[..., ServiceSettings], monkeypatch: pytest.MonkeyPatch, error: str | None
) -> None:
    """So whoever produced may then, and only then, acknowledge what it worked on."""
    made: list[Slow] = []

    def make(settings: dict[str, Any]) -> Slow:
        made.append(Slow(settings, error))
        return made[-1]

    monkeypatch.setattr(kafka_bus, "Producer", make)
    bus = KafkaBus(settings_of("mcal", kafka_bootstrap="nowhere:1"))
    messages = [Message("t", 0, b"k", b"v"), Message("t", 1, b"k", b"v")]
    if error is None:
        bus.produce(messages)
    else:
        with pytest.raises(ProduceFailed, match=error):
            bus.produce(messages)
    assert (made[0].polls, made[0].waiting) == (3, [])
    assert {name: made[0].settings[name] for name in ("acks", "enable.idempotence")} == {
        "acks": "all", "enable.idempotence": True,
    }  # fmt: skip


def sources() -> list[tuple[str, str]]:
    """Every Python file of the product, tests apart."""
    found = [
        path
        for top in ("libs", "services", "cli", "infra", "benchmarks")
        for path in (ROOT / top).rglob("*.py")
        if "tests" not in path.relative_to(ROOT).parts and "node_modules" not in path.parts
    ]
    assert len(found) > 100
    return [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in found]
