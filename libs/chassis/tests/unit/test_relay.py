"""Relays that crash, lose their leadership or their database, and what the chain looks like afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from deployforge_chassis import eras
from deployforge_chassis.eras import TopicAhead
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.relay import REFUSING, Relay, StaleLeader, TwoFactsOfOneEvent, split
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


def test_a_leader_that_slept_through_its_successor_does_no_harm(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.say(1, 2)
    asleep, produce = _relay(world), world.bus.produce
    era, epoch, position = asleep._take_over()

    def wake_late(messages: Sequence[Message]) -> None:
        """Between recording and producing, somebody else leads, publishes the same and more, and is done."""
        monkeypatch.setattr(world.bus, "produce", produce)
        world.say(4)
        _publish(_relay(world))
        produce(messages)

    monkeypatch.setattr(world.bus, "produce", wake_late)
    with pytest.raises(StaleLeader):
        asleep._publish_page(era, epoch, position)
    with pytest.raises(StaleLeader):
        asleep._publish_page(era, epoch, position)
    world.say(8)
    _publish(_relay(world))
    _consume(world, world.make_inbox())
    assert [n for _, n in world.heard] == [1, 2, 4, 8]
    # The newest version of an upsert is the last again: compaction keeps that one.
    latest = [log[-1] for (topic, _), log in world.bus.log.items() if topic == full_name("counter.latest") and log]
    assert [JsonCodec().decode(message.value or b"")[1]["n"] for message in latest] == [8]


def test_what_a_stale_leader_would_record_is_refused_with_its_epoch(world: World) -> None:
    stale = _relay(world)
    _, epoch, _ = stale._take_over()
    _relay(world)._take_over()
    with pytest.raises(StaleLeader):
        stale._record([("counter.counts", 0, 1)], epoch)
    assert world.counter.database.query("SELECT 1 FROM published") == []


def _lose_the_end(world: World, count: int) -> None:
    [log] = _facts(world).values()
    del log[-count:]


def test_a_watermark_shows_that_the_end_was_lost(world: World) -> None:
    times = iter([0.0, 4.9, 5.0, 10.0, 65.0, 70.0])
    relay = Relay(world.counter, records, world.bus, Wire(JsonCodec(), TOPICS, "counter"), now=lambda: next(times))
    era, epoch, position = relay._take_over()
    world.say(1, 2, 4)
    assert relay._publish_page(era, epoch, position) == 4
    _lose_the_end(world, 2)
    _consume(world, world.make_inbox())
    assert world.total() == 1
    for _ in range(6):
        relay._say_how_far(era)
    [log] = _facts(world).values()
    # Five seconds after the news, and then once a minute.
    assert [(m.headers["type"], m.headers["id"], m.key, m.value) for m in log[1:]] == [(b"Watermark", b"4", b"", None)] * 2
    _consume(world, world.make_inbox())
    assert [n for _, n in world.heard] == [1, 2, 4]


_TABLES = ("stream_heads", "published", "relay", "events")


def _dump(world: World) -> dict[str, list[Any]]:
    return {table: world.counter.database.query(f"SELECT * FROM {table}") for table in _TABLES}


def _restore(world: World, backup: dict[str, list[Any]]) -> None:
    """As from a backup, into a new process."""
    database = world.counter.database
    database.query("ALTER TABLE events DISABLE TRIGGER USER")
    for table, rows in backup.items():
        database.query(f"TRUNCATE {table}")
        for row in rows:
            columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
            database.query(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))
    database.query("ALTER TABLE events ENABLE TRIGGER USER")
    database.query("SELECT setval('events_notification_id_seq', (SELECT max(notification_id) FROM events))")
    world.counter.events._seen.clear()  # type: ignore[attr-defined]


def test_what_a_stale_leader_publishes_meanwhile_does_not_look_like_a_restored_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(1)
    world.publish()
    newest = world.bus.newest

    def newest_after_the_other_has_published(topics: Sequence[str]) -> Mapping[tuple[str, int], Message]:
        world.say(2)
        world.publish()
        return newest(topics)

    monkeypatch.setattr(world.bus, "newest", newest_after_the_other_has_published)
    eras.check(world.counter.database, world.bus, Wire(JsonCodec(), TOPICS, "counter"))


def test_a_relay_whose_topic_is_ahead_of_its_log_refuses_until_the_era_is_raised(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployforge_chassis.relay._REFUSED_SECONDS", 0.02)
    world.say(1, 2)
    world.publish()
    eras.check(world.counter.database, world.bus, Wire(JsonCodec(), TOPICS, "counter"))
    backup = _dump(world)
    world.say(4)
    world.publish()
    _consume(world, world.make_inbox())
    _restore(world, backup)
    relay = _relay(world)
    with pytest.raises(TopicAhead, match=r"python -m deployforge_chassis\.eras raise"):
        eras.check(world.counter.database, world.bus, Wire(JsonCodec(), TOPICS, "counter"))
    relay.start()
    until(lambda: REFUSING._value.get() == 1)
    # Said after the restore, before the era is raised: it has the id of what was lost.
    world.say(8)
    assert sum(map(len, _facts(world).values())) == 3
    assert eras.begin_new(world.counter.database) == eras.Era(2, (3,))
    until(lambda: sum(map(len, _facts(world).values())) == 4)
    relay.stop(5)
    assert (relay.failed(), REFUSING._value.get()) == (None, 0)
    [log] = _facts(world).values()
    assert [(m.headers["era"], m.headers["id"]) for m in log[-2:]] == [(b"1", b"4"), (b"2", b"4")]
    _consume(world, world.make_inbox())
    # 4 is in no backup: it stays applied at who has heard it.
    assert [n for _, n in world.heard] == [1, 2, 4, 8]
    world.say(16)
    _publish(_relay(world))
    _consume(world, world.make_inbox())
    assert [n for _, n in world.heard] == [1, 2, 4, 8, 16]


def test_who_is_behind_when_an_era_begins_misses_nothing_and_repeats_nothing(world: World) -> None:
    world.say(1)
    world.publish()
    _consume(world, world.make_inbox())
    world.say(2, 4)
    eras.begin_new(world.counter.database)
    world.say(8)
    world.publish()
    # 2 and 4 were said in the old era and are lost on the way: the source still has them.
    [log] = _facts(world).values()
    del log[1:-1]
    log[:] = [replace(message, offset=offset) for offset, message in enumerate(log)]
    _consume(world, world.make_inbox())
    assert [n for _, n in world.heard] == [1, 2, 4, 8]


def test_the_era_is_shown_and_raised_by_a_command(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.say(1)
    monkeypatch.setenv("DEPLOYFORGE_SERVICE", "counter")
    monkeypatch.setenv("DEPLOYFORGE_DATABASE_URL", world.counter.database.url)
    for arguments in ([], ["raise"], []):
        eras.main(arguments)
    assert capsys.readouterr().out.splitlines() == ["era 1", "era 2, shared up to 0", "era 2, shared up to 0"]


def test_an_event_says_one_fact_at_most() -> None:
    with pytest.raises(TwoFactsOfOneEvent):
        split([Record("t", "k", "A", {}), Record("t", "k", "B", {})])
