"""`Healing`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.healer.v1 import healing_pb2 as pb
from deployforge.healer.v1 import healing_pb2_grpc
from deployforge_chassis.grpc_server import principal
from deployforge_chassis.identity import CONTROL_PLANE
from google.protobuf.timestamp_pb2 import Timestamp

from deployforge_healer.application.healer import Healer
from deployforge_healer.application.ports import BadCursor
from deployforge_healer.domain.incident import Decision, Incident

_HEALING: Final = "/deployforge.healer.v1.Healing/"

RULES: Final[Mapping[str, frozenset[str]]] = {
    **{_HEALING + method: frozenset({CONTROL_PLANE}) for method in ("ListIncidents", "Explain", "Pause", "Resume")},
}


class IncidentNotFound(LookupError):
    """There is no such incident."""


class BadId(ValueError):
    """An id that is no UUID."""


STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    LookupError: grpc.StatusCode.NOT_FOUND,
    BadId: grpc.StatusCode.INVALID_ARGUMENT,
    BadCursor: grpc.StatusCode.INVALID_ARGUMENT,
}


class HealingApi(healing_pb2_grpc.HealingServicer):
    """Reads of incidents, and the brake."""

    def __init__(self, app: Healer) -> None:
        self._app = app

    def ListIncidents(self, request: pb.ListIncidentsRequest, context: grpc.ServicerContext) -> pb.ListIncidentsResponse:
        who = principal(context)
        reach = None if who is None or "*" in who.namespaces else who.namespaces
        ids, cursor = self._app.ledger.page(
            request.deployment.namespace, request.deployment.name, reach, request.open_only, request.page.size,
            request.page.cursor,
        )  # fmt: skip
        found = [self._app.find(Incident, id) for id in ids]
        return pb.ListIncidentsResponse(incidents=[_incident(i) for i in found if i is not None], next_cursor=cursor)

    def Explain(self, request: pb.ExplainRequest, context: grpc.ServicerContext) -> pb.ExplainResponse:
        try:
            incident = self._app.find(Incident, UUID(request.incident_id))
        except ValueError as error:
            raise BadId(f"{request.incident_id!r} is no incident id") from error
        if incident is None:
            raise IncidentNotFound(f"no incident {request.incident_id}")
        return pb.ExplainResponse(incident=_incident(incident), decisions=[_decision(d) for d in incident.decisions])

    def Pause(self, request: pb.PauseRequest, context: grpc.ServicerContext) -> pb.PauseResponse:
        self._app.pause(_deployment_id(request.deployment), _who(context), request.reason)
        return pb.PauseResponse()

    def Resume(self, request: pb.ResumeRequest, context: grpc.ServicerContext) -> pb.ResumeResponse:
        self._app.resume(_deployment_id(request.deployment), _who(context))
        return pb.ResumeResponse()


def _deployment_id(ref: common_pb2.DeploymentRef) -> UUID:
    return uuid5(NAMESPACE_URL, f"deployforge:{ref.namespace}/{ref.name}")


def _who(context: grpc.ServicerContext) -> str:
    who = principal(context)
    return who.subject if who else CONTROL_PLANE


def _incident(i: Incident) -> pb.Incident:
    last = i.decisions[-1] if i.decisions else None
    return pb.Incident(
        incident_id=str(i.id),
        drift_id=i.about.drift_id,
        urn=i.about.urn,
        deployment_id=str(i.deployment_id),
        deployment=common_pb2.DeploymentRef(namespace=i.about.namespace, name=i.about.name),
        severity=i.about.severity,
        state=i.state,
        reason=i.reason,
        opened_at=_timestamp(i.opened_at),
        closed_at=_timestamp(i.closed_at),
        attempts=len(i.decisions),
        remedy=last.remedy if last else "",
        request_id=last.request_id if last else "",
    )


def _decision(d: Decision) -> pb.Decision:
    return pb.Decision(
        at=_timestamp(d.at),
        remedy=d.remedy,
        rung=d.rung,
        attempt=d.attempt,
        reason=d.reason,
        alternatives=[pb.Alternative(remedy=a.remedy, allowed=a.allowed, reason=a.reason) for a in d.alternatives],
        policy_digest=d.policy_digest,
        inputs_json=d.inputs_json,
        request_id=d.request_id,
        outcome=d.outcome,
    )


def _timestamp(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
