"""While the provider of wrapping keys is away, nothing is written, nothing is parked, and the way back is by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from deployforge_chassis.effects import EffectQueue, EffectWorkers, Work
from deployforge_chassis.facts import NOTHING, Effects, Fact
from deployforge_chassis.keys import KeyUnavailable

from .conftest import OWNER, Counter, World


@contextmanager
def _away(path: Path) -> Iterator[None]:
    path.rename(path.with_suffix(".away"))
    yield
    path.with_suffix(".away").rename(path)


def test_a_command_fails_whole_and_succeeds_once_the_provider_is_back(world: World, tmp_path: Path) -> None:
    def command() -> None:
        counter = Counter(UUID(int=77), "a")
        counter.count("a", 1)
        world.counter.save(counter)

    with _away(tmp_path / "k"):
        with pytest.raises(KeyUnavailable):
            command()
        assert world.counter.database.query("SELECT 1 FROM events") == []
        assert world.counter.database.query("SELECT 1 FROM data_keys") == []
    command()
    assert len(world.counter.database.query("SELECT 1 FROM events")) == 2


def test_a_fact_that_cannot_be_sealed_now_waits_and_is_not_parked(world: World, tmp_path: Path) -> None:
    world.say(1, 2)
    world.publish()
    outages: list[bool] = []
    key, sealer = tmp_path / "k", world.listener.sealer

    def sleep(_: float) -> None:
        outages.append(key.exists())
        if len(outages) == 20:
            key.with_suffix(".away").rename(key)

    def handler(fact: Fact) -> Effects:
        assert fact.value is not None
        sealer.seal(OWNER, b"body", "place")
        world.heard.append((fact.key, fact.value["n"]))
        return NOTHING

    inbox = world.make_inbox(handler, sleep=sleep)
    consumer = world.bus.consumer("listener", list(inbox._topics), inbox._on_assigned, inbox._on_revoked)
    key.rename(key.with_suffix(".away"))
    while inbox.step(consumer, 0.01):
        pass
    assert outages == [False] * 20
    assert world.heard == [("a", 1), ("a", 2)]
    assert world.listener.database.query("SELECT 1 FROM parked") == []


def test_work_that_cannot_be_done_now_is_tried_again(world: World, tmp_path: Path) -> None:
    app, new = world.counter, UUID(int=78)
    queue = EffectQueue(app, app.sealer)
    app.commit(Effects(writes=(queue.enqueue("call", "1", {}, deployment_id=OWNER),)))

    def call(work: Work) -> Effects:
        return Effects(writes=(queue.enqueue("next", "1", {}, deployment_id=new),))

    workers = EffectWorkers(queue, {"call": call})
    with _away(tmp_path / "k"):
        assert workers.work_once()
        (row,) = app.database.query("SELECT kind, status, last_error FROM effects")
        assert (row["kind"], row["status"]) == ("call", "waiting")
        assert row["last_error"].startswith("KeyUnavailable")
    app.database.query("UPDATE effects SET due_at = now()")
    assert workers.work_once()
    rows = app.database.query("SELECT kind, status FROM effects ORDER BY kind")
    assert [(row["kind"], row["status"]) for row in rows] == [("call", "done"), ("next", "waiting")]
