"""Facts of other services, only the fields used here."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class ShredRequested:
    deployment_id: UUID
    namespace: str
    name: str
    request_id: str
    by: str


@dataclass(frozen=True)
class ResourceVerified:
    deployment_id: UUID
    execution_id: str
    urn: str


@dataclass(frozen=True)
class ResourceRemoved:
    deployment_id: UUID
    execution_id: str
    urn: str


@dataclass(frozen=True)
class UnitState:
    unit_id: str
    name: str
    provider: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    stage: int
    part: int
    template_digest: str
    inputs_json: str


@dataclass(frozen=True)
class ExecutionVerified:
    deployment_id: UUID
    namespace: str
    name: str
    request_id: str
    execution_id: str
    plan_id: str
    plan_digest: str
    action: str
    author: str
    approvers: list[str]
    manifest_digest: str | None
    desired_changed: bool
    units: list[UnitState]
    healing_json: str
    healing_policy_digest: str
    drift_json: str
    policies_json: str
    outputs_json: str
    effective_at: datetime
    output_uses: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class DeploymentRequested:
    deployment_id: UUID
    request_id: str
    origin: str
    author: str
    requested_at: datetime
    reason: str | None = None
    incident_id: str | None = None
    remedy: str | None = None
    to_version: int | None = None


@dataclass(frozen=True)
class PlanApproved:
    deployment_id: UUID
    request_id: str
    plan_id: str
    plan_digest: str
    approvers: list[str]
    rule: str
    approved_at: datetime


@dataclass(frozen=True)
class ComplianceReported:
    deployment_id: UUID
    execution_id: str
    passed: bool


@dataclass(frozen=True)
class DriftDetected:
    deployment_id: UUID
    urn: str
    kind: str
    observed_at: datetime


@dataclass(frozen=True)
class DriftResolved:
    deployment_id: UUID
    urn: str
    resolved_at: datetime


@dataclass(frozen=True)
class Unmanaged:
    physical_id: str
    tags: dict[str, str]


@dataclass(frozen=True)
class UnmanagedListed:
    shard: str
    provider_type: str
    account: str
    location: str
    type: str
    native_type: str
    after: str
    upto: str | None
    listed_at: datetime
    resources: list[Unmanaged]
