"""Facts of other services, only the fields used here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class DeploymentRequested:
    deployment_id: UUID
    namespace: str
    name: str
    request_id: str
    action: str
    origin: str
    author: str
    manifest_digest: str | None
    targets: list[str]
    to_version: int | None
    remedy: str | None
    urns: list[str]
    missing: bool


@dataclass(frozen=True)
class PlanApproved:
    request_id: UUID
    deployment_id: UUID
    plan_digest: str
    approvers: list[str]
    nonce: str


@dataclass(frozen=True)
class PlanRejected:
    request_id: UUID


@dataclass(frozen=True)
class CancellationRequested:
    request_id: UUID
    by: str
    reason: str | None


@dataclass(frozen=True)
class Outcome:
    urn: str
    physical_id: str
    attributes_json: str
    status: str


@dataclass(frozen=True)
class OperationSucceeded:
    execution_id: UUID
    operation_id: str
    resources: list[Outcome]
    generation: int
    template_digest: str | None
    finished_at: datetime


@dataclass(frozen=True)
class OperationFailed:
    execution_id: UUID
    operation_id: str
    code: str
    message: str
    hint: str | None
    urn: str | None
    retryable: bool
    restored: bool
    finished_at: datetime
