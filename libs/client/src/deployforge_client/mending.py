"""Drift, healing, and events that could not be applied."""

from collections.abc import Sequence

from deployforge.common.v1 import common_pb2, parking_pb2
from deployforge.drift_detector.v1 import drift_pb2
from deployforge.healer.v1 import healing_pb2
from deployforge.orchestrator.v1 import plans_pb2

from deployforge_client.naming import Ref, reference, resource_reference
from deployforge_client.stubs import Stubs


class Mending(Stubs):
    """See DeployForge."""

    def drifts(
        self, deployment: Ref | None = None, *, open_only: bool = False, size: int = 100, cursor: str = ""
    ) -> drift_pb2.ListResponse:
        """Drift records, newest first."""
        return self._call.unary(
            self._drift.List,
            drift_pb2.ListRequest(
                deployment=deployment,
                open_only=open_only,
                page=common_pb2.PageRequest(size=size, cursor=cursor),
            ),
        )

    def drift(self, drift_id: str) -> drift_pb2.DriftRecord:
        """One drift with its attributes and its impact."""
        return self._call.unary(self._drift.Get, drift_pb2.GetRequest(drift_id=drift_id)).record

    def scan(self, deployment: str) -> Sequence[str]:
        """Ask for a scan now; returns the ids of the scans."""
        return self._call.unary(self._drift.Scan, drift_pb2.ScanRequest(deployment=reference(deployment))).scan_ids

    def coverage(self, deployment: str) -> drift_pb2.CoverageResponse:
        """What the last scans checked, and what they could not."""
        return self._call.unary(self._drift.Coverage, drift_pb2.CoverageRequest(deployment=reference(deployment)))

    def baselines(self, deployment: str, resource: str = "", *, cursor: str = "") -> drift_pb2.BaselineResponse:
        """What is usual of one resource, or of all of a deployment that ever drifted, a page at a time."""
        return self._call.unary(
            self._drift.Baseline,
            drift_pb2.BaselineRequest(
                deployment=reference(deployment), resource=resource, page=common_pb2.PageRequest(cursor=cursor)
            ),
        )

    def noise(self, deployment: str, *, days: int = 0) -> drift_pb2.NoiseResponse:
        """What drifts again and again, and what drifted together; 0 days means 30."""
        request = drift_pb2.NoiseRequest(deployment=reference(deployment), days=days)
        return self._call.unary(self._drift.Noise, request)

    def impact(self, resource: str) -> drift_pb2.ImpactResponse:
        """What would suffer if a resource, `namespace/name/resource` or a URN, went."""
        deployment, name = resource_reference(resource)
        return self._call.unary(self._drift.Impact, drift_pb2.ImpactRequest(deployment=deployment, resource=name))

    def ignores(self, deployment: Ref | None = None) -> Sequence[drift_pb2.IgnoreRule]:
        """What each ignore rule hides now; without a deployment, of all that may be read."""
        return self._call.unary(self._drift.Ignores, drift_pb2.IgnoresRequest(deployment=deployment)).rules

    def undeclared(self, deployment: str) -> Sequence[plans_pb2.UndeclaredResource]:
        """What nobody declared and is other than when it was last verified, read now: no drift."""
        return self._call.unary(
            self._executions.Undeclared, plans_pb2.UndeclaredRequest(deployment=reference(deployment))
        ).resources

    def incidents(
        self, deployment: Ref | None = None, *, open_only: bool = False, size: int = 100, cursor: str = ""
    ) -> healing_pb2.ListIncidentsResponse:
        """Incidents, newest first."""
        return self._call.unary(
            self._healing.ListIncidents,
            healing_pb2.ListIncidentsRequest(
                deployment=deployment,
                open_only=open_only,
                page=common_pb2.PageRequest(size=size, cursor=cursor),
            ),
        )

    def explain(self, incident_id: str) -> healing_pb2.ExplainResponse:
        """Every decision about an incident, with its reasons."""
        return self._call.unary(self._healing.Explain, healing_pb2.ExplainRequest(incident_id=incident_id))

    def pause_healing(self, deployment: str, reason: str = "") -> None:
        """Start no remedy for the deployment until it is resumed."""
        self._call.unary(self._healing.Pause, healing_pb2.PauseRequest(deployment=reference(deployment), reason=reason))

    def resume_healing(self, deployment: str) -> None:
        """Let remedies start again."""
        self._call.unary(self._healing.Resume, healing_pb2.ResumeRequest(deployment=reference(deployment)))

    def parked(self, *, service: str = "", topic: str = "", size: int = 100) -> parking_pb2.ParkingListResponse:
        """Events that could not be applied, of one service or of all, and how each service's parking stands."""
        return self._call.unary(self._parking.List, parking_pb2.ParkingListRequest(service=service, topic=topic, size=size))

    def replay(self, *, service: str = "", key: str = "") -> parking_pb2.ParkingReplayResponse:
        """Apply parked events again, of one service or of all, of one key or of all."""
        return self._call.unary(self._parking.Replay, parking_pb2.ParkingReplayRequest(service=service, key=key))
