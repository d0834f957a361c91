"""What execution speaks of: where steps stand, what operations brought, what was read back. All of it values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from deployforge_orchestrator.domain.steps import StepPlan, UnitPlace

PENDING, RUNNING, COMPLETED, FAILED, SKIPPED = "pending", "running", "completed", "failed", "skipped"
#: Attempts at a step whose failure may pass by itself.
ATTEMPTS = 3


@dataclass(frozen=True)
class Outcome:
    """What one resource is after an operation."""

    urn: str
    physical_id: str
    attributes: Mapping[str, str]
    status: str


@dataclass(frozen=True)
class Failure:
    """Why an operation failed."""

    code: str
    message: str
    hint: str | None = None
    urn: str | None = None
    retryable: bool = False
    restored: bool = True


@dataclass(frozen=True)
class StepState:
    """Where a step stands."""

    plan: StepPlan
    rollback: bool = False
    state: str = PENDING
    attempt: int = 0
    operation_id: str = ""
    error: str = ""
    restored: bool = True
    """False once an attempt left its unit other than it was."""
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Verification:
    """One resource as it was read back."""

    urn: str
    name: str
    type: str
    native_type: str
    place: UnitPlace
    physical_id: str
    desired_json: str
    actual_json: str
    attributes_json: str
    spec_json: str
    depends_on: tuple[str, ...]
    create_only_paths: tuple[str, ...]
    set_paths: tuple[str, ...]
    criticality: str
    protect: bool
    retain_on_delete: bool
    generation: int
    change: str


@dataclass(frozen=True)
class Difference:
    """One attribute that is not as planned."""

    urn: str
    path: str
    expected_json: str
    actual_json: str


@dataclass(frozen=True)
class Brief:
    """What every fact about an execution repeats."""

    namespace: str
    name: str
    request_id: str
    plan_id: str
    plan_digest: str
    action: str
    origin: str
    author: str
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnitNow:
    """A native deployment as it is after an execution."""

    place: UnitPlace
    template_digest: str
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Closing:
    """What is to be remembered of an execution beside its resources."""

    units: tuple[UnitNow, ...]
    base_version: int
    desired_changed: bool
    manifest_digest: str | None
    healing_json: str
    drift_json: str
    policies_json: str
    outputs_json: str
    effective_at: datetime
    output_uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Output → names of the resources that it refers to."""


def execution_id(plan_id: UUID) -> UUID:
    """A plan is executed once."""
    return uuid5(plan_id, "execution")


def operation_id(execution: UUID, step_id: str, attempt: int) -> str:
    """Deterministic, so that a repeated request is recognised by everybody down to the cloud."""
    return str(uuid5(execution, f"{step_id}#{attempt}"))
