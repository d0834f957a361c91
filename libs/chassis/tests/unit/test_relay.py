"""Relays that crash, lose their leadership or their database, and what the chain looks like afterwards."""

from collections.abc import Sequence
from typing import Any

import pytest
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.relay import Relay, TwoFactsOfOneEvent, split
from deployforge_chassis.testing import JsonCodec, until
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire

from .conftest import TOPICS, Counter, World, records

_TOPIC = full_name("counter.counts")


class _Crash(Exception):
    pass


def _relay(world: World, said: Any = records) -> Relay:
    return Relay(world.counter, said, world.bus, Wire(JsonCodec(), TOPICS, "counter"))


def _publish(relay: Relay) -> None:
    era, epoch, position = relay._take_over()
    while (moved := relay._publish_page(era, epoch, position)) != position:
        position = moved


def _consume(world: World, inbox: Inbox) -> None:
    consumer = world.bus.consumer("listener", list(inbox._topics), inbox._on_assigned, inbox._on_revoked)
    while inbox.step(consumer, 0.01):
        pass
    consumer.close()


def _facts(world: World) -> dict[int, list[Message]]:
    return {partition: log for (topic, partition), log in world.bus.log.items() if topic == _TOPIC and log}


@pytest.mark.parametrize("crash", ["before recording", "after recording", "half-way through producing", "after producing"])
def test_whenever_a_relay_crashes_its_successor_goes_on(world: World, monkeypatch: pytest.MonkeyPatch, crash: str) -> None:
    world.say(1)
    world.publish()
    world.say(2, 4, 8)
    dying, produce = _relay(world), world.bus.produce

    def fail(*_: Any) -> None:
        raise _Crash

    def half(messages: Sequence[Message]) -> None:
        produce(messages[: len(messages) // 2])
        raise _Crash

    def then_fail(messages: Sequence[Message]) -> None:
        produce(messages)
        raise _Crash

    with monkeypatch.context() as patched:
        if crash == "before recording":
            patched.setattr(dying, "_record", fail)
        else:
            how = {"after recording": fail, "half-way through producing": half, "after producing": then_fail}
            patched.setattr(world.bus, "produce", how[crash])
        with pytest.raises(_Crash):
            _publish(dying)
    world.say(16)
    _publish(_relay(world))
    _consume(world, world.make_inbox())
    assert [n for _, n in world.heard] == [1, 2, 4, 8, 16]
    assert world.total() == 31


def test_a_message_recorded_for_one_partition_stays_there_when_routing_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(1, 2)
    world.bus.down = True
    with pytest.raises(Exception, match="down"):
        world.publish()
    world.bus.down = False
    other = next(
        k for k in "bcdefgh" if TOPICS["counter.counts"].partition_of(k) != TOPICS["counter.counts"].partition_of("a")
    )

    def elsewhere(event: Any) -> Sequence[Record]:
        if isinstance(event, Counter.Counted):
            return [Record("counter.counts", event.key, "Counted", {"key": event.key, "n": event.n}, partition_key=other)]
        return []

    world.say(4)
    _publish(_relay(world, elsewhere))
    chains = {p: [(int(m.headers["prev"]), int(m.headers["id"])) for m in log] for p, log in _facts(world).items()}
    assert chains == {
        TOPICS["counter.counts"].partition_of("a"): [(0, 2), (2, 3)],
        TOPICS["counter.counts"].partition_of(other): [(0, 4)],
    }
    _consume(world, world.make_inbox())
    assert world.total() == 7


def test_a_standby_takes_over_when_the_leader_stops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployforge_chassis.relay._STANDBY_SECONDS", 0.02)
    leader, standby = _relay(world), _relay(world)
    leader.start()
    world.say(1)
    until(lambda: _facts(world))
    standby.start()
    leader.stop(5)
    world.say(2)
    until(lambda: sum(map(len, _facts(world).values())) == 2)
    standby.stop(5)
    assert (leader.failed(), standby.failed()) == (None, None)
    [log] = _facts(world).values()
    assert [int(m.headers["prev"]) for m in log] == [0, int(log[0].headers["id"])]


def test_a_relay_outlives_the_loss_of_its_connections(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployforge_chassis.relay._RETRY_SECONDS", 0.02)
    relay = _relay(world)
    relay.start()
    world.say(1)
    until(lambda: _facts(world))
    world.counter.database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    world.say(2)
    until(lambda: sum(map(len, _facts(world).values())) == 2)
    relay.stop(5)
    assert relay.failed() is None


def test_an_event_says_one_fact_at_most() -> None:
    with pytest.raises(TwoFactsOfOneEvent):
        split([Record("t", "k", "A", {}), Record("t", "k", "B", {})])
