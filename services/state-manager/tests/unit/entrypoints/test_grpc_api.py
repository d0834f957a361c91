"""The API: proto in, proto out, refusals by name."""

from typing import Any

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge_chassis.identity import CONTROL_PLANE, DRIFT_DETECTOR, HEALER, ORCHESTRATOR
from deployforge_state_manager.application.ports import StateNotFound
from deployforge_state_manager.entrypoints import grpc_api
from deployforge_state_manager.entrypoints.grpc_api import RULES, STATUS_OF, InventoryApi, StateApi

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
    assert changed == {"order": ("[1,2]", "[2,1]"), "tags.a": ('"1"', ""), "tags.b": ("", '"2"')}
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
    inventory = InventoryApi(memory.reader)
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
