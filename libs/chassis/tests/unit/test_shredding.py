"""A shredded deployment is gone from everywhere, and everything else goes on."""

from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.bodies import Bodies, BodyNotFound
from deployforge_chassis.effect_queue import EffectQueue
from deployforge_chassis.effects import EffectWorkers, Work
from deployforge_chassis.facts import NOTHING, Effects, Fact
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.shredding import Shredding
from deployforge_chassis.testing import JsonCodec
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire

from .conftest import OWNER, TOPICS, Counter, World, records

_OTHER = UUID("00000000-0000-5000-8000-00000000000b")
_PLACE = (full_name("counter.counts"), TOPICS["counter.counts"].partition_of("a"))


def _of_another_deployment(world: World, *numbers: int) -> None:
    """In the same partition as the others, so in the same chain."""
    counter = Counter(_OTHER, "a")
    for n in numbers:
        counter.count("a", n)
    world.counter.save(counter)


def _shred(app: Any, owner: UUID = OWNER) -> None:
    app.commit(Effects(writes=Shredding(app.database, app.sealer).erase(owner)))
    app.sealer.forget()


def _consume(world: World, inbox: Inbox) -> None:
    consumer = world.bus.consumer("listener", list(inbox._topics), inbox._on_assigned, inbox._on_revoked)
    while inbox.step(consumer, 0.01):
        pass
    consumer.close()


def _chain(messages: Any) -> list[tuple[int, int, str]]:
    return [(int(m.headers["prev"]), int(m.headers["id"]), m.headers["type"].decode()) for m in messages]


def test_its_streams_cannot_be_read_and_others_can(world: World) -> None:
    world.say(1, 2)
    _of_another_deployment(world, 5)
    _shred(world.counter)
    with pytest.raises(Shredded, match=str(OWNER)):
        world.counter.repository.get(Counter.create_id(OWNER, "a"))
    assert world.counter.repository.get(Counter.create_id(_OTHER, "a")).total == 5
    with pytest.raises(Shredded):
        world.counter.save(Counter(OWNER, "again"))


def test_a_relay_goes_over_what_was_not_published(world: World) -> None:
    world.say(1, 2)
    _of_another_deployment(world, 5)
    _shred(world.counter)
    world.publish()
    _consume(world, world.make_inbox())
    assert world.heard == [("a", 5)]


def test_what_was_announced_and_not_produced_leaves_no_hole_in_the_chain(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(1)
    world.publish()
    world.say(2)
    with monkeypatch.context() as broken:
        broken.setattr(world.bus, "produce", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.publish()
    _of_another_deployment(world, 5)
    _shred(world.counter)
    world.publish()
    chain = _chain(world.bus.log[_PLACE])
    assert [type for _, _, type in chain] == ["Counted", "Shredded", "Counted"]
    assert [prev for prev, _, _ in chain] == [0, *(id for _, id, _ in chain[:-1])]
    _consume(world, world.make_inbox())
    assert world.heard == [("a", 1), ("a", 5)]


def test_a_gap_is_filled_over_what_nobody_can_read(world: World) -> None:
    world.say(1, 2)
    world.publish()
    _of_another_deployment(world, 5)
    world.publish()
    log = world.bus.log[_PLACE]
    was = _chain(log)
    del log[:2]
    _shred(world.counter)
    feed = PublishedFeed(world.counter, records, Wire(JsonCodec(), TOPICS, "counter"))
    filled = feed.range("counter", *_PLACE, 0, was[-1][1])
    assert [(prev, id) for prev, id, _ in _chain(filled)] == [(prev, id) for prev, id, _ in was]
    assert [(m.value, m.headers["type"]) for m in filled[:2]] == [(None, b"Shredded")] * 2
    _consume(world, world.make_inbox())
    assert world.heard == [("a", 5)]


def test_a_fact_that_comes_too_late_is_dropped_and_makes_no_new_key(world: World) -> None:
    world.say(1)
    _of_another_deployment(world, 5)
    world.publish()
    _shred(world.listener)
    keeping = Bodies(world.listener.database, world.listener.sealer)
    owners = {1: OWNER, 5: _OTHER}

    def keep(fact: Fact) -> Effects:
        assert fact.value is not None
        return Effects(writes=(keeping.put(owners[fact.value["n"]], str(fact.value["n"]).encode())[1],))

    _consume(world, world.make_inbox(keep))
    database = world.listener.database
    assert database.query("SELECT owner FROM bodies") == [{"owner": _OTHER}]
    assert database.query("SELECT 1 FROM parked") == []
    assert database.query("SELECT 1 FROM data_keys WHERE owner = %s AND wrapped IS NOT NULL", (OWNER,)) == []


def test_rows_bodies_parked_messages_and_work_of_it_go(world: World) -> None:
    app = world.listener
    bodies, queue = Bodies(app.database, app.sealer), EffectQueue(app, app.sealer)
    app.database.migrate(["CREATE TABLE things (deployment_id uuid, name text)"])
    digests = {owner: bodies.put(owner, owner.bytes) for owner in (OWNER, _OTHER)}
    for owner, (_, write) in digests.items():
        thing = ("INSERT INTO things VALUES (%s, 'x')", (owner,))
        app.commit(Effects(writes=(write, thing, queue.enqueue("k", str(owner), {}, deployment_id=owner))))
    world.say(1)
    world.publish()

    def fail(fact: Fact) -> Effects:
        raise ValueError("cannot")

    _consume(world, world.make_inbox(fail))
    assert len(app.database.query("SELECT 1 FROM parked")) == 1
    _shred(app)
    left = {table: app.database.query(f"SELECT * FROM {table}") for table in ("things", "effects", "bodies", "parked")}
    assert {table: len(rows) for table, rows in left.items()} == {"things": 1, "effects": 1, "bodies": 1, "parked": 0}
    assert bodies.get(digests[_OTHER][0]) == _OTHER.bytes
    with pytest.raises(BodyNotFound):
        bodies.get(digests[OWNER][0])


def test_work_about_it_is_dropped(world: World) -> None:
    app = world.listener
    queue = EffectQueue(app, app.sealer)
    late = queue.enqueue("k", "sealed before, committed after", {}, deployment_id=OWNER)
    _shred(app)
    app.commit(Effects(writes=(late, queue.enqueue("k", "another's", {}, deployment_id=_OTHER))))
    done: list[str] = []

    def work(work: Work) -> Effects:
        done.append(work.id)
        app.sealer.seal(OWNER, b"", "anything")
        return NOTHING

    workers = EffectWorkers(queue, {"k": work})
    while workers.work_once():
        pass
    assert done == ["another's"]
    assert app.database.query("SELECT id, status FROM effects") == [{"id": "another's", "status": "done"}]


def test_a_body_that_two_deployments_have_stays_for_the_other(world: World) -> None:
    app = world.listener
    bodies = Bodies(app.database, app.sealer)
    for owner in (OWNER, _OTHER):
        digest, write = bodies.put(owner, b"the same")
        app.commit(Effects(writes=(write,)))
    _shred(app)
    assert bodies.get(digest) == b"the same"


def test_shredding_twice_is_shredding_once(world: World) -> None:
    world.say(1)
    _shred(world.counter)
    _shred(world.counter)
    with pytest.raises(Shredded):
        world.counter.repository.get(Counter.create_id(OWNER, "a"))
