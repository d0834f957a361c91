"""What the model is told, from what was found and what is usual."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from deployforge_drift_detector.application.learning import change_of
from deployforge_drift_detector.domain.actor import Actor
from deployforge_drift_detector.domain.baseline import Baseline
from deployforge_drift_detector.domain.features import features
from deployforge_drift_detector.domain.finding import find_changed, find_missing
from deployforge_drift_detector.domain.surroundings import Around, Sighting, Surroundings
from hypothesis import given
from hypothesis import strategies as st

from ...conftest import ORDERS

SATURDAY = datetime(2026, 1, 10, 3, tzinfo=UTC)
GROUP = replace(
    ORDERS,
    type="aws/AWS::AutoScaling::AutoScalingGroup",
    properties={"desiredCapacity": 4, "imageId": "ami-1", "tags": {"env": "x"}, "encryption": True},
)


def told(usual: Baseline = Baseline(), at: datetime = SATURDAY, actor: Actor = Actor(), **observed: Any) -> Any:
    finding = find_changed(GROUP, {**GROUP.properties, **observed}, at)
    assert finding is not None
    change = usual.news(replace(change_of(finding, at), actor=actor.name))
    return features(finding, change, usual, Around(), again=False, downstream=2, actor=actor)


def after(usual: Baseline, at: datetime, minutes: int, **observed: Any) -> Baseline:
    finding = find_changed(GROUP, {**GROUP.properties, **observed}, at)
    assert finding is not None
    return usual.then(usual.news(change_of(finding, at))).over(at + timedelta(minutes=minutes))


def test_what_a_first_drift_is_told_as() -> None:
    found = told(desiredCapacity=9, tags={"env": None}, encryption=False)
    assert (found.attributes, found.absent, found.scaling, found.tagging, found.numeric) == (3, 1 / 3, 1 / 3, 1 / 3, 1 / 3)
    assert (found.exposing, found.severity, found.losing, found.missing) == (1, 2, 0, 0)
    assert found.ratio == pytest.approx(math.log(10 / 5)) and found.rising == 1
    assert (found.hour, found.weekend, found.fresh, found.gap, found.held, found.back) == (3, 1, -1, -1, -1, -1)
    assert found.downstream == pytest.approx(math.log(3))
    assert (found.person, found.automation, found.provider, found.stranger) == (0, 0, 0, 0)
    assert told(imageId="ami-2").versions == 1


def test_the_same_drift_that_comes_back_and_a_number_that_creeps() -> None:
    usual = Baseline()
    for n in range(4):
        usual = after(usual, SATURDAY + timedelta(minutes=10 * n), 2, desiredCapacity=9)
    again = told(usual, SATURDAY + timedelta(minutes=40), desiredCapacity=9)
    assert (again.returns, again.lately, again.fresh, again.known) == (4, 4, 0, pytest.approx(math.log(5)))
    assert again.held == math.log1p(120) and again.back == math.log1p(480) and again.gap == math.log1p(600)
    creeping = Baseline()
    for n in range(4):
        creeping = after(creeping, SATURDAY + timedelta(days=n), 60, desiredCapacity=5 + n)
    assert told(creeping, SATURDAY + timedelta(days=5), desiredCapacity=9).trend == 1
    assert told(creeping, SATURDAY + timedelta(days=5), desiredCapacity=900).outlying == 100


def test_a_gone_resource_and_who_did_it() -> None:
    usual = Baseline().then(replace(change_of(find_missing(GROUP, SATURDAY), SATURDAY), actor="ada"))  # type: ignore[arg-type]
    finding = find_missing(GROUP, SATURDAY)
    assert finding is not None
    change = replace(change_of(finding, SATURDAY), actor="eve")
    found = features(
        finding, change, usual, Around(3, 2, 1), again=True, downstream=0, actor=Actor("eve", "person")
    )  # fmt: skip
    assert (found.missing, found.attributes, found.again, found.person, found.stranger) == (1, 0, 1, 1, 1)
    assert (found.together, found.alike, found.foreign) == pytest.approx((math.log(4), math.log(3), math.log(2)))


def sighting(n: int, seconds: float = 0, deployment: int = 0, paths: str = "a") -> Sighting:
    return Sighting(SATURDAY + timedelta(seconds=seconds), f"urn:{n}", UUID(int=deployment), "Queue", frozenset(paths))


def test_what_happens_around_a_drift() -> None:
    seen = Surroundings()
    mine = sighting(0)
    for one in (
        mine,
        sighting(1, 10),
        sighting(2, 10, paths="b"),
        sighting(3, 20, deployment=1),
        sighting(4, 600),
        sighting(0, 30),
    ):
        seen.add(one)
    assert seen.around(mine) == Around(together=2, alike=2, foreign=1)
    assert seen.around(sighting(4, 600)) == Around(together=0, alike=3, foreign=1)
    assert seen.around(sighting(9, 86_400)) == Around()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4_000), st.integers(0, 2)), max_size=60))
def test_nothing_is_around_itself_and_what_is_old_is_let_go(steps: list[tuple[int, int, int]]) -> None:
    seen, newest = Surroundings(), 0
    for n, seconds, deployment in steps:
        seen.add(sighting(n, seconds, deployment))
        newest = max(newest, seconds)
    alone = Surroundings()
    alone.add(sighting(1, newest))
    assert alone.around(sighting(1, newest)) == Around()
    assert len(seen._alike) <= 3 and seen._count <= len(steps)
