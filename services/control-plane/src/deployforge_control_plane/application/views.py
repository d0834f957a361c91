"""What readers are shown: requests, the timeline, the audit log."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.values import Plan, PlanProblem, RequestState, Wish


@dataclass(frozen=True)
class RequestView:
    """A request as it stands now."""

    request_id: UUID
    deployment_id: UUID
    namespace: str
    name: str
    wish: Wish
    state: RequestState
    reason: str
    requested_at: datetime
    changed_at: datetime
    plan: Plan | None = None
    approvals: tuple[tuple[str, datetime], ...] = ()
    approvals_required: int = 0
    approval_expires_at: datetime | None = None
    execution_id: str = ""
    version: int = 0
    problems: tuple[PlanProblem, ...] = ()


def view(request: Request) -> RequestView:
    """The view of an aggregate."""
    waiting = request.approvals
    return RequestView(
        request_id=request.id,
        deployment_id=request.deployment_id,
        namespace=request.namespace,
        name=request.name,
        wish=request.wish,
        state=request.state,
        reason=request.reason,
        requested_at=request.requested_at,
        changed_at=request.changed_at,
        plan=request.plan,
        approvals=waiting.given if waiting else (),
        approvals_required=waiting.rule.required if waiting else 0,
        approval_expires_at=waiting.expires_at if waiting else None,
        execution_id=request.execution_id,
        version=request.recorded_version,
        problems=request.problems,
    )


@dataclass(frozen=True)
class Entry:
    """One thing that happened to a deployment. `id` is unique; `fact` is JSON."""

    id: str
    source: str
    type: str
    deployment_id: UUID
    namespace: str
    name: str
    correlation_id: str
    at: datetime
    summary: str
    fact: str
    position: int = 0
    state: RequestState | None = None


@dataclass(frozen=True)
class Scope:
    """What a reader may or wants to see. An empty field does not restrict; `namespaces` None means all."""

    namespaces: tuple[str, ...] | None = None
    namespace: str = ""
    name: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class AuditRecord:
    """Who did what, with which outcome: allowed, denied (no permission), or refused (by a rule)."""

    actor: str
    action: str
    outcome: str
    namespace: str = ""
    name: str = ""
    request_id: str = ""
    detail: str = ""
    at: datetime | None = None
    position: int = 0


@dataclass(frozen=True)
class TokenView:
    """A token without its text."""

    token_id: str
    subject: str
    roles: tuple[str, ...]
    namespaces: tuple[str, ...]
    created_at: datetime
    revoked: bool


@dataclass(frozen=True)
class Page:
    """Rows and the cursor of those that follow; an empty cursor ends the listing."""

    rows: tuple[Any, ...] = field(default=())
    next_cursor: str = ""
