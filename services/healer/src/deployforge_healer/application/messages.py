"""Facts of other services, only the fields used here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class AttributeDrift:
    path: str


@dataclass(frozen=True)
class DriftDetected:
    deployment_id: UUID
    namespace: str
    name: str
    drift_id: str
    urn: str
    kind: str
    severity: str
    attributes: list[AttributeDrift]
    fingerprint: str
    desired_version: int
    detected_at: datetime


@dataclass(frozen=True)
class DriftResolved:
    drift_id: str
    resolved_at: datetime


@dataclass(frozen=True)
class StateVersionRecorded:
    deployment_id: UUID
    version: int
    desired_version: int
    resources: int
    healing_json: str
    healing_policy_digest: str


@dataclass(frozen=True)
class PlanRejected:
    request_id: str
    by: str
    reason: str


@dataclass(frozen=True)
class AboutRequest:
    request_id: str
    reason: str | None = None
