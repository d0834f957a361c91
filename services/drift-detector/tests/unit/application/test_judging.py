"""Given what is desired, when observations come, then transitions."""

import itertools
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.facts import Effects
from deployforge_chassis.shredding import Shredding
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.coverage import NEVER
from deployforge_drift_detector.application.judging import Judging, NeverAskedFor
from deployforge_drift_detector.application.looks import Reason
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


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


RULES = ((), (IgnoreRule("*", "tags.*"),), (IgnoreRule("*", "tags.*", until=START + timedelta(minutes=3)),))
STEP = st.tuples(
    st.integers(0, 2),
    st.sampled_from([{}, {"visibilityTimeout": 60}, {"tags": {"env": "x"}}, None]),
    st.sampled_from([0, 60]),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
def test_what_is_remembered_and_what_is_read_each_time_come_to_the_same(
    world: World, steps: list[tuple[int, dict[str, Any] | None, int]]
) -> None:
    """Two resources alike, each in a shard of its own: one judged with a memory, one without."""
    number = next(NUMBERS)
    pair = [
        replace(ORDERS, urn=urn(f"m{number}-{n}"), resource=f"m{n}", shard=f"s{number}-{n}", depends_on=()) for n in (0, 1)
    ]
    judges = [world.judging, Judging(world.app, Books(world.app, remember=False, fresh_seconds=0))]
    for sequence, (rules, properties, seconds) in enumerate(steps, 1):
        world.clock.advance(seconds)
        tallies = []
        for one, judging in zip(pair, judges, strict=True):
            wanted = replace(one, version=rules + 1, ignore=RULES[rules])
            if world.states.get(one.urn) is None or world.states.get(one.urn).ignore != wanted.ignore:  # type: ignore[union-attr]
                world.states.drop(one.urn)
                world.states.put(wanted)
            world.asked(one.shard, sequence)
            what = gone(one) if properties is None else seen(one, properties)
            tally = judging.judge(batch(sequence, what, shard=one.shard))
            tallies.append((tally.checked, tally.drifted, tally.not_checked, tally.transitions))
        assert tallies[0] == tallies[1]
    findings = [(drift := world.app.drift_of(one.urn)) and (drift.open, drift.episode, drift.finding) for one in pair]
    assert findings[0] == findings[1]


def test_an_unchanged_digest_is_not_read_again(world: World) -> None:
    tallies = [world.judge(sequence, seen(ORDERS), seen(WORKER, {"fifo": True})) for sequence in (1, 2, 3)]
    assert [(t.reused, t.read, t.checked, t.drifted) for t in tallies] == [(0, 2, 1, 1), (2, 0, 1, 1), (2, 0, 1, 1)]


def test_what_was_looked_at_survives_a_restart_and_verdicts_are_reached_anew(world: World) -> None:
    world.judge(5, seen(ORDERS), seen(WORKER, {"fifo": True}))
    world.judging.books.close()
    later = Judging(world.app, Books(world.app, fresh_seconds=0))
    assert later.judge(batch(5, seen(ORDERS, {"visibilityTimeout": 60}))).stale == 1
    world.asked(SHARD, 6)
    tally = later.judge(batch(6, seen(ORDERS), seen(WORKER, {"fifo": True})))
    assert (tally.reused, tally.read, tally.transitions) == (0, 2, 0)


def test_one_body_of_every_batch_is_held_against_its_digest_though_nothing_changed(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(3)]
    for one in resources:
        world.states.put(one)
    world.judge(1, *map(seen, resources))
    forged = [replace(seen(one), properties_json=b'{"visibilityTimeout":61}') for one in resources]
    tally = world.judge(2, *forged)
    assert [reason for _, reason in tally.refused] == ["the digest is not that of the properties"] * 3


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
        (seen(ORDERS, urn=urn("stranger"), reason="in words"), "no such resource is desired"),
        (seen(ORDERS, deployment_id=UUID(int=1), reason="in words"), "it belongs to another deployment"),
        (seen(ORDERS, urn=urn("stranger")), "no such resource is desired"),
        (seen(ORDERS, deployment_id=UUID(int=1)), "no such resource is desired"),
    ],
)
def test_what_cannot_be_is_refused_and_the_rest_goes_on(world: World, observation: Any, reason: str) -> None:
    tally = world.judge(1, observation, seen(WORKER, {"fifo": True}))
    [(what, why)] = tally.refused
    assert why == reason
    assert what == observation.urn or what.startswith("resource ")
    assert tally.transitions == 1


def test_a_forged_digest_is_refused_even_where_the_true_one_is_remembered(world: World) -> None:
    world.judge(1, seen(ORDERS))
    true = seen(ORDERS)
    for sequence, forged in enumerate(
        (seen(ORDERS, digest=bytes(16)), seen(ORDERS, {"visibilityTimeout": 60}, digest=true.digest)), 2
    ):
        tally = world.judge(sequence, forged)
        assert tally.refused == [(ORDERS.urn, "the digest is not that of the properties")]
        assert tally.not_checked == 1
        assert world.coverage() == (0, 0, {ORDERS.urn: "the digest is not that of the properties"})
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


def test_all_that_is_downstream_is_counted_and_the_outputs_that_break_are_named(world: World) -> None:
    world.states.put(replace(ORDERS, version=2, outputs=("ordersUrl",)))
    for n in range(250):
        resource = f"user-{n:03}"
        outputs = ("last",) if n == 249 else ()
        world.states.put(replace(WORKER, urn=urn(resource), resource=resource, outputs=outputs))
    world.judge(1, gone(ORDERS))
    [view] = world.app.page("", "", open_only=True, size=9, cursor="").views
    assert (len(view.impact), view.affected, view.outputs) == (200, 251, ("webshop.last", "webshop.ordersUrl"))
    assert view.impact[0].reason == "user-000 is declared to depend on orders"
    found = world.app.impact("storefront", "webshop", "orders")
    assert (found.impact, found.affected, found.outputs) == (view.impact, view.affected, view.outputs)


def test_a_long_chain_is_counted_to_its_end_and_named_as_far_as_a_fact_holds(world: World) -> None:
    for n in range(199):
        resource, needed = f"link-{n:03}-{'x' * 40}", ORDERS.urn if n == 0 else urn(f"link-{n - 1:03}-{'x' * 40}")
        world.states.put(replace(WORKER, urn=urn(resource), resource=resource, depends_on=(needed,)))
    found = world.app.impact("storefront", "webshop", "orders")
    assert found.affected == 200
    assert 50 < len(found.impact) < 100


def test_what_no_scan_has_looked_at_is_not_checked(world: World) -> None:
    world.judge(1, seen(ORDERS))
    [shard] = world.app.coverage("storefront", "webshop")
    assert (shard.checked, shard.not_checked) == (1, ((WORKER.urn, NEVER),))
    world.states.put(replace(WORKER, version=2, shard="other"))
    new, known = sorted(world.app.coverage("storefront", ""), key=lambda one: one.scan_id)
    assert (new.shard, new.scan_id, new.at, new.checked) == ("other", "", None, 0)
    assert (known.scan_id, known.at) == ("scan-1", START)


def test_what_was_looked_at_long_ago_is_not_checked(world: World) -> None:
    world.states.put(replace(WORKER, version=2, every_seconds=3600))
    world.judge(1, seen(ORDERS), seen(WORKER, {"fifo": True}))
    world.clock.advance(3 * ORDERS.every_seconds + 60)
    assert world.coverage() == (1, 1, {})
    world.clock.advance(1)
    assert world.coverage() == (0, 1, {ORDERS.urn: "last looked at 4 min ago, it should be every 60 s"})
    world.judge(2, seen(ORDERS, reason="throttled", presence="NOT_CHECKED"), observed_at=world.clock.now())
    assert world.coverage() == (0, 1, {ORDERS.urn: "throttled"})
    world.clock.advance(86_400 * 3)
    assert world.coverage()[2] == {
        ORDERS.urn: "last looked at 3 d ago, it should be every 60 s; throttled",
        WORKER.urn: "last looked at 3 d ago, it should be every 60 min",
    }


def test_when_everything_drifts_at_once_it_is_saved_in_time(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(500)]
    for resource in resources:
        world.states.put(resource)
    began = time.monotonic()
    assert world.judge(1, *(seen(one, {"visibilityTimeout": 60}) for one in resources)).transitions == 500
    assert time.monotonic() - began < 20


def test_another_shard_is_refused(world: World) -> None:
    for observation in (seen(ORDERS), seen(ORDERS, reason="in words")):
        tally = world.judge(1, observation, shard="aws:000000000000:us-east-1:00")
        assert [why for _, why in tally.refused] == ["no such resource is desired"]


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
    assert other.judge(one).transitions == 0
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


def test_shredding_takes_the_reasons_of_a_deployment_and_leaves_those_of_others(world: World) -> None:
    other = replace(ORDERS, urn="urn:df:other:shop:x", deployment_id=UUID(int=7), namespace="other", name="shop")
    world.states.put(other)
    world.judge(1, *(seen(one, presence="NOT_CHECKED", reason=f"no {one.urn}") for one in (ORDERS, other)))
    world.app.database.write(Shredding(world.app.database, world.app.sealer).erase(WEBSHOP))
    assert [row["reason"] for row in world.app.database.query("SELECT reason FROM look_reasons")] == [f"no {other.urn}"]
    [shard] = world.app.coverage("other", "shop")
    assert shard.not_checked == ((other.urn, f"no {other.urn}"),)
    later = Judging(world.app, Books(world.app, fresh_seconds=0))
    assert later.books.of(SHARD).reasons == {later.books.of(SHARD).row_of(other.urn): f"no {other.urn}"}


def test_what_is_not_desired_any_more_is_forgotten_though_no_scan_comes(world: World) -> None:
    world.judge(1, seen(ORDERS, presence="NOT_CHECKED", reason="denied"), seen(WORKER))
    for one in (ORDERS, WORKER):
        world.states.drop(one.urn)
    world.clock.advance(5)
    world.judging.books.write()
    assert world.app.database.query("SELECT * FROM look_reasons") == []
    assert world.app.stores.looks.of([SHARD])[SHARD].ids.tolist() == []


def test_an_older_look_replaces_neither_a_newer_one_nor_its_reasons(world: World) -> None:
    world.judge(5, seen(ORDERS, presence="NOT_CHECKED", reason="newer"))
    newer = world.app.stores.looks.of([SHARD])[SHARD]
    older = replace(newer, sequence=4, reasons=(Reason(WEBSHOP, "older"),))
    world.app.database.write(list(world.app.stores.looks.put(older)))
    assert world.app.stores.looks.of([SHARD])[SHARD].reasons == (Reason(WEBSHOP, "newer"),)


def test_a_book_that_cannot_be_written_down_is_closed_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.asked(SHARD, 1)
    world.judging.judge(batch(1, seen(ORDERS)))
    with monkeypatch.context() as patched:
        patched.setattr(world.app, "commit", lambda effects: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.judging.books.close({0})
    assert world.judging.books.of(SHARD).sequences.max() == -1


def test_each_attribute_tells_when_it_was_last_as_desired(world: World) -> None:
    minute = timedelta(minutes=1)
    world.judge(1, seen(ORDERS))
    world.judge(2, seen(ORDERS), observed_at=START + minute)
    world.judge(3, seen(ORDERS, {"visibilityTimeout": 60}), observed_at=START + 2 * minute)
    world.judge(4, seen(ORDERS, {"visibilityTimeout": 60}), observed_at=START + 3 * minute)
    world.judge(5, seen(ORDERS, {"visibilityTimeout": 90, "tags": {"env": "x"}}), observed_at=START + 4 * minute)
    [record] = world.app.page("storefront", "webshop", open_only=True, size=9, cursor="").views
    assert {one.path: one.good_at for one in record.attributes} == {
        "visibilityTimeout": START + minute, "tags.env": START + 3 * minute,
    }  # fmt: skip
    world.judge(6, seen(ORDERS), observed_at=START + 5 * minute)
    world.judge(7, seen(ORDERS, {"visibilityTimeout": 60}), observed_at=START + 6 * minute)
    [again] = world.app.page("storefront", "webshop", open_only=True, size=9, cursor="").views
    assert [one.good_at for one in again.attributes] == [START + 5 * minute]


def test_what_no_scan_has_seen_as_desired_has_no_such_time(world: World) -> None:
    world.judge(1, seen(WORKER, {"fifo": True}))
    world.judge(1, seen(ORDERS, presence="NOT_CHECKED", reason="throttled"))
    world.judge(2, seen(ORDERS, {"visibilityTimeout": 60}))
    views = world.app.page("storefront", "webshop", open_only=True, size=9, cursor="").views
    assert [one.good_at for view in views for one in view.attributes] == [None, None]
