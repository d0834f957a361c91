"""Given what is desired, when observations come, then transitions."""

import itertools
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.facts import Effects
from deployforge_drift_detector.application.coverage import NEVER
from deployforge_drift_detector.application.judging import Judging, NeverAskedFor
from deployforge_drift_detector.application.verdicts import Verdicts
from deployforge_drift_detector.domain.rules import IgnoreRule
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ...conftest import ORDERS, SHARD, START, WEBSHOP, WORKER, World, batch, gone, seen, urn

NUMBERS = itertools.count()


def test_as_desired_is_a_check_and_no_event(world: World) -> None:
    tally = world.judge(1, seen(ORDERS), seen(WORKER, {"unasked": 1}))
    assert (tally.checked, tally.transitions) == (2, 0)
    assert world.happened() == []
    assert world.coverage() == (2, 0, {})


def test_a_changed_attribute_is_detected_with_impact_and_resolved(world: World) -> None:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    [view] = world.app.page("storefront", "webshop", open_only=True, size=10, cursor="").views
    assert [(a.path, a.expected_json, a.actual_json) for a in view.attributes] == [("visibilityTimeout", "30", "60")]
    assert [one.urn for one in view.impact] == [urn("worker")]
    assert (view.state, view.severity, view.kind) == ("open", "DEGRADED", "CHANGED")
    world.judge(2, seen(ORDERS))
    after = world.app.get(str(view.drift_id))
    assert (after.state, after.resolved_at) == ("resolved", START)
    assert world.happened() == ["Watched", "Detected", "Resolved"]
    assert world.events()[-1].how == "observed"


def test_a_missing_resource_is_drift(world: World) -> None:
    world.judge(1, gone(ORDERS))
    assert world.events()[-1].finding.kind == "MISSING"
    assert world.coverage()[1] == 1


def test_an_unchanged_drift_only_moves_its_last_seen_time(world: World) -> None:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    later = START + timedelta(minutes=1)
    world.judge(2, seen(ORDERS, {"visibilityTimeout": 60}), observed_at=later)
    [view] = world.app.page("", "", open_only=False, size=10, cursor="").views
    assert (view.detected_at, view.last_seen_at) == (START, later)
    assert world.happened() == ["Watched", "Detected"]
    world.judge(3, seen(ORDERS, {"visibilityTimeout": 90}), observed_at=later)
    assert world.happened() == ["Watched", "Detected", "Changed"]


def test_a_new_desired_state_may_end_a_drift(world: World) -> None:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    world.states.put(replace(ORDERS, version=2, desired_version=2, properties={"visibilityTimeout": 60}))
    assert world.happened()[-1] == "Detected"
    world.judge(2, seen(ORDERS, {"visibilityTimeout": 60}))
    assert world.events()[-1].how == "desired-changed"


def test_a_removed_resource_has_no_drift(world: World) -> None:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    world.states.drop(ORDERS.urn)
    world.app.forget_removed()
    world.app.removed(ORDERS.urn)
    assert world.happened() == ["Watched", "Detected", "Resolved"]
    assert world.events()[-1].how == "removed"
    assert world.coverage() == (0, 0, {})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_repeated_and_reordered_observations_change_nothing(world: World, order: list[int]) -> None:
    states = [{}, {"visibilityTimeout": 60}, {"visibilityTimeout": 90}, {}]
    fresh = f"r{next(NUMBERS)}"
    resource = replace(ORDERS, urn=urn(fresh), resource=fresh)
    world.states.put(resource)
    highest, expected, transitions = -1, 0, 0
    for at in order:
        if at > highest:
            expected += states[at] != (states[highest] if highest >= 0 else {})
            highest = at
        transitions += world.judge(at, seen(resource, states[at])).transitions
    assert transitions == expected
    assert world.judge(highest, seen(resource, states[highest])).stale == 1
    drift = world.app.drift_of(resource.urn)
    assert (drift is not None and drift.open) == bool(states[highest])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([{}, {"visibilityTimeout": 60}, {"tags": {"env": "x"}}])), max_size=20
    )
)
def test_a_remembered_verdict_is_the_one_that_comparing_gives(steps: list[tuple[int, dict[str, Any]]]) -> None:
    remembering, forgetful = Verdicts(), Verdicts(remember=False)
    rules = [(), (IgnoreRule("*", "tags.*"),), (IgnoreRule("*", "tags.*", until=START),)]
    for version, properties in steps:
        desired = replace(ORDERS, version=version, ignore=rules[version])
        one = batch(1, seen(ORDERS, properties))
        arguments = (one, one.observations[0], desired, None, START)
        assert remembering.of(*arguments) == forgetful.of(*arguments)
    assert forgetful.reused == 0


def test_an_unchanged_digest_is_not_compared_again(world: World) -> None:
    for sequence in (1, 2, 3):
        world.judge(sequence, seen(ORDERS, {"visibilityTimeout": 60}))
    assert (world.judging.verdicts.compared, world.judging.verdicts.reused) == (1, 2)


def test_an_ignore_rule_that_ran_out_ignores_no_more(world: World) -> None:
    rule = IgnoreRule("*", "visibilityTimeout", "for now", START + timedelta(hours=1))
    world.states.put(replace(ORDERS, version=2, ignore=(rule,)))
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    assert world.happened() == []
    world.clock.advance(3600)
    world.judge(2, seen(ORDERS, {"visibilityTimeout": 60}))
    assert world.happened() == ["Watched", "Detected"]


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (seen(ORDERS, urn=urn("stranger")), "no such resource is desired"),
        (seen(ORDERS, deployment_id=UUID(int=1)), "it belongs to another deployment"),
    ],
)
def test_what_cannot_be_is_refused_and_the_rest_goes_on(world: World, observation: Any, reason: str) -> None:
    tally = world.judge(1, observation, seen(WORKER, {"fifo": True}))
    assert tally.refused == [(observation.urn, reason)]
    assert tally.transitions == 1


def test_a_forged_digest_is_refused_even_where_the_true_one_is_remembered(world: World) -> None:
    world.judge(1, seen(ORDERS))
    true = seen(ORDERS)
    for sequence, forged in enumerate(
        (seen(ORDERS, digest="sha256:" + "0" * 64), seen(ORDERS, {"visibilityTimeout": 60}, digest=true.digest)), 2
    ):
        tally = world.judge(sequence, forged, seen(WORKER))
        assert tally.refused == [(ORDERS.urn, "the digest is not that of the properties")]
        assert (tally.checked, tally.not_checked) == (1, 1)
        assert world.coverage() == (1, 0, {ORDERS.urn: "the digest is not that of the properties"})
    assert world.happened() == []


def test_a_scan_that_nobody_asked_for_is_refused_whole(world: World) -> None:
    world.asked(SHARD, 7)
    with pytest.raises(NeverAskedFor):
        world.judging.judge(batch(8, seen(ORDERS)))
    assert world.judging.judge(batch(7, seen(ORDERS))).checked == 1


def test_who_depends_on_it_raises_the_severity_and_leaves_the_drift_the_same(world: World) -> None:
    world.states.put(replace(WORKER, version=2, criticality="high"))
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    [view] = world.app.page("", "", open_only=True, size=9, cursor="").views
    assert (view.severity, view.rule) == ("CRITICAL", "default, raised by impact")
    assert [a.severity for a in view.attributes] == ["DEGRADED"]
    world.states.put(replace(WORKER, version=3))
    assert world.judge(2, seen(ORDERS, {"visibilityTimeout": 60})).transitions == 0


def test_what_no_scan_has_looked_at_is_not_checked(world: World) -> None:
    world.judge(1, seen(ORDERS))
    [shard] = world.app.coverage("storefront", "webshop")
    assert (shard.checked, shard.not_checked) == (1, ((WORKER.urn, NEVER),))
    world.states.put(replace(WORKER, version=2, shard="other"))
    new, known = sorted(world.app.coverage("storefront", ""), key=lambda one: one.scan_id)
    assert (new.shard, new.scan_id, new.at, new.checked) == ("other", "", None, 0)
    assert (known.scan_id, known.at) == ("scan-1", START)


def test_when_everything_drifts_at_once_it_is_saved_in_time(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(500)]
    for resource in resources:
        world.states.put(resource)
    began = time.monotonic()
    assert world.judge(1, *(seen(one, {"visibilityTimeout": 60}) for one in resources)).transitions == 500
    assert time.monotonic() - began < 20


def test_another_shard_is_refused(world: World) -> None:
    tally = world.judge(1, seen(ORDERS), shard="aws:000000000000:us-east-1:00")
    assert tally.refused == [(ORDERS.urn, "it belongs to another scan shard")]


def test_an_older_generation_does_not_count_and_a_newer_one_is_looked_at_again(world: World) -> None:
    tally = world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}, generation=1))
    assert (tally.not_checked, tally.transitions) == (1, 0)
    world.judge(2, seen(ORDERS, {"visibilityTimeout": 60}, generation=4))
    assert world.happened() == []
    assert "not known yet" in world.coverage()[2][ORDERS.urn]
    assert [who for who, _ in world.app.stores.schedule.rechecks(START + timedelta(seconds=3))] == [WEBSHOP]


def test_inside_a_running_execution_nothing_is_checked(world: World) -> None:
    executions = world.app.stores.executions
    world.app.commit(Effects(writes=executions.started(WEBSHOP, "e1", [ORDERS.urn], START)))
    tally = world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}), seen(WORKER, {"fifo": True}))
    assert (tally.not_checked, tally.drifted) == (1, 1)
    world.app.commit(Effects(writes=(executions.ended("e1", verified=True, at=START),)))
    assert world.judge(2, seen(ORDERS, {"visibilityTimeout": 60})).drifted == 1


def test_what_an_unverified_execution_left_behind_is_judged_as_it_is(world: World) -> None:
    executions = world.app.stores.executions
    world.app.commit(Effects(writes=executions.started(WEBSHOP, "e1", [ORDERS.urn], START)))
    world.app.commit(Effects(writes=(executions.ended("e1", verified=False, at=START),)))
    after = START + timedelta(seconds=1)
    moved = seen(ORDERS, {"visibilityTimeout": 60}, generation=6)
    assert world.judge(1, moved, observed_at=START).not_checked == 1
    assert world.judge(2, moved, observed_at=after).drifted == 1


def test_not_checked_says_why_and_keeps_an_open_drift(world: World) -> None:
    world.judge(1, gone(ORDERS))
    world.judge(2, seen(ORDERS, presence="NOT_CHECKED", reason="access denied"))
    assert world.coverage() == (0, 0, {ORDERS.urn: "access denied"})
    drift = world.app.drift_of(ORDERS.urn)
    assert drift is not None and drift.open


def test_two_processes_that_judge_the_same_decide_once(world: World) -> None:
    other = Judging(world.app)
    one = batch(1, seen(ORDERS, {"visibilityTimeout": 60}))
    world.asked(SHARD, 1)
    world.judging.judge(one)
    assert other.judge(one).stale == 1
    assert world.happened() == ["Watched", "Detected"]


def test_a_large_batch_is_saved_in_pieces(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(1100)]
    for resource in resources:
        world.states.put(resource)
    assert world.judge(1, *map(seen, resources)).checked == 1100
    assert world.coverage()[0] == 1100


def test_pages_follow_each_other(world: World) -> None:
    for n in range(5):
        resource = replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}")
        world.states.put(resource)
        world.clock.advance(1)
        world.judge(1, gone(resource))
    found, cursor = [], ""
    while True:
        page = world.app.page("storefront", "webshop", open_only=True, size=2, cursor=cursor)
        found += [view.urn for view in page.views]
        if not (cursor := page.next_cursor):
            break
    assert found == [urn(f"r{n}") for n in (4, 3, 2, 1, 0)]
