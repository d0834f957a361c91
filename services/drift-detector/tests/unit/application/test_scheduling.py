"""Scans are asked for when they are due, on demand, and after executions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from deployforge_chassis.facts import Fact
from deployforge_drift_detector.application.hearing import Hearing
from deployforge_drift_detector.application.scheduling import Scheduling
from deployforge_drift_detector.application.views import DriftNotFound, NothingToScan

from ...conftest import ORDERS, SHARD, START, WEBSHOP, WORKER, World, seen, urn


def fact(type: str, **value: Any) -> Fact:
    value = {"deployment_id": str(WEBSHOP), "execution_id": "e1", **value}
    return Fact("orchestrator.executions", 0, 0, str(WEBSHOP), type, value, "orchestrator", 1, 1, 0, "x", "", "", "", START)


def asked(world: World) -> list[tuple[str, int, str]]:
    return [(event.shard, event.sequence, event.cause) for event in world.events()]


def test_a_new_shard_at_once_then_by_its_interval(world: World) -> None:
    scheduling = Scheduling(world.app, at_least_seconds=1)
    assert (scheduling.tick(), scheduling.tick()) == (1, 0)
    world.clock.advance(53)
    assert scheduling.tick() == 0
    world.clock.advance(7)
    assert scheduling.tick() == 1
    assert asked(world) == [(SHARD, 1, "schedule"), (SHARD, 2, "schedule")]


def test_of_many_that_are_due_the_most_urgent_are_asked_for_first(world: World) -> None:
    for shard, type, criticality in (
        ("a-plain", "Queue", "normal"), ("b-critical", "Queue", "high"), ("c-sensitive", "aws/AWS::IAM::Role", "normal"),
        ("d-both", "Role", "high"),
    ):  # fmt: skip
        world.states.put(replace(ORDERS, urn=f"urn:df:s:w:{shard}", shard=shard, type=type, criticality=criticality))
    world.states.drop(ORDERS.urn)
    world.states.drop(WORKER.urn)
    scheduling = Scheduling(world.app, at_least_seconds=1)
    for _ in range(2):
        assert scheduling.tick() == 4
        assert [shard for shard, *_ in asked(world)[-4:]] == ["d-both", "b-critical", "c-sensitive", "a-plain"]
        world.clock.advance(60)


def test_types_with_an_interval_of_their_own_are_looked_at_between_the_shards_scans(world: World) -> None:
    role = replace(ORDERS, urn="urn:df:storefront:webshop:role", type="Role")
    world.states.put(role)
    scheduling = Scheduling(world.app, at_least_seconds=1, by_type={"Role": 15, "aws/AWS::IAM::*": 5, "Queue": 600})
    ticks = []
    for _ in range(14):
        ticks.append(scheduling.tick())
        world.clock.advance(5)
    urns = [event.urns for event in world.events()]
    eager = tuple(sorted({role.urn, *(one.urn for one in (ORDERS, WORKER) if one.type == "Queue")}))
    # 0, 15, 30, 45 s, and all of it again after 60 s.
    assert ticks == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0]
    assert urns == [(), eager, eager, eager, ()]


def test_a_longer_interval_of_a_type_changes_nothing(world: World) -> None:
    scheduling = Scheduling(world.app, at_least_seconds=1, by_type={"*": 600})
    assert scheduling.tick() == 1
    world.clock.advance(50)
    assert scheduling.tick() == 0


def test_a_scan_on_demand_names_the_deployments_resources(world: World) -> None:
    world.states.put(replace(ORDERS, urn="urn:df:other:shop:x", namespace="other", name="shop"))
    [scan_id] = world.app.scan("storefront", "webshop")
    [event] = world.events()
    assert (event.originator_id, event.cause, event.urns) == (scan_id, "demand", (ORDERS.urn, WORKER.urn))
    with pytest.raises(NothingToScan):
        world.app.scan("storefront", "unknown")


def test_a_scan_on_demand_does_not_put_off_the_schedule(world: World) -> None:
    scheduling = Scheduling(world.app, at_least_seconds=1)
    scheduling.tick()
    world.clock.advance(59)
    world.app.scan("storefront", "webshop")
    world.clock.advance(1)
    scheduling.tick()
    assert [cause for _, _, cause in asked(world)] == ["schedule", "demand", "schedule"]


def test_an_execution_hides_its_resources_and_its_end_asks_for_a_look(world: World) -> None:
    hearing, scheduling = Hearing(world.app), Scheduling(world.app, at_least_seconds=1)
    scheduling.tick()
    world.app.commit(hearing.started(fact("ExecutionStarted", urns=[ORDERS.urn])))
    assert world.judge(1, seen(ORDERS, {"visibilityTimeout": 1})).not_checked == 1
    world.app.commit(hearing.ended(fact("ExecutionVerified")))
    assert scheduling.tick() == 0
    world.clock.advance(2)
    assert (scheduling.tick(), scheduling.tick()) == (1, 0)
    assert asked(world)[-1] == (SHARD, 2, "recheck")
    assert world.judge(2, seen(ORDERS, {"visibilityTimeout": 1})).drifted == 1


def test_completed_is_not_yet_the_end() -> None:
    heard = Hearing.heard(Hearing(None))["orchestrator.executions"]  # type: ignore[arg-type]
    assert "ExecutionCompleted" not in heard and "VerificationFailed" in heard


def test_a_recheck_asked_for_twice_happens_once_and_early(world: World) -> None:
    schedule = world.app.stores.schedule
    world.app.database.write(
        [
            schedule.recheck(WEBSHOP, START + timedelta(seconds=9)),
            schedule.recheck(WEBSHOP, START + timedelta(seconds=2)),
        ]
    )
    assert schedule.rechecks(START) == []
    assert schedule.rechecks(START + timedelta(seconds=2)) == [(WEBSHOP, START + timedelta(seconds=2))]


def test_an_unknown_drift_is_refused_by_name(world: World) -> None:
    for drift_id in ("nonsense", "00000000-0000-0000-0000-000000000001", urn("orders")):
        with pytest.raises(DriftNotFound):
            world.app.get(drift_id)
