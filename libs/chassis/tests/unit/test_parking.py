"""Parked messages: they keep their order, live and replayed, and a consumer that parks too much stands still."""

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from deployforge.common.v1 import parking_pb2 as pb
from deployforge_chassis import owed
from deployforge_chassis.brake import PAUSED, Brake, Limits
from deployforge_chassis.facts import Effects, Fact
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.parking import Parking
from deployforge_chassis.registry import UnknownSchema
from deployforge_chassis.testing import JsonCodec, until
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire
from structlog.testing import capture_logs

from .conftest import TOPICS, World

_TOPIC = full_name("counter.counts")
_APPEND = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET n = totals.n * 10 + EXCLUDED.n"
_SECRET = "opensesame"


def _partition(key: str) -> int:
    return TOPICS["counter.counts"].partition_of(key)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Tracebacks, made readable, take longer than everything else."""
    with capture_logs():
        yield


class Listener:
    """Writes down numbers in the order in which they come; refuses those that it is told to."""

    def __init__(self, world: World, *refused: int, **options: Any) -> None:
        self.world, self.refused = world, set(refused)
        self.inbox: Inbox = world.make_inbox(self.hear, **options)
        self.consumer: Any = self.inbox.join()

    def hear(self, fact: Fact) -> Effects:
        assert fact.value is not None
        if fact.value["n"] in self.refused:
            raise ValueError(f"no {fact.value['n']}\n{_SECRET}")
        return Effects(writes=((_APPEND, (fact.key, fact.value["n"])),))

    def drain(self) -> None:
        while self.inbox.step(self.consumer, 0) and not self.inbox.brake.is_on():
            pass

    def parked(self) -> list[tuple[str, int, str]]:
        return [(row["headers"]["id"], row["attempts"], row["reason"]) for row in self.inbox.replay.parking.list()]


def _say(world: World, *numbers: int, key: str = "a") -> None:
    world.say(*numbers, key=key)
    world.publish()


def test_replay_applies_a_key_in_order_and_lets_it_flow_again(world: World) -> None:
    listener = Listener(world, 1)
    _say(world, 1, 2, 3)
    listener.drain()
    assert [(attempts, why) for _, attempts, why in listener.parked()] == [
        (0, "ValueError: no 1"),
        (0, "behind"),
        (0, "behind"),
    ]
    listener.refused.clear()
    [done] = listener.inbox.replay.run()
    assert (done.topic, done.key, done.applied, done.left, done.reason) == ("counter.counts", "a", 3, 0, "")
    _say(world, 4)
    listener.drain()
    assert (world.total(), listener.parked()) == (1234, [])


def test_what_fails_again_stays_with_its_new_reason_and_all_that_follows(world: World) -> None:
    listener = Listener(world, 2)
    _say(world, 1, 2, 3)
    _say(world, 7, key="b")
    listener.drain()
    listener.refused = {3}
    [done] = listener.inbox.replay.run()
    assert (done.applied, done.left, done.reason) == (1, 1, "ValueError: no 3")
    assert [(attempts, why) for _, attempts, why in listener.parked()] == [(1, "ValueError: no 3")]
    listener.inbox.replay.run()
    assert listener.parked()[0][1] == 2
    _say(world, 4)
    listener.drain()
    assert (world.total("a"), world.total("b"), len(listener.parked())) == (12, 7, 2)


def test_one_key_is_replayed_alone(world: World) -> None:
    listener = Listener(world, 1)
    _say(world, 1, key="a")
    _say(world, 1, key="b")
    listener.drain()
    listener.refused.clear()
    assert [done.key for done in listener.inbox.replay.run("b")] == ["b"]
    assert (world.total("a"), world.total("b")) == (0, 1)


def test_live_and_replayed_events_of_a_key_never_overtake_each_other(world: World) -> None:
    listener = Listener(world, 1, batch_messages=7)
    _say(world, 1)
    listener.drain()
    listener.refused.clear()
    numbers = [n % 9 + 1 for n in range(1, 40)]
    for n in numbers:
        world.say(n)
    world.publish()
    other: Inbox = world.make_inbox(listener.hear)
    rows: list[int] = []
    world.listener.database.migrate(
        [
            "CREATE TABLE IF NOT EXISTS heard (position bigserial PRIMARY KEY, n int)",
        ]
    )

    def hear(fact: Fact) -> Effects:
        assert fact.value is not None
        return Effects(writes=(("INSERT INTO heard (n) VALUES (%s)", (fact.value["n"],)),))

    for inbox in (listener.inbox, other):
        inbox.replay._heard = inbox._applier._heard = {"counter.counts": {"Counted": hear}}
    stop = threading.Event()

    def replaying() -> None:
        while not stop.is_set():
            other.replay.run()

    thread = threading.Thread(target=replaying)
    thread.start()
    try:
        listener.drain()
        until(lambda: not listener.inbox.replay.parking.list())
    finally:
        stop.set()
        thread.join(30)
    rows = [row["n"] for row in world.listener.database.query("SELECT n FROM heard ORDER BY position")]
    assert rows == [1, *numbers]


def test_bodies_are_sealed_and_never_shown(world: World) -> None:
    listener = Listener(world, 1)
    _say(world, 1)
    listener.drain()
    [row] = world.listener.database.query("SELECT * FROM parked")
    assert b"Counted" not in bytes(row["value"])
    answer = owed.parking(Wire(JsonCodec(), TOPICS, "listener"), listener.inbox).List(pb.ParkingListRequest())
    assert _SECRET not in str(answer)
    [event] = answer.events
    assert (event.service, event.topic, event.key, event.type, event.attempts) == (
        "listener",
        "counter.counts",
        "a",
        "Counted",
        0,
    )
    assert event.reason == "ValueError: no 1"
    assert [(s.service, s.events, s.keys, s.paused) for s in answer.states] == [("listener", 1, 1, "")]


def test_a_consumer_that_parks_too_much_stands_still_until_it_is_replayed(world: World) -> None:
    # Five keys of one partition: the last message is in hand when the brake goes on.
    keys = ["a", *itertools.islice((k for k in "bcdefghijklmnop" if _partition(k) == _partition("a")), 4)]
    listener = Listener(world, *range(1, 6), limits=Limits(3, 1e9), now=lambda: 0.0)
    for n, key in enumerate(keys, start=1):
        _say(world, n, key=key)
    listener.drain()
    assert (listener.inbox.brake.is_on(), PAUSED._value.get()) == (True, 1)
    assert len(listener.parked()) == 4
    _say(world, 6, key=keys[4])
    for _ in range(3):
        listener.inbox.step(listener.consumer, 0)
    assert len(listener.parked()) == 4
    api = owed.parking(Wire(JsonCodec(), TOPICS, "listener"), listener.inbox)
    assert "more than 3 messages were parked within a minute" in api.List(pb.ParkingListRequest()).states[0].paused
    listener.refused.clear()
    assert [(done.key, done.applied) for done in api.Replay(pb.ParkingReplayRequest()).keys] == [(k, 1) for k in keys[:4]]
    listener.drain()
    assert [world.total(key) for key in keys] == [1, 2, 3, 4, 56]
    assert (listener.parked(), PAUSED._value.get()) == ([], 0)


def test_the_brake_counts_a_minute_and_cools_down() -> None:
    clock = [0.0]
    brake = Brake(lambda: clock[0], Limits(2, 30))
    for clock[0] in (0.0, 30.0, 60.1):
        brake.parked()
    assert not brake.is_on()
    clock[0] = 61.0
    brake.parked()
    assert brake.is_on()
    clock[0] = 90.9
    assert brake.is_on()
    clock[0] = 91.0
    assert not brake.is_on()
    assert brake.reason() == ""


def test_an_unknown_schema_is_waited_for_and_parks_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener(world)
    _say(world, 1)
    answers = itertools.count()
    decode = JsonCodec.decode

    def not_registered_yet(codec: JsonCodec, data: bytes) -> Any:
        if next(answers) < 20:
            raise UnknownSchema(7)
        return decode(codec, data)

    monkeypatch.setattr(JsonCodec, "decode", not_registered_yet)
    listener.drain()
    assert (world.total(), listener.parked()) == (1, [])


def test_a_parked_body_that_was_put_elsewhere_is_not_applied(world: World) -> None:
    listener = Listener(world, 1)
    _say(world, 1, key="a")
    _say(world, 1, key="b")
    listener.drain()
    world.listener.database.query("UPDATE parked SET value = (SELECT value FROM parked WHERE key = 'a') WHERE key = 'b'")
    listener.refused.clear()
    outcomes = {done.key: (done.applied, done.reason[:8]) for done in listener.inbox.replay.run()}
    assert outcomes == {"a": (1, ""), "b": (0, "Tampered")}
    assert isinstance(listener.inbox.replay.parking, Parking)


def test_parked_bodies_are_found_by_re_encryption(world: World) -> None:
    listener = Listener(world, 1)
    _say(world, 1)
    listener.drain()
    sealer = world.listener.sealer
    [column] = [column for column in sealer.columns if column.table == "parked"]
    [row] = world.listener.database.query("SELECT * FROM parked")
    assert sealer.open(bytes(row["value"]), column.place(row))
