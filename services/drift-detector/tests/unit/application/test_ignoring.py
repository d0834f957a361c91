"""What ignore rules hide: found where bodies are read, kept over restarts, and told by rule."""

from dataclasses import replace
from datetime import timedelta

import pytest
from deployforge_chassis.shredding import Shredding
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.hiding import HidingBook
from deployforge_drift_detector.application.ignoring import EXPIRED, HIDING, IDLE, UNSEEN, UNUSED, RuleReport
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.domain.condition import Condition, How
from deployforge_drift_detector.domain.finding import Hidden
from deployforge_drift_detector.domain.rules import IgnoreRule

from ...conftest import ORDERS, START, WEBSHOP, WORKER, World, gone, seen

TAGS = IgnoreRule("*", "tags.*", "EKS owns them")
MORE = IgnoreRule("*", "visibilityTimeout", when=Condition(How.INCREASED, at_most=60))
NEVER = IgnoreRule("*", "delay")
LATER = timedelta(minutes=5)


@pytest.fixture
def rules(world: World) -> World:
    world.states.put(replace(ORDERS, version=2, ignore=(TAGS, MORE, NEVER)))
    world.states.put(replace(WORKER, version=2, ignore=(TAGS, MORE, NEVER), properties={"tags": {"env": "test"}}))
    return world


def told(world: World) -> dict[str, RuleReport]:
    return {one.rule.path: one for one in world.app.ignores("storefront", "webshop")}


def test_rules_nobody_has_looked_by_are_not_called_unused(rules: World) -> None:
    assert {one.state for one in told(rules).values()} == {UNSEEN}
    assert rules.app.ignores("storefront", "other") == []


def test_each_rule_tells_what_it_hides_and_since_when(rules: World) -> None:
    world = rules
    changed = seen(ORDERS, {"tags": {"env": "x"}, "visibilityTimeout": 45})
    assert world.judge(1, changed, seen(WORKER, {"tags": {"env": "y"}})).drifted == 0
    world.judge(2, changed, seen(WORKER, {"tags": {"env": "test"}}), observed_at=START + LATER)
    found = told(world)
    tags = found["tags.*"]
    assert (tags.state, tags.concerned) == (HIDING, 2)
    assert [(one.resource, one.path, one.since, one.last) for one in tags.hidden] == [
        ("orders", "tags.env", START, START + LATER)
    ]
    assert tags.last == START + LATER
    assert [one.path for one in found["visibilityTimeout"].hidden] == ["visibilityTimeout"]
    assert (found["delay"].state, found["delay"].last) == (UNUSED, None)


def test_what_a_condition_does_not_mean_is_drift(rules: World) -> None:
    assert rules.judge(1, seen(ORDERS, {"visibilityTimeout": 61})).drifted == 1
    assert rules.judge(2, seen(ORDERS, {"visibilityTimeout": 29})).drifted == 1
    assert rules.judge(3, seen(ORDERS, {"visibilityTimeout": 60})).drifted == 0


def test_a_rule_that_hides_nothing_any_more_is_idle(rules: World) -> None:
    rules.judge(1, seen(ORDERS, {"tags": {"env": "x"}}))
    rules.judge(2, seen(ORDERS), observed_at=START + LATER)
    assert (told(rules)["tags.*"].state, told(rules)["tags.*"].hidden, told(rules)["tags.*"].last) == (
        IDLE,
        (),
        START + LATER,
    )
    rules.judge(3, seen(ORDERS, {"tags": {"env": "x"}}), observed_at=START + 2 * LATER)
    assert [one.since for one in told(rules)["tags.*"].hidden] == [START + 2 * LATER]


def test_an_observation_that_says_nothing_changes_nothing(rules: World) -> None:
    rules.judge(1, seen(ORDERS, {"tags": {"env": "x"}}))
    rules.judge(2, seen(ORDERS, presence="NOT_CHECKED", reason="throttled"))
    assert told(rules)["tags.*"].state == HIDING


def test_a_rule_that_has_run_out_says_so(rules: World) -> None:
    rules.states.put(replace(ORDERS, version=3, ignore=(replace(TAGS, until=START + LATER),)))
    rules.judge(1, seen(ORDERS, {"tags": {"env": "x"}}))
    rules.clock.advance(600)
    assert rules.judge(2, seen(ORDERS, {"tags": {"env": "x"}})).drifted == 1
    tags = next(one for one in rules.app.ignores("storefront", "webshop") if one.rule.until)
    assert (tags.state, tags.hidden) == (EXPIRED, ())


def test_a_missing_resource_is_hidden_by_a_rule_for_everything(rules: World) -> None:
    rules.states.put(replace(ORDERS, version=3, ignore=(IgnoreRule("*", "**"),)))
    assert rules.judge(1, gone(ORDERS)).drifted == 0
    assert [(one.resource, one.path) for one in told(rules)["**"].hidden] == [("orders", "")]


def test_it_is_known_after_a_restart_and_a_removed_resource_hides_nothing(rules: World) -> None:
    rules.judge(1, seen(ORDERS, {"tags": {"env": "x"}}))
    rules.judging = Judging(rules.app, Books(rules.app, fresh_seconds=0))
    rules.judge(2, seen(ORDERS, {"tags": {"env": "x"}}), observed_at=START + LATER)
    assert [one.since for one in told(rules)["tags.*"].hidden] == [START]
    rules.states.drop(ORDERS.urn)
    rules.app.removed(ORDERS.urn)
    rules.judge(3, seen(WORKER, {"tags": {"env": "test"}}))
    assert rules.app.stores.hidings.of([ORDERS.shard]) == []


def test_nothing_of_it_outlives_a_shredded_deployment(rules: World) -> None:
    rules.judge(1, seen(ORDERS, {"tags": {"env": "x"}}))
    rules.app.database.write(Shredding(rules.app.database, rules.app.sealer).erase(WEBSHOP))
    assert rules.app.stores.hidings.of([ORDERS.shard]) == []


def test_of_one_resource_the_newest_are_kept() -> None:
    book, one = HidingBook(), replace(ORDERS, ignore=(TAGS,))
    for day in range(100):
        book.seen(one, [Hidden(TAGS.id, f"tags.t{day}")], START + timedelta(days=day))
    [kept] = book.changed().values()
    assert len(kept) == 64
    assert max(kept, key=lambda hiding: hiding.since).ended is None
