"""`drift_detector.v1.Drift`: proto → method → proto."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.drift_detector.v1 import drift_pb2 as pb
from deployforge.drift_detector.v1 import drift_pb2_grpc
from deployforge_chassis.identity import CONTROL_PLANE

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.views import (
    BadCursor,
    DriftNotFound,
    DriftView,
    NotDesired,
    NothingLearned,
    NothingToScan,
)
from deployforge_drift_detector.domain.anomaly import Opinion
from deployforge_drift_detector.domain.impact import Impact
from deployforge_drift_detector.entrypoints.baselines import baseline, timestamp, told_of
from deployforge_drift_detector.entrypoints.ignores import rule_of

_DEFAULT_PAGE: Final = 100
_BIGGEST_PAGE: Final = 500
_NOISE_DAYS: Final = 30
_NOISE_DAYS_AT_MOST: Final = 366
_DRIFT: Final = "/deployforge.drift_detector.v1.Drift/"

RULES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        (f"{_DRIFT}{name}" for name in ("List", "Get", "Scan", "Coverage", "Baseline", "Noise", "Impact", "Ignores")),
        frozenset({CONTROL_PLANE}),
    ),
}
"""Which certificates may call what."""

COMMANDS: Final = frozenset({f"{_DRIFT}Scan"})
"""Methods that begin new work; refused while too much waits."""


class BadRequest(ValueError):
    """A request that cannot be answered, whatever is known."""


STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    DriftNotFound: grpc.StatusCode.NOT_FOUND,
    NothingToScan: grpc.StatusCode.NOT_FOUND,
    NothingLearned: grpc.StatusCode.NOT_FOUND,
    NotDesired: grpc.StatusCode.NOT_FOUND,
    BadCursor: grpc.StatusCode.INVALID_ARGUMENT,
    BadRequest: grpc.StatusCode.INVALID_ARGUMENT,
}


class DriftApi(drift_pb2_grpc.DriftServicer):
    """Only the control-plane calls; it has authorised the person."""

    def __init__(self, app: DriftDetector) -> None:
        self._app = app

    def List(self, request: pb.ListRequest, context: grpc.ServicerContext) -> pb.ListResponse:
        page = self._app.page(
            request.deployment.namespace,
            request.deployment.name,
            open_only=request.open_only,
            size=_size(request.page),
            cursor=request.page.cursor,
        )
        told = self._app.opinions([view.drift_id for view in page.views])
        records = [_record(view, told.get(view.drift_id)) for view in page.views]
        return pb.ListResponse(records=records, next_cursor=page.next_cursor)

    def Get(self, request: pb.GetRequest, context: grpc.ServicerContext) -> pb.GetResponse:
        view = self._app.get(request.drift_id)
        return pb.GetResponse(record=_record(view, self._app.opinions([view.drift_id]).get(view.drift_id)))

    def Scan(self, request: pb.ScanRequest, context: grpc.ServicerContext) -> pb.ScanResponse:
        deployment = request.deployment
        if not deployment.namespace or not deployment.name:
            raise BadRequest("a scan is of one deployment: namespace and name are needed")
        return pb.ScanResponse(scan_ids=map(str, self._app.scan(deployment.namespace, deployment.name)))

    def Coverage(self, request: pb.CoverageRequest, context: grpc.ServicerContext) -> pb.CoverageResponse:
        shards = self._app.coverage(request.deployment.namespace, request.deployment.name)
        return pb.CoverageResponse(
            shards=[
                pb.ShardCoverage(
                    shard=one.shard,
                    scan_id=one.scan_id,
                    at=timestamp(one.at) if one.at else None,
                    checked=one.checked,
                    drifted=one.drifted,
                    not_checked=[pb.NotChecked(urn=urn, reason=reason) for urn, reason in one.not_checked],
                )
                for one in shards
            ]
        )

    def Baseline(self, request: pb.BaselineRequest, context: grpc.ServicerContext) -> pb.BaselineResponse:
        deployment, size = request.deployment, _size(request.page)
        if not deployment.namespace or not deployment.name:
            raise BadRequest("baselines are of one deployment: namespace and name are needed")
        found = self._app.baselines(
            deployment.namespace, deployment.name, request.resource, size=size, cursor=request.page.cursor
        )
        cursor = found[-1].urn if len(found) == size and not request.resource else ""
        return pb.BaselineResponse(baselines=map(baseline, found), next_cursor=cursor)

    def Noise(self, request: pb.NoiseRequest, context: grpc.ServicerContext) -> pb.NoiseResponse:
        if request.days > _NOISE_DAYS_AT_MOST:
            raise BadRequest(f"noise is of at most {_NOISE_DAYS_AT_MOST} days")
        deployment = request.deployment
        if not deployment.namespace or not deployment.name:
            raise BadRequest("noise is of one deployment: namespace and name are needed")
        report = self._app.noise(deployment.namespace, deployment.name, days=request.days or _NOISE_DAYS)
        return pb.NoiseResponse(
            attributes=[pb.NoisyAttribute(**vars(one)) for one in report.attributes],
            groups=[
                pb.DriftGroup(
                    what=one.what, actor=one.actor, drift_ids=one.drift_ids, resources=one.resources,
                    since=timestamp(one.since), until=timestamp(one.until),
                )
                for one in report.groups
            ],
            drifts=report.drifts,
        )  # fmt: skip

    def Impact(self, request: pb.ImpactRequest, context: grpc.ServicerContext) -> pb.ImpactResponse:
        deployment = request.deployment
        if not deployment.namespace or not deployment.name or not request.resource:
            raise BadRequest("impact is of one resource: namespace, name and resource are needed")
        found = self._app.impact(deployment.namespace, deployment.name, request.resource)
        return pb.ImpactResponse(impact=_impact(found.impact), affected=found.affected, outputs=found.outputs)

    def Ignores(self, request: pb.IgnoresRequest, context: grpc.ServicerContext) -> pb.IgnoresResponse:
        found = self._app.ignores(request.deployment.namespace, request.deployment.name)
        return pb.IgnoresResponse(rules=map(rule_of, found))


def registrations(app: DriftDetector) -> Sequence[Callable[[Any], object]]:
    """The own API."""
    own: Any = drift_pb2_grpc
    return [lambda server: own.add_DriftServicer_to_server(DriftApi(app), server)]


def _size(page: common_pb2.PageRequest) -> int:
    if page.size > _BIGGEST_PAGE:
        raise BadRequest(f"a page has at most {_BIGGEST_PAGE} rows")
    return page.size or _DEFAULT_PAGE


def _record(view: DriftView, opinion: Opinion | None) -> pb.DriftRecord:
    return pb.DriftRecord(
        drift_id=str(view.drift_id),
        urn=view.urn,
        deployment_id=str(view.deployment_id),
        deployment=common_pb2.DeploymentRef(namespace=view.namespace, name=view.name),
        type=view.type,
        kind=view.kind.lower(),
        episode=view.episode,
        severity=_severity(view.severity),
        rule=view.rule,
        attributes=[
            pb.AttributeDrift(
                path=a.path,
                expected_json=a.expected_json,
                actual_json=a.actual_json,
                severity=_severity(a.severity),
                rule=a.rule,
                good_at=timestamp(a.good_at) if a.good_at else None,
            )
            for a in view.attributes
        ],
        impact=_impact(view.impact),
        affected=view.affected,
        outputs=view.outputs,
        detected_at=timestamp(view.detected_at),
        last_seen_at=timestamp(view.last_seen_at),
        resolved_at=timestamp(view.resolved_at) if view.resolved_at else None,
        state=view.state,
        desired_version=view.desired_version,
        physical_id=view.physical_id,
        anomaly=told_of(opinion) if opinion else None,
    )


def _impact(hits: Sequence[Impact]) -> list[pb.Impact]:
    return [pb.Impact(**vars(hit)) for hit in hits]


def _severity(level: str) -> Any:
    return common_pb2.Severity.Value(f"SEVERITY_{level}")
