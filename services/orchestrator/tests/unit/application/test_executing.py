"""From an approved plan to what is remembered, and back when something fails."""

import json

from deployforge_orchestrator.domain.planning import PRESENT, Live

from .conftest import World, manifest, urn

_PROGRESS = ("StepStarted", "StepCompleted", "OperationRequested")
TWO_UNITS = manifest(("dead", "aws", {}), ("jobs", "us", {"dead": "${dead.arn}"}))


def test_an_approved_plan_is_executed_in_order_and_verified(world: World) -> None:
    world.approve(world.request(TWO_UNITS))
    assert world.operate() == 2
    assert world.names(*_PROGRESS) == [
        "PlanDrafted", "ExecutionStarted", "ExecutionCompleted", "ResourceVerified", "ResourceVerified", "ExecutionVerified",
    ]  # fmt: skip
    operations = [r.value for r in world.said() if r.fact == "OperationRequested"]
    assert [(o["unit_id"], o["inputs"]) for o in operations] == [("aws/0.0", {}), ("us/1.0", {"dead.arn": "arn:dead"})]
    jobs = [r.value for r in world.said() if r.fact == "ResourceVerified"][1]
    assert json.loads(jobs["desired_json"]) == {"dead": "arn:dead"}
    assert jobs["depends_on"] == [urn("dead")]
    assert (jobs["name"], jobs["resource"]) == ("web", "jobs")
    verified = world.last("ExecutionVerified")
    assert (verified["resources"], verified["approvers"], verified["desired_changed"]) == (2, ["bob"], True)
    assert [json.loads(u["inputs_json"]) for u in verified["units"]] == [{}, {"dead.arn": "arn:dead"}]


def test_nothing_is_executed_twice(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.approve(id)
    world.approve(id)
    world.operate()
    for record in [r for r in world.said() if r.fact == "OperationRequested"]:
        world.answer(record.value)
    world.work()
    assert world.names().count("ExecutionStarted") == 1
    assert world.names().count("OperationRequested") == 2
    assert world.names().count("ExecutionVerified") == 1


def test_a_failure_takes_back_what_was_done_in_reverse_order(world: World) -> None:
    world.broken["us/1.0"] = {"urn": urn("jobs")}
    world.approve(world.request(TWO_UNITS))
    world.operate()
    assert world.names(*_PROGRESS)[-2:] == ["StepFailed", "ExecutionRolledBack"]
    assert world.last("ExecutionRolledBack")["reason"] == "unit us/1.0 failed: jobs: it broke"
    last = world.last("OperationRequested")
    assert (last["verb"], last["unit_id"], last["rollback"]) == ("destroy", "aws/0.0", True)


def test_an_update_that_fails_gives_the_others_their_old_template_back(world: World) -> None:
    world.applied(TWO_UNITS)
    before = {u.unit_id: u.template_digest for u in world.state.units.values()}
    world.broken["us/1.0"] = {}
    world.approve(world.request(manifest(("dead", "aws", {"v": 1}), ("jobs", "us", {"dead": "${dead.arn}", "v": 2}))))
    world.operate()
    last = world.last("OperationRequested")
    assert (last["verb"], last["unit_id"], last["template_digest"]) == ("apply", "aws/0.0", before["aws/0.0"])
    assert world.names()[-1] == "ExecutionRolledBack"


def test_a_failure_stops_dependents_not_siblings(world: World) -> None:
    world.broken["aws/0.0"] = {}
    world.approve(world.request(manifest(("a", "aws", {}), ("b", "us", {}), ("c", "us", {"x": "${a.arn}"}))))
    world.operate()
    states = {
        r.value["unit_id"]: r.fact
        for r in world.said()
        if r.fact in ("StepCompleted", "StepFailed", "StepSkipped") and not r.value.get("rollback")
    }
    assert states == {"aws/0.0": "StepFailed", "us/0.0": "StepCompleted", "us/1.0": "StepSkipped"}


def test_what_may_pass_is_tried_again_and_only_so_often(world: World) -> None:
    world.broken["aws/0.0"] = {"retryable": True}
    world.approve(world.request(manifest(("a", "aws", {}))))
    world.operate()
    assert world.names().count("OperationRequested") == 2
    assert len({r.value["operation_id"] for r in world.said() if r.fact == "OperationRequested"}) == 2
    assert "ExecutionVerified" in world.names()


def test_retries_end(world: World) -> None:
    world.approve(world.request(manifest(("a", "aws", {}))))
    for _ in range(5):
        world.broken["aws/0.0"] = {"retryable": True}
        world.operate(1)
    assert world.names().count("OperationRequested") == 3
    assert world.names()[-1] == "ExecutionRolledBack"


def test_a_stale_plan_is_refused(world: World) -> None:
    old = world.request(manifest(("a", "aws", {"v": 1})))
    world.applied(manifest(("a", "aws", {"v": 2})))
    world.approve(old)
    stale = world.last("PlanStale")
    assert (stale["request_id"], stale["base_version"], stale["current_version"]) == (old, 0, 1)
    assert world.names().count("ExecutionStarted") == 1


def test_one_execution_at_a_time(world: World) -> None:
    first, second = world.request(manifest(("a", "aws", {"v": 1}))), world.request(manifest(("a", "aws", {"v": 2})))
    world.approve(first)
    world.approve(second)
    assert world.names().count("ExecutionStarted") == 1
    world.operate()
    world.remember()
    world.work()
    assert world.last("PlanStale")["request_id"] == second


def test_cancelling_takes_back_what_was_done(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.approve(id)
    world.operate(1)
    world.hear(
        world.app.cancellation_requested, "CancellationRequested", {"request_id": id, "by": "bob", "reason": "wrong"}
    )
    world.operate()
    assert world.last("ExecutionCancelled")["reason"] == "wrong"
    assert [r.value["unit_id"] for r in world.said() if r.fact == "OperationRequested" and r.value["rollback"]] == [
        "us/1.0",
        "aws/0.0",
    ]


def test_a_rejected_plan_is_never_begun(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.hear(world.app.plan_rejected, "PlanRejected", {"request_id": id})
    world.approve(id)
    assert "ExecutionStarted" not in world.names()


def test_what_is_not_as_planned_is_said(world: World) -> None:
    world.approve(world.request(manifest(("a", "aws", {"v": 1}))))
    [wanted] = [r.value for r in world.said() if r.fact == "OperationRequested"]
    world.answer(wanted)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 7}, {}, "phy:a")
    world.work()
    assert world.last("VerificationFailed")["differences"] == [
        {"urn": urn("a"), "path": "v", "expected_json": "1", "actual_json": "7"}
    ]
    assert world.names()[-1] == "ExecutionFailed"
    second = world.request(manifest(("a", "aws", {"v": 1})))
    world.approve(second)
    assert world.names().count("ExecutionStarted") == 2, "the lane is free again"


def test_destroying_removes_units_in_reverse(world: World) -> None:
    world.applied(TWO_UNITS)
    world.approve(world.request(action="DESTROY"))
    world.operate()
    destroyed = [
        r.value["unit_id"] for r in world.said() if r.fact == "OperationRequested" and r.value["verb"] == "destroy"
    ]
    assert destroyed == ["us/1.0", "aws/0.0"]
    assert world.last("ExecutionVerified")["units"] == []
    assert [r.value["urn"] for r in world.said() if r.fact == "ResourceRemoved"] == [urn("dead"), urn("jobs")]
