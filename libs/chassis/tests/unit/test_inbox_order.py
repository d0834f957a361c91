"""What an inbox does when its position and the chain do not meet, and when something must be waited for."""

from dataclasses import replace
from typing import Any

from deployforge_chassis.facts import Effects, Fact, Message, NotYet
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.topics import full_name

from .conftest import TOPICS, World

_TOPIC = full_name("counter.counts")
_ADD = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET n = totals.n + EXCLUDED.n"


def _partition(key: str) -> int:
    return TOPICS["counter.counts"].partition_of(key)


def _consumer(world: World, inbox: Inbox) -> Any:
    return world.bus.consumer("listener", list(inbox._topics), inbox._on_assigned, inbox._on_revoked)


def _drain(inbox: Inbox, consumer: Any) -> None:
    while inbox.step(consumer, 0.01):
        pass


def _add(fact: Fact) -> Effects:
    assert fact.value is not None
    return Effects(writes=((_ADD, (fact.key, fact.value["n"])),))


def _lose(world: World, *indexes: int) -> None:
    log = world.bus.log[_TOPIC, _partition("a")]
    log[:] = [replace(m, offset=i) for i, m in enumerate(m for i, m in enumerate(list(log)) if i not in indexes)]


class _Forgetful:
    """A source that does not have what was lost until it is asked often enough."""

    def __init__(self, world: World, empty_answers: int) -> None:
        self._feed, self.left = world.feed, empty_answers

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        if self.left:
            self.left -= 1
            return []
        return self._feed.range(source, topic, partition, after_id, upto_id)


def test_a_gap_that_the_source_cannot_fill_yet_holds_back_what_follows(world: World) -> None:
    world.say(1, 2, 4)
    world.publish()
    _lose(world, 1)
    inbox = world.make_inbox()
    source = _Forgetful(world, empty_answers=3)
    inbox._chain._feed = source
    _drain(inbox, _consumer(world, inbox))
    assert source.left == 0
    assert [n for _, n in world.heard] == [1, 2, 4]


def test_a_member_whose_memory_is_behind_the_database_repeats_nothing_and_loses_nothing(world: World) -> None:
    world.say(1, 2)
    world.publish()
    first, second = world.make_inbox(), world.make_inbox()
    consumer = _consumer(world, first)
    assert first.step(consumer, 0.01) == 2
    # The other member gets the partition for a while, applies what comes, and leaves again.
    world.say(4, 8)
    world.publish()
    for message in world.bus.log[_TOPIC, _partition("a")][2:]:
        second._take([message])
    world.say(16)
    world.publish()
    _drain(first, consumer)
    assert world.total() == 31


def test_a_member_whose_memory_is_ahead_of_the_database_reads_it_again(world: World) -> None:
    world.say(1, 2)
    world.publish()
    inbox = world.make_inbox()
    consumer = _consumer(world, inbox)
    _drain(inbox, consumer)
    # As after a fail-over to a standby that lacked the last transaction.
    world.listener.database.query("DELETE FROM totals")
    world.listener.database.query("DELETE FROM positions")
    world.say(4, 8)
    world.publish()
    _drain(inbox, consumer)
    assert world.total() == 15


def test_waiting_for_another_partition_does_not_hold_that_partition_back(world: World) -> None:
    other = next(k for k in "bcdefgh" if _partition(k) != _partition("a"))
    known = False

    def handler(fact: Fact) -> Effects:
        nonlocal known
        if fact.key == "a" and not known:
            raise NotYet("the other one")
        known = True
        return _add(fact)

    world.say(1, 2)
    world.say(10, key=other)
    world.publish()
    inbox = world.make_inbox(handler)
    _drain(inbox, _consumer(world, inbox))
    assert (world.total("a"), world.total(other)) == (3, 10)
    assert inbox._parking.list() == []


def test_what_never_becomes_known_is_parked_in_the_end(world: World) -> None:
    def handler(fact: Fact) -> Effects:
        raise NotYet("nobody knows")

    world.say(1, 2)
    world.publish()
    inbox = world.make_inbox(handler)
    _drain(inbox, _consumer(world, inbox))
    assert [p["reason"] for p in inbox._parking.list()] == ["NotYet: nobody knows", "behind"]


def test_a_crash_in_the_middle_of_filling_a_gap_repeats_and_loses_nothing(world: World) -> None:
    world.say(1, 2, 4, 8)
    world.publish()
    _lose(world, 1, 2)
    crashed = False

    class Crash(BaseException):
        pass

    def handler(fact: Fact) -> Effects:
        nonlocal crashed
        assert fact.value is not None
        if fact.value["n"] == 4 and not crashed:
            crashed = True
            raise Crash
        return _add(fact)

    dying = world.make_inbox(handler, batch_messages=1)
    consumer = _consumer(world, dying)
    try:
        _drain(dying, consumer)
    except Crash:
        consumer.close()
    assert crashed
    assert world.total() == 3
    inbox = world.make_inbox(handler)
    _drain(inbox, _consumer(world, inbox))
    assert world.total() == 15
