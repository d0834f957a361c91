"""The API: proto in, proto out, refusals by name."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge_chassis import devca, tls
from deployforge_chassis.identity import CONTROL_PLANE, DRIFT_DETECTOR, HEALER, ORCHESTRATOR
from deployforge_chassis.testing import until
from deployforge_state_manager.adapters.rebuilds import PostgresRebuilds, Rebuilder
from deployforge_state_manager.adapters.signing import Signer
from deployforge_state_manager.application.changes import Changes
from deployforge_state_manager.application.moving import DeploymentExists, Moving
from deployforge_state_manager.application.ports import BadPoint, RebuildRunning, StateNotFound
from deployforge_state_manager.entrypoints import moving_api
from deployforge_state_manager.entrypoints.grpc_api import RULES, STATUS_OF, StateApi
from deployforge_state_manager.entrypoints.moving_api import Streams
from google.protobuf.timestamp_pb2 import Timestamp

from ...conftest import Memory, urn

CONTEXT: Any = None
WEBSHOP = common_pb2.DeploymentRef(namespace="storefront", name="webshop")
NOBODY = common_pb2.DeploymentRef(namespace="storefront", name="nothing")


def moving(memory: Memory, directory: Path) -> Moving:
    devca.ensure(directory / "tls", ["state-manager"])
    own = tls.load(directory / "tls", "state-manager")
    return Moving(memory.app, memory.reader, Signer(own.chain, own.key, own.ca))


@pytest.fixture
def api(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateApi:
    monkeypatch.setattr(moving_api, "principal", lambda context: None)
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
    return StateApi(
        memory.reader, PostgresRebuilds(memory.app.database), Streams(Changes(memory.app), moving(memory, tmp_path))
    )


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


class Listening:
    """A caller who goes away after a while."""

    def __init__(self) -> None:
        self.go: Any = None

    def add_callback(self, callback: Any) -> None:
        self.go = callback


def test_watching_goes_on_from_a_cursor_until_the_caller_leaves(api: StateApi, memory: Memory) -> None:
    context: Any = Listening()
    told = api.Watch(pb.WatchRequest(deployment=WEBSHOP, from_start=True), context)
    seen = [next(told) for _ in range(3)]
    assert [t.WhichOneof("what") for t in seen] == ["version", "good_version", "version"]
    memory.hear("drift-detector.drift", "DriftDetected", urn=urn("rules"), kind="MISSING")
    last = next(told)
    assert (last.drift.drift, last.deployment) == ("missing", WEBSHOP)
    context.go()
    assert list(told) == []
    again: Any = Listening()
    rest = api.Watch(pb.WatchRequest(deployment=WEBSHOP, cursor=seen[1].cursor), again)
    assert [next(rest).WhichOneof("what") for _ in range(2)] == ["version", "drift"]


def test_a_history_leaves_in_parts_and_is_refused_where_it_exists(api: StateApi) -> None:
    parts = [part.data for part in api.Export(pb.ExportRequest(deployment=WEBSHOP), CONTEXT)]
    assert b"".join(parts).count(b"\n") > 5
    with pytest.raises(DeploymentExists):
        api.Import(iter([pb.ImportRequest(data=part) for part in parts]), CONTEXT)


def test_a_rebuild_is_asked_for_and_told_of(api: StateApi, memory: Memory) -> None:
    with pytest.raises(StateNotFound):
        api.RebuildStatus(pb.RebuildStatusRequest(), CONTEXT)
    id = api.Rebuild(pb.RebuildRequest(), CONTEXT).rebuild_id
    with pytest.raises(RebuildRunning):
        api.Rebuild(pb.RebuildRequest(), CONTEXT)
    assert api.RebuildStatus(pb.RebuildStatusRequest(), CONTEXT).state == "asked"
    rebuilder = Rebuilder(memory.app, memory.rebuild, PostgresRebuilds(memory.app.database))
    rebuilder.start()
    told = until(lambda: (t := api.RebuildStatus(pb.RebuildStatusRequest(), CONTEXT)) and t.state == "done" and t)
    rebuilder.stop(5)
    assert (told.rebuild_id, told.done, told.HasField("ended_at")) == (id, memory.app.recorder.max_notification_id(), True)


def test_a_rebuild_that_fails_says_why(api: StateApi, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> int:
        raise ValueError("unreadable")

    monkeypatch.setattr(memory.rebuild, "run", fail)
    api.Rebuild(pb.RebuildRequest(), CONTEXT)
    rebuilder = Rebuilder(memory.app, memory.rebuild, PostgresRebuilds(memory.app.database))
    rebuilder.start()
    told = until(lambda: (t := api.RebuildStatus(pb.RebuildStatusRequest(), CONTEXT)) and t.ended_at.seconds and t)
    rebuilder.stop(5)
    assert (told.state, told.reason) == ("failed", "ValueError: unreadable")


def test_who_may_call_what_and_how_refusals_are_told() -> None:
    assert RULES["/deployforge.state_manager.v1.State/Get"] == {CONTROL_PLANE, ORCHESTRATOR, HEALER, DRIFT_DETECTOR}
    assert STATUS_OF[StateNotFound] is grpc.StatusCode.NOT_FOUND
