"""Given drift on record, what is learned: each transition once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from deployforge_chassis.facts import Effects
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.shredding import Shredding
from deployforge_drift_detector.application.learning import Learning
from deployforge_drift_detector.application.views import BaselineView, NothingLearned
from pydantic import TypeAdapter

from ...conftest import ORDERS, START, WEBSHOP, WORKER, World, gone, seen, urn


def of(world: World, resource: str = "orders") -> BaselineView:
    [view] = world.app.baselines("storefront", "webshop", resource, size=10, cursor="")
    return view


def drift(world: World, *timeouts: int) -> None:
    """One after another, each healed before the next."""
    first = 1 + sum(1 for _ in world.happened())
    for n, timeout in enumerate(timeouts):
        at = START + timedelta(hours=first + n)
        world.judge(first + 2 * n, seen(ORDERS, {"visibilityTimeout": timeout}), observed_at=at)
        world.judge(first + 2 * n + 1, seen(ORDERS), observed_at=at)


def test_drift_teaches_numbers_and_rhythm_and_a_wild_one_is_unusual(world: World) -> None:
    learning = Learning(world.app)
    drift(world, *[58, 60, 62, 59, 61, 60, 60, 59, 61, 60])
    assert learning.tick() == 20
    assert of(world).score.value < 0.3
    drift(world, 3600)
    assert learning.tick() == 2
    view = of(world)
    assert view.baseline.rhythm.changes == 11
    numbers = [one.numbers for one in view.baseline.attributes if one.path == "visibilityTimeout"]
    assert (numbers[0].middle, numbers[0].values[0]) == (60, 30)
    assert view.score.value > 0.5
    assert [one.fingerprint for one in view.baseline.episodes if one.ended_at is None] == []


def test_every_transition_is_learned_from_once_whoever_learns(world: World) -> None:
    first, second = Learning(world.app), Learning(world.app)
    drift(world, 60, 70)
    assert first.tick() == 4
    assert second.tick() == 0
    drift(world, 80)
    assert second.tick() == 2
    # The first still thinks that it stands before these; the database knows better.
    assert first.tick() == 0
    assert first.tick() == 0
    assert Learning(world.app).tick() == 0
    assert of(world).baseline.rhythm.changes == 3


def test_what_is_gone_from_the_manifest_is_forgotten(world: World) -> None:
    learning = Learning(world.app)
    world.judge(1, gone(ORDERS), gone(WORKER))
    learning.tick()
    assert len(world.app.baselines("storefront", "webshop", "", size=10, cursor="")) == 2
    world.states.drop(ORDERS.urn)
    world.app.removed(ORDERS.urn)
    with pytest.raises(NothingLearned):
        of(world)
    learning.tick()
    with pytest.raises(NothingLearned):
        of(world)
    assert of(world, "worker").type == "Topic"


def test_no_text_of_a_resource_is_kept(world: World) -> None:
    world.judge(1, seen(ORDERS, {"tags": {"env": "canary-value"}}))
    Learning(world.app).tick()
    view = of(world)
    assert [one.path for one in view.baseline.attributes] == ["tags.env"]
    assert b"canary-value" not in TypeAdapter(BaselineView).dump_json(view)
    [row] = world.app.database.query("SELECT * FROM baselines")
    assert b"tags.env" not in bytes(row["body"])


def test_a_shredded_deployment_leaves_nothing_and_stops_nobody(world: World) -> None:
    learning = Learning(world.app)
    drift(world, 60)
    learning.tick()
    drift(world, 70)
    world.app.commit(Effects(writes=Shredding(world.app.database, world.app.sealer).erase(WEBSHOP)))
    assert learning.tick() == 0
    assert world.app.database.query("SELECT * FROM baselines") == []
    with pytest.raises(Shredded):
        world.events()


def test_pages_of_baselines_follow_each_other(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(5)]
    for one in resources:
        world.states.put(one)
    world.judge(1, *map(gone, resources))
    Learning(world.app).tick()
    found: list[Any] = []
    cursor = ""
    while page := world.app.baselines("storefront", "webshop", "", size=2, cursor=cursor):
        found += [view.urn for view in page]
        cursor = found[-1]
    assert found == [one.urn for one in resources]
