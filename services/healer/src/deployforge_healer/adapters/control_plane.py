"""Proposals to the control plane, by gRPC."""

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as pb
from deployforge.control_plane.v1 import deployments_pb2_grpc

from deployforge_healer.adapters.metrics import PROPOSALS
from deployforge_healer.application.ports import ProposalRefused
from deployforge_healer.domain.incident import Decision, Incident
from deployforge_healer.domain.ladder import MISSING

_DEADLINE_SECONDS = 10.0
_FINAL = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
}


class ControlPlaneProposals:
    """See ports.Proposals."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = deployments_pb2_grpc.DeploymentsStub(channel)  # type: ignore[no-untyped-call]

    def propose(self, incident: Incident, decision: Decision) -> None:
        """See ports.Proposals."""
        about = incident.about
        request = pb.ProposeRequest(
            request_id=decision.request_id,
            deployment=common_pb2.DeploymentRef(namespace=about.namespace, name=about.name),
            incident_id=str(incident.id),
            remedy=decision.remedy,
            urns=[about.urn],
            drift_ids=[about.drift_id],
            severity=about.severity,
            healing_policy_digest=decision.policy_digest,
            desired_version=about.desired_version,
            reason=decision.reason,
            missing=about.kind == MISSING,
        )
        try:
            self._stub.Propose(request, timeout=_DEADLINE_SECONDS)
        except grpc.RpcError as error:
            if error.code() in _FINAL:
                raise ProposalRefused(f"{error.code().name}: {error.details()}") from error
            raise
        PROPOSALS.labels(decision.remedy).inc()
