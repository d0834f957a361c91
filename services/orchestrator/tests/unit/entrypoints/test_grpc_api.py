from typing import Any
from unittest.mock import Mock

import pytest
from deployforge.orchestrator.v1 import plans_pb2 as pb
from deployforge_orchestrator.entrypoints.grpc_api import BadId, ExecutionNotFound, ExecutionsApi, PlansApi

from ..application.conftest import World, manifest, urn
from ..application.conftest import world as world

CONTEXT: Any = Mock()
LOOKING: Any = Mock()


def test_a_plan_is_told_change_by_change(world: World) -> None:
    world.applied(manifest(("a", "aws", {"fifo": False}), ("b", "us", {"x": "${a.arn}"})))
    world.request(manifest(("a", "aws", {"fifo": True}), ("b", "us", {"x": "${a.arn}"})))
    drafted = world.last("PlanDrafted")
    plan = PlansApi(world.app).Get(pb.PlansGetRequest(plan_id=drafted["plan_id"]), CONTEXT).plan
    assert (plan.plan_digest, plan.base_version, plan.action) == (drafted["plan_digest"], 1, "apply")
    a, b = plan.changes
    assert (a.action, b.action) == (pb.CHANGE_ACTION_REPLACE, pb.CHANGE_ACTION_UPDATE)
    assert a.replacement_reason == "fifo of AWS::SQS::Queue can only be set at creation"
    assert (b.attributes[0].unknown, list(b.depends_on)) == (True, [urn("a")])
    assert [(u.unit_id, u.stage, list(u.depends_on)) for u in plan.units] == [
        ("aws/0.0", 0, []),
        ("us/1.0", 1, ["aws/0.0"]),
    ]


def test_an_execution_is_told_step_by_step_and_what_was_read_back(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1})))
    id = world.last("ExecutionVerified")["execution_id"]
    execution = ExecutionsApi(world.app, LOOKING).Get(pb.ExecutionsGetRequest(execution_id=id), CONTEXT).execution
    assert (execution.state, [(s.verb, s.state) for s in execution.steps]) == ("verified", [("apply", "completed")])
    [read] = ExecutionsApi(world.app, LOOKING).Verified(pb.VerifiedRequest(execution_id=id), CONTEXT)
    assert (read.urn, read.desired_json, read.actual_json) == (urn("a"), '{"v":1}', '{"v":1}')


def test_what_there_is_not_is_refused_by_name(world: World) -> None:
    with pytest.raises(LookupError):
        PlansApi(world.app).Get(pb.PlansGetRequest(plan_id="none"), CONTEXT)
    with pytest.raises(BadId):
        ExecutionsApi(world.app, LOOKING).Get(pb.ExecutionsGetRequest(execution_id="none"), CONTEXT)
    unknown = pb.ExecutionsGetRequest(execution_id="7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")
    with pytest.raises(ExecutionNotFound):
        ExecutionsApi(world.app, LOOKING).Get(unknown, CONTEXT)
