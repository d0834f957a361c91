"""The API: proto in, proto out, refusals by name."""

from typing import Any

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.healer.v1 import healing_pb2 as pb
from deployforge_chassis.identity import CONTROL_PLANE
from deployforge_healer.application.ports import BadCursor
from deployforge_healer.domain.care import Care
from deployforge_healer.domain.ladder import Remedy, replay
from deployforge_healer.entrypoints import grpc_api
from deployforge_healer.entrypoints.grpc_api import RULES, STATUS_OF, BadId, HealingApi, IncidentNotFound

from ...conftest import DEPLOYMENT, World

CONTEXT: Any = None
# The deployment that the examples' deployment id stands for is found by name only through pause and resume.
SHOP = common_pb2.DeploymentRef(namespace="storefront", name="webshop")


@pytest.fixture
def api(world: World, monkeypatch: pytest.MonkeyPatch) -> HealingApi:
    monkeypatch.setattr(grpc_api, "principal", lambda context: None)
    monkeypatch.setattr(grpc_api, "_deployment_id", lambda ref: DEPLOYMENT)
    return HealingApi(world.app)


def test_an_incident_with_its_explanation(world: World, api: HealingApi) -> None:
    world.policy()
    world.drift()
    [listed] = api.ListIncidents(pb.ListIncidentsRequest(deployment=SHOP, open_only=True), CONTEXT).incidents
    told = api.Explain(pb.ExplainRequest(incident_id=listed.incident_id), CONTEXT)
    assert told.incident == listed
    assert (listed.state, listed.remedy, listed.attempts) == ("healing", "correct", 1)
    [decision] = told.decisions
    assert (decision.remedy, decision.attempt, decision.outcome) == ("correct", 1, "pending")
    assert {a.remedy for a in decision.alternatives} == {"correct", "rollback", "recreate", "alert"}
    assert all(a.reason for a in decision.alternatives)
    again = replay(decision.inputs_json)
    assert isinstance(again, Remedy)
    assert (again.remedy, again.attempt, again.reason) == (decision.remedy, decision.attempt, decision.reason)


def test_a_closed_incident_is_listed_among_all(world: World, api: HealingApi) -> None:
    world.policy()
    world.drift()
    world.started()
    world.resolved()
    assert not api.ListIncidents(pb.ListIncidentsRequest(open_only=True), CONTEXT).incidents
    [closed] = api.ListIncidents(pb.ListIncidentsRequest(), CONTEXT).incidents
    assert (closed.state, closed.reason) == ("closed", "healed")
    assert closed.HasField("closed_at")


def test_pausing_and_resuming(world: World, api: HealingApi) -> None:
    world.policy()
    api.Pause(pb.PauseRequest(deployment=SHOP, reason="maintenance"), CONTEXT)
    world.drift()
    assert not world.proposed
    api.Resume(pb.ResumeRequest(deployment=SHOP), CONTEXT)
    world.work()
    assert [d.remedy for d in world.proposed] == ["correct"]


def test_what_is_no_incident_is_not_explained(world: World, api: HealingApi) -> None:
    world.policy()
    for id, refusal in (
        ("?", BadId),
        ("00000000-0000-0000-0000-000000000000", IncidentNotFound),
        (str(Care.create_id(DEPLOYMENT)), IncidentNotFound),
    ):
        with pytest.raises(refusal):
            api.Explain(pb.ExplainRequest(incident_id=id), CONTEXT)
    with pytest.raises(BadCursor):
        api.ListIncidents(pb.ListIncidentsRequest(page=common_pb2.PageRequest(cursor="?")), CONTEXT)


def test_who_may_call_what_and_how_refusals_are_told() -> None:
    assert {RULES[f"/deployforge.healer.v1.Healing/{m}"] for m in ("Explain", "Pause", "Resume", "ListIncidents")} == {
        frozenset({CONTROL_PLANE})
    }
    assert STATUS_OF[BadId] is grpc.StatusCode.INVALID_ARGUMENT
