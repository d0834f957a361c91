"""From an event store to another service's database: everything arrives, once, in order."""

from dataclasses import replace
from typing import Any

import pytest
from deployforge_chassis.bus import ProduceFailed
from deployforge_chassis.facts import Effects, Fact, NotYet
from deployforge_chassis.feed import TopicNotOwned
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.relay import StaleLeader
from deployforge_chassis.testing import until
from deployforge_chassis.topics import full_name

from .conftest import TOPICS, World

_TOPIC = full_name("counter.counts")


def _partition(key: str) -> int:
    return TOPICS["counter.counts"].partition_of(key)


def _consume(world: World, inbox: Inbox | None = None) -> Inbox:
    inbox = inbox or world.make_inbox()
    consumer = world.bus.consumer("listener", list(inbox._topics), inbox._on_assigned, inbox._on_revoked)
    while inbox.step(consumer, 0.01):
        pass
    consumer.close()
    return inbox


def test_what_is_said_arrives_in_order(world: World) -> None:
    world.say(1, 2, 3)
    world.publish()
    _consume(world)
    assert world.heard == [("a", 1), ("a", 2), ("a", 3)]
    assert world.total() == 6


def test_the_chain_spans_types_that_nobody_hears(world: World) -> None:
    world.say(1)
    world.nod()
    world.say(2)
    world.publish()
    _consume(world)
    assert world.total() == 3
    ids = [int(m.headers["id"]) for m in world.bus.log[_TOPIC, _partition("a")]]
    prevs = [int(m.headers["prev"]) for m in world.bus.log[_TOPIC, _partition("a")]]
    assert prevs == [0, *ids[:-1]]


def test_repeated_messages_change_nothing(world: World) -> None:
    world.say(1, 2)
    world.publish()
    log = world.bus.log[_TOPIC, _partition("a")]
    log.extend(replace(m, offset=len(log) + i) for i, m in enumerate(list(log)))
    _consume(world)
    assert world.total() == 3


def test_a_lost_message_is_fetched_from_its_source(world: World) -> None:
    world.say(1, 2, 4, 8)
    world.publish()
    log = world.bus.log[_TOPIC, _partition("a")]
    kept = [log[0], log[3]]
    log[:] = [replace(m, offset=i) for i, m in enumerate(kept)]
    _consume(world)
    assert [n for _, n in world.heard] == [1, 2, 4, 8]
    assert world.total() == 15


def test_a_restarted_consumer_goes_on_where_its_database_stands(world: World) -> None:
    world.say(1)
    world.publish()
    _consume(world)
    world.say(2)
    world.publish()
    _consume(world)
    assert world.heard == [("a", 1), ("a", 2)]


def test_a_refused_message_parks_its_key_and_what_follows_while_others_flow(world: World) -> None:
    refuse = True

    def handler(fact: Fact) -> Effects:
        assert fact.value is not None
        if fact.key == "a" and refuse:
            raise ValueError("cannot be applied")
        add = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET n = totals.n + EXCLUDED.n"
        return Effects(writes=((add, (fact.key, fact.value["n"])),))

    other = next(k for k in "bcdefgh" if _partition(k) == _partition("a"))
    world.say(1, key="a")
    world.say(10, key=other)
    world.say(2, key="a")
    world.publish()
    inbox = _consume(world, world.make_inbox(handler))
    refuse = False
    world.say(4, key="a")
    world.publish()
    _consume(world, world.make_inbox(handler))
    assert world.total(other) == 10
    assert world.total("a") == 0
    parked = inbox._parking.list()
    assert [p["reason"] for p in parked] == ["ValueError: cannot be applied", "behind", "behind"]


def test_what_is_not_known_yet_is_waited_for(world: World) -> None:
    attempts = 0

    def handler(fact: Fact) -> Effects:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            raise NotYet("the plan")
        return Effects(writes=(("INSERT INTO totals VALUES ('late', 1)", ()),))

    world.say(1)
    world.publish()
    _consume(world, world.make_inbox(handler))
    assert world.total("late") == 1


def test_a_produce_failure_repeats_the_page_with_the_same_chain(world: World) -> None:
    world.say(1, 2)
    world.bus.down = True
    with pytest.raises(ProduceFailed):
        world.publish()
    assert world.counter.database.one("SELECT position FROM relay") == {"position": 0}
    world.bus.down = False
    world.say(3)
    world.publish()
    _consume(world)
    assert world.total() == 6


def test_a_crash_between_produce_and_position_repeats_messages_not_effects(world: World) -> None:
    world.say(1, 2)
    world.publish()
    world.counter.database.query("UPDATE relay SET position = 0")
    world.publish()
    assert len(world.bus.log[_TOPIC, _partition("a")]) == 4
    first, second = world.bus.log[_TOPIC, _partition("a")][:2], world.bus.log[_TOPIC, _partition("a")][2:]
    assert [m.headers for m in first] == [m.headers for m in second]
    _consume(world)
    assert world.total() == 3


def test_a_stale_leader_publishes_nothing(world: World) -> None:
    era, epoch, position = world.relay._take_over()
    world.relay._take_over()
    world.say(1)
    with pytest.raises(StaleLeader):
        world.relay._publish_page(era, epoch, position)
    assert not world.bus.log[_TOPIC, _partition("a")]


def test_upserts_stand_outside_the_chain(world: World) -> None:
    world.say(5)
    world.publish()
    [upsert] = [m for (topic, _), log in world.bus.log.items() if "latest" in topic for m in log]
    assert upsert.headers["prev"] == b"0"
    rows: Any = world.counter.database.query("SELECT DISTINCT topic FROM published")
    assert [row["topic"] for row in rows] == ["counter.counts"]


def test_a_feed_answers_for_its_own_topics_only(world: World) -> None:
    world.say(1, 2, 3)
    world.publish()
    found = world.feed.range("counter", _TOPIC, _partition("a"), 0, 1 << 60)
    assert [m.headers for m in found] == [m.headers for m in world.bus.log[_TOPIC, _partition("a")]]
    with pytest.raises(TopicNotOwned):
        world.feed.range("counter", full_name("healer.incidents"), 0, 0, 9)


def test_relay_and_inbox_run_as_parts(world: World) -> None:
    inbox = world.make_inbox()
    world.relay.start()
    inbox.start()
    world.say(1, 2, 3)
    until(lambda: world.total() == 6)
    for part in (inbox, world.relay):
        part.stop(5)
        assert part.failed() is None


def test_two_members_share_the_work(world: World) -> None:
    world.relay.start()
    inboxes = [world.make_inbox(), world.make_inbox()]
    for inbox in inboxes:
        inbox.start()
    keys = "abcdefgh"
    for key in keys:
        world.say(1, 2, key=key)
    until(lambda: sum(world.total(key) for key in keys) == 3 * len(keys))
    for part in (*inboxes, world.relay):
        part.stop(5)
        assert part.failed() is None
    assert all(world.total(key) == 3 for key in keys)
