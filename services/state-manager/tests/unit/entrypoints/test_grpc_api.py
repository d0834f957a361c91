"""The API: proto in, proto out, refusals by name."""

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge_chassis.identity import CONTROL_PLANE, DRIFT_DETECTOR, HEALER, ORCHESTRATOR
from deployforge_state_manager.application.ports import BadPoint, StateNotFound
from deployforge_state_manager.entrypoints import grpc_api
from deployforge_state_manager.entrypoints.grpc_api import RULES, STATUS_OF, InventoryApi, StateApi
from google.protobuf.timestamp_pb2 import Timestamp

from ...conftest import Memory, urn

CONTEXT: Any = None
WEBSHOP = common_pb2.DeploymentRef(namespace="storefront", name="webshop")
NOBODY = common_pb2.DeploymentRef(namespace="storefront", name="nothing")


@pytest.fixture
def api(memory: Memory) -> StateApi:
    first = memory.executed(
        {
            "net": {"desired_json": '{"cidr":"10.0.0.0/16"}', "spec_json": '{"name":"net"}'},
            "rules": {
                "desired_json": '{"ingress":[1,2],"order":[1,2],"tags":{"a":"1"}}',
                "set_paths": ["ingress"],
                "spec_json": '{"properties":{"network":"${net.id}"}}',
                "depends_on": [urn("net")],
            },
            "mail": {"depends_on": [urn("net")], "spec_json": '{"dependsOn":["net"]}'},
        }
    )
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=first, passed=True)
    memory.executed(
        {
            "rules": {
                "desired_json": '{"ingress":[2,1],"order":[2,1],"tags":{"b":"2"}}',
                "set_paths": ["ingress"],
                "spec_json": "{}",
            },
            "jobs": {},
        },
        removed=("mail",),
        author="carol",
    )
    return StateApi(memory.reader)


def test_a_version_with_all_that_plans_and_rollbacks_need(api: StateApi) -> None:
    now = api.Get(pb.GetRequest(deployment=WEBSHOP), CONTEXT)
    then = api.Get(pb.GetRequest(deployment=WEBSHOP, version=1), CONTEXT)
    assert (now.version.version, now.version.desired_version, now.version.author) == (2, 2, "carol")
    assert [r.name for r in then.resources] == ["mail", "net", "rules"]
    assert [r.name for r in now.resources] == ["jobs", "net", "rules"]
    net, rules = then.resources[1:]
    assert (net.spec_json, net.desired_json) == ('{"name":"net"}', '{"cidr":"10.0.0.0/16"}')
    assert (list(rules.set_paths), list(rules.depends_on)) == (["ingress"], [urn("net")])
    assert now.units
    assert all(unit.template_digest and unit.inputs_json for unit in now.units)
    assert now.healing_json
    assert now.version.HasField("effective_at")
    assert now.version.HasField("recorded_at")


def test_history_newest_first(api: StateApi) -> None:
    page = common_pb2.PageRequest(size=1)
    first = api.History(pb.HistoryRequest(deployment=WEBSHOP, page=page), CONTEXT)
    assert [(v.version, v.good) for v in first.versions] == [(2, False)]
    page.cursor = first.next_cursor
    second = api.History(pb.HistoryRequest(deployment=WEBSHOP, page=page), CONTEXT)
    assert ([(v.version, v.good) for v in second.versions], second.next_cursor) == ([(1, True)], "")


def test_a_difference_attribute_by_attribute_with_sets_as_sets(api: StateApi) -> None:
    diff = api.Diff(pb.DiffRequest(deployment=WEBSHOP, from_version=1), CONTEXT)
    assert (diff.from_version, diff.to_version) == (1, 2)
    assert [(r.name, r.change) for r in diff.resources] == [("jobs", "added"), ("mail", "removed"), ("rules", "changed")]
    changed = {a.path: (a.before_json, a.after_json) for a in diff.resources[2].attributes}
    assert changed == {"order[0]": ("2", "2"), "tags.a": ('"1"', ""), "tags.b": ("", '"2"')}
    assert {a.path: a.change for a in diff.resources[2].attributes} == {
        "order[0]": "moved", "tags.a": "removed", "tags.b": "added",
    }  # fmt: skip
    back = api.Diff(pb.DiffRequest(deployment=WEBSHOP, from_version=2, to_version=1), CONTEXT)
    assert [r.change for r in back.resources] == ["removed", "added", "changed"]
    same = api.Diff(pb.DiffRequest(deployment=WEBSHOP, from_version=2, to_version=2), CONTEXT)
    assert not same.resources


def test_the_last_known_good_and_the_graph(api: StateApi, memory: Memory) -> None:
    assert api.LastKnownGood(pb.LastKnownGoodRequest(deployment=WEBSHOP), CONTEXT).version.version == 1
    memory.executed({"mail": {"depends_on": [urn("net")], "spec_json": '{"dependsOn":["net"]}'},
                     "rules": {"depends_on": [urn("net")], "spec_json": '{"x":"${net.id}"}'}})  # fmt: skip
    graph = api.Graph(pb.GraphRequest(deployment=WEBSHOP), CONTEXT)
    assert list(graph.urns) == [urn(name) for name in ("jobs", "mail", "net", "rules")]
    assert {(e.from_urn, e.to_urn, e.reason) for e in graph.edges} == {
        (urn("mail"), urn("net"), "explicit"),
        (urn("rules"), urn("net"), "reference"),
    }


def _stamp(year: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(year, 1, 1, tzinfo=UTC))
    return stamp


def test_at_a_time_or_by_what_was_known_then(api: StateApi) -> None:
    early, late = _stamp(2020), _stamp(2100)
    assert api.Get(pb.GetRequest(deployment=WEBSHOP, as_of=late, known_at=late), CONTEXT).version.version == 2
    with pytest.raises(StateNotFound, match="as of 2020"):
        api.Get(pb.GetRequest(deployment=WEBSHOP, as_of=early), CONTEXT)
    with pytest.raises(StateNotFound, match="known at 2020"):
        api.Get(pb.GetRequest(deployment=WEBSHOP, known_at=early), CONTEXT)
    with pytest.raises(BadPoint):
        api.Get(pb.GetRequest(deployment=WEBSHOP, version=1, as_of=late), CONTEXT)
    with pytest.raises(BadPoint):
        api.Get(pb.GetRequest(deployment=WEBSHOP, as_of=Timestamp(seconds=10**17)), CONTEXT)


def test_a_difference_between_any_two_points(api: StateApi) -> None:
    request = pb.DiffRequest(deployment=WEBSHOP, to=pb.Point(as_of=_stamp(2100)))
    getattr(request, "from").version = 1
    diff = api.Diff(request, CONTEXT)
    assert (diff.from_version, diff.to_version, len(diff.resources)) == (1, 2, 3)


def test_the_life_of_a_resource(api: StateApi, memory: Memory) -> None:
    memory.hear("drift-detector.drift", "DriftDetected", urn=urn("rules"), kind="MISSING")
    told = api.ResourceHistory(pb.ResourceHistoryRequest(deployment=WEBSHOP, resource="rules"), CONTEXT).events
    assert [(e.what, e.drift, e.version) for e in told] == [
        ("drift", "missing", 0), ("recorded", "", 2), ("recorded", "", 1),
    ]  # fmt: skip
    assert "tags.b" in {a.path for a in told[1].attributes}
    gone = api.ResourceHistory(pb.ResourceHistoryRequest(deployment=WEBSHOP, resource="mail"), CONTEXT).events
    assert [e.what for e in gone] == ["removed", "recorded"]


def test_history_names_the_way_back_and_the_reason(api: StateApi, memory: Memory) -> None:
    memory.hear("control-plane.deployments", "DeploymentRequested", reason="because", origin="HEALER", remedy="ROLLBACK")
    memory.hear("control-plane.deployments", "PlanApproved", rule="approval.required", approvers=["bob"])
    told = api.History(pb.HistoryRequest(deployment=WEBSHOP), CONTEXT)
    assert (told.last_known_good, told.rollback_target) == (1, 1)
    why, leave = told.versions[0].reason, told.versions[0].approval
    assert (why.origin, why.text, why.remedy, why.HasField("requested_at")) == ("healer", "because", "rollback", True)
    assert (leave.rule, list(leave.approvers), leave.HasField("approved_at")) == ("approval.required", ["bob"], True)


def test_what_is_not_known_is_not_found(api: StateApi) -> None:
    for ask in (
        lambda: api.Get(pb.GetRequest(deployment=NOBODY), CONTEXT),
        lambda: api.Get(pb.GetRequest(deployment=WEBSHOP, version=3), CONTEXT),
        lambda: api.Get(pb.GetRequest(deployment=WEBSHOP, version=2**64 - 1), CONTEXT),
        lambda: api.History(pb.HistoryRequest(deployment=NOBODY), CONTEXT),
        lambda: api.Diff(pb.DiffRequest(deployment=WEBSHOP, from_version=7), CONTEXT),
        lambda: api.LastKnownGood(pb.LastKnownGoodRequest(deployment=NOBODY), CONTEXT),
        lambda: api.Graph(pb.GraphRequest(deployment=NOBODY), CONTEXT),
    ):
        with pytest.raises(StateNotFound):
            ask()


def test_the_inventory(api: StateApi, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_api, "principal", lambda context: None)
    memory.hear("drift-detector.drift", "DriftDetected", urn=urn("net"), kind="CHANGED")
    inventory = InventoryApi(memory.inventory)
    request = pb.InventoryListRequest(deployment=WEBSHOP, page=common_pb2.PageRequest(size=2))
    first = inventory.List(request, CONTEXT)
    request.page.cursor = first.next_cursor
    second = inventory.List(request, CONTEXT)
    assert [i.urn for i in (*first.items, *second.items)] == [urn(name) for name in ("jobs", "net", "rules")]
    assert [i.drift for i in first.items] == ["", "drifted"]
    assert not second.next_cursor


def test_who_may_call_what_and_how_refusals_are_told() -> None:
    assert RULES["/deployforge.state_manager.v1.State/Get"] == {CONTROL_PLANE, ORCHESTRATOR, HEALER, DRIFT_DETECTOR}
    assert RULES["/deployforge.state_manager.v1.Inventory/List"] == {CONTROL_PLANE}
    assert STATUS_OF[StateNotFound] is grpc.StatusCode.NOT_FOUND
