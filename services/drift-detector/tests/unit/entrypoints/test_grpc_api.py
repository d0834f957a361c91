"""The API: proto in, proto out, refusals by name."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.drift_detector.v1 import drift_pb2 as pb
from deployforge_chassis.identity import CONTROL_PLANE
from deployforge_drift_detector.adapters.classifier import LazyClassifier
from deployforge_drift_detector.application.learning import Learning
from deployforge_drift_detector.application.views import DriftNotFound, NotDesired, NothingLearned, NothingToScan
from deployforge_drift_detector.domain.condition import Condition, How
from deployforge_drift_detector.domain.rules import IgnoreRule
from deployforge_drift_detector.entrypoints.grpc_api import RULES, STATUS_OF, BadRequest, DriftApi

from ...conftest import ORDERS, SHARD, START, WORKER, World, seen, urn

WEBSHOP = common_pb2.DeploymentRef(namespace="storefront", name="webshop")
CONTEXT: Any = None


@pytest.fixture
def api(world: World) -> DriftApi:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}), seen(WORKER, presence="NOT_CHECKED", reason="denied"))
    return DriftApi(world.app)


def test_a_record_with_everything(api: DriftApi) -> None:
    [listed] = api.List(pb.ListRequest(deployment=WEBSHOP, open_only=True), CONTEXT).records
    record = api.Get(pb.GetRequest(drift_id=listed.drift_id), CONTEXT).record
    assert record == listed
    assert (record.kind, record.state, record.episode) == ("changed", "open", 1)
    assert record.severity == common_pb2.SEVERITY_DEGRADED
    assert [(a.path, a.expected_json, a.actual_json, a.rule) for a in record.attributes] == [
        ("visibilityTimeout", "30", "60", "default")
    ]
    assert [list(one.path) for one in record.impact] == [[urn("orders"), urn("worker")]]
    assert not record.HasField("resolved_at")


def test_coverage_in_three_states(api: DriftApi) -> None:
    [shard] = api.Coverage(pb.CoverageRequest(deployment=WEBSHOP), CONTEXT).shards
    assert (shard.shard, shard.checked, shard.drifted) == (SHARD, 0, 1)
    assert [(one.urn, one.reason) for one in shard.not_checked] == [(WORKER.urn, "denied")]


def test_a_scan_and_what_is_refused(api: DriftApi) -> None:
    assert len(api.Scan(pb.ScanRequest(deployment=WEBSHOP), CONTEXT).scan_ids) == 1
    with pytest.raises(NothingToScan):
        api.Scan(pb.ScanRequest(deployment=common_pb2.DeploymentRef(namespace="a", name="b")), CONTEXT)
    with pytest.raises(BadRequest):
        api.Scan(pb.ScanRequest(), CONTEXT)
    with pytest.raises(BadRequest):
        api.List(pb.ListRequest(page=common_pb2.PageRequest(size=501)), CONTEXT)
    with pytest.raises(DriftNotFound):
        api.Get(pb.GetRequest(drift_id="?"), CONTEXT)


def test_what_drifts_again_and_again_and_together(api: DriftApi, world: World) -> None:
    both = (ORDERS, replace(ORDERS, urn=urn("orders-2"), resource="orders-2"))
    world.states.put(both[1])
    for sequence in range(10, 20, 2):
        world.clock.advance(120)
        world.judge(sequence, *(seen(one, {"tags": {"env": "x"}}) for one in both))
        world.judge(sequence + 1, *map(seen, both))
    report = api.Noise(pb.NoiseRequest(deployment=WEBSHOP), CONTEXT)
    assert [(one.type, one.path, one.episodes, one.resource_glob) for one in report.attributes] == [
        ("Queue", "tags.env", 10, "orders*")
    ]
    assert [(one.what, len(one.drift_ids)) for one in report.groups][:1] == [("tags.env", 2)]
    for wrong in (pb.NoiseRequest(), pb.NoiseRequest(deployment=WEBSHOP, days=367)):
        with pytest.raises(BadRequest):
            api.Noise(wrong, CONTEXT)


def test_what_ignore_rules_hide(api: DriftApi, world: World) -> None:
    rules = (
        IgnoreRule("*", "tags.*", "theirs", START + timedelta(days=1)),
        IgnoreRule("*", "visibilityTimeout", when=Condition(How.GONE)),
    )
    world.states.put(replace(ORDERS, version=2, ignore=rules))
    world.judge(2, seen(ORDERS, {"tags": {"env": "x"}}))
    tags, gone = api.Ignores(pb.IgnoresRequest(deployment=WEBSHOP), CONTEXT).rules
    assert (tags.state, tags.reason) == ("hiding", "theirs")
    assert (tags.concerned, tags.hidden_resources, tags.hidden_differences) == (1, 1, 1)
    assert [(one.resource, one.path) for one in tags.hidden] == [("orders", "tags.env")]
    assert tags.since.ToDatetime(UTC) == tags.last.ToDatetime(UTC) == START
    assert tags.until.ToDatetime(UTC) == START + timedelta(days=1)
    assert (gone.state, gone.when, gone.HasField("since"), gone.HasField("until")) == ("unused", "gone", False, False)
    assert len(api.Ignores(pb.IgnoresRequest(), CONTEXT).rules) == 2


def test_what_would_suffer(api: DriftApi) -> None:
    found = api.Impact(pb.ImpactRequest(deployment=WEBSHOP, resource="orders"), CONTEXT)
    assert [(one.urn, one.via) for one in found.impact] == [(WORKER.urn, "order")]
    assert (found.affected, found.outputs) == (1, [])
    with pytest.raises(NotDesired):
        api.Impact(pb.ImpactRequest(deployment=WEBSHOP, resource="none"), CONTEXT)
    with pytest.raises(BadRequest):
        api.Impact(pb.ImpactRequest(deployment=WEBSHOP), CONTEXT)


def test_who_may_call_what_and_how_refusals_are_told() -> None:
    assert RULES["/deployforge.drift_detector.v1.Drift/Scan"] == {CONTROL_PLANE}
    assert STATUS_OF[DriftNotFound] is grpc.StatusCode.NOT_FOUND


def test_what_is_usual_a_page_at_a_time(api: DriftApi, world: World) -> None:
    Learning(world.app, LazyClassifier("", lambda label: None)).tick()
    world.judge(2, seen(ORDERS), seen(WORKER, {"fifo": True}))
    Learning(world.app, LazyClassifier("", lambda label: None)).tick()
    first = api.Baseline(pb.BaselineRequest(deployment=WEBSHOP, page=common_pb2.PageRequest(size=1)), CONTEXT)
    assert [one.urn for one in first.baselines] == [ORDERS.urn]
    page = common_pb2.PageRequest(size=1, cursor=first.next_cursor)
    second = api.Baseline(pb.BaselineRequest(deployment=WEBSHOP, page=page), CONTEXT)
    assert [one.urn for one in second.baselines] == [WORKER.urn]
    [one] = api.Baseline(pb.BaselineRequest(deployment=WEBSHOP, resource="orders"), CONTEXT).baselines
    assert (one.type, one.rhythm.changes, sum(one.hours), len(one.hours)) == ("Queue", 1, 1, 168)
    [attribute] = one.attributes
    assert (attribute.path, attribute.numbers, attribute.median) == ("visibilityTimeout", 2, 45)
    with pytest.raises(NothingLearned):
        api.Baseline(pb.BaselineRequest(deployment=WEBSHOP, resource="none"), CONTEXT)
    with pytest.raises(BadRequest):
        api.Baseline(pb.BaselineRequest(), CONTEXT)


def test_what_is_thought_of_a_drift_is_in_its_record(api: DriftApi, world: World) -> None:
    [before] = api.List(pb.ListRequest(deployment=WEBSHOP), CONTEXT).records
    assert not before.HasField("anomaly")
    Learning(world.app, LazyClassifier("", lambda label: None)).tick()
    [listed] = api.List(pb.ListRequest(deployment=WEBSHOP), CONTEXT).records
    told = api.Get(pb.GetRequest(drift_id=listed.drift_id), CONTEXT).record.anomaly
    assert told == listed.anomaly
    assert told.label and told.model.startswith("sha256:") and len(told.likelihoods) == 8 and told.contributions
    assert told.features["attributes"] == 1
