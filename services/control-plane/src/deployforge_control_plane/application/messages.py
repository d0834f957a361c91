"""Facts of other services: only the fields that are used here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class About:
    """What every fact about a deployment says."""

    deployment_id: UUID
    namespace: str
    name: str


@dataclass(frozen=True)
class PlanDrafted:
    request_id: UUID
    plan_id: str
    plan_digest: str
    base_version: int
    creates: int
    updates: int
    replaces: int
    deletes: int
    adopts: int
    corrects: int
    recreates: int
    unchanged: int
    units: int


@dataclass(frozen=True)
class Trouble:
    path: str
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class DeploymentShredded:
    deployment_id: UUID


@dataclass(frozen=True)
class PlanFailed:
    request_id: UUID
    problems: tuple[Trouble, ...]
    reason: str
    stale: bool


@dataclass(frozen=True)
class PlanStale:
    request_id: UUID
    base_version: int
    current_version: int


@dataclass(frozen=True)
class ExecutionStarted:
    request_id: UUID
    execution_id: str


@dataclass(frozen=True)
class ExecutionCompleted:
    request_id: UUID


@dataclass(frozen=True)
class ExecutionStopped:
    """ExecutionFailed, ExecutionRolledBack and ExecutionCancelled alike."""

    request_id: UUID
    reason: str | None = None


@dataclass(frozen=True)
class ExecutionVerified:
    request_id: UUID
    execution_id: str
    policies_json: str


@dataclass(frozen=True)
class Difference:
    urn: str
    path: str


@dataclass(frozen=True)
class VerificationFailed:
    request_id: UUID
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class StateVersionRecorded:
    deployment_id: UUID
    namespace: str
    name: str
    request_id: UUID
    version: int
    desired_version: int
    manifest_digest: str | None
    healing_json: str
    healing_policy_digest: str
    gone: bool
    effective_at: datetime


@dataclass(frozen=True)
class DriftDetected:
    drift_id: str


@dataclass(frozen=True)
class IncidentOpened:
    incident_id: str
