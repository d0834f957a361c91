"""Between the contract's messages and what the application speaks."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as pb
from deployforge_documents.problems import Problem
from google.protobuf.timestamp_pb2 import Timestamp

from deployforge_control_plane.application.views import AuditRecord, Entry, RequestView, TokenView
from deployforge_control_plane.domain.refusals import BadRequest
from deployforge_control_plane.domain.values import Action, Origin, RequestState, Wish

_DEFAULT_PAGE: Final = 100
_BIGGEST_PAGE: Final = 500
_SEVERITIES: Final = {
    common_pb2.SEVERITY_INFORMATIONAL: "INFORMATIONAL",
    common_pb2.SEVERITY_DEGRADED: "DEGRADED",
    common_pb2.SEVERITY_CRITICAL: "CRITICAL",
}
_PROBLEMS: Final = "problems-bin"
_PROBLEMS_BYTES: Final = 4_000
"""Clients refuse metadata above 8 KiB, and binary values grow by a third on the wire."""
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


def timestamp(at: datetime | None) -> Timestamp | None:
    """A moment on the wire; None stays absent."""
    if at is None:
        return None
    message = Timestamp()
    message.FromDatetime(at)
    return message


def ref(namespace: str, name: str) -> common_pb2.DeploymentRef:
    return common_pb2.DeploymentRef(namespace=namespace, name=name)


def uuid(text: str) -> UUID:
    """A request id. Raises BadRequest for anything that is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest(f"{text[:60]!r} is no request id; it must be a UUID") from None


def page_size(page: common_pb2.PageRequest) -> int:
    """0 asks for the usual size."""
    if page.size > _BIGGEST_PAGE:
        raise BadRequest(f"a page has at most {_BIGGEST_PAGE} rows")
    return page.size or _DEFAULT_PAGE


def state(value: RequestState | None) -> Any:
    return pb.REQUEST_STATE_UNSPECIFIED if value is None else pb.RequestState.Value(f"REQUEST_STATE_{value}")


def known_state(value: int) -> RequestState | None:
    """A state asked for; None when none is."""
    if value == pb.REQUEST_STATE_UNSPECIFIED:
        return None
    try:
        return RequestState(pb.RequestState.Name(value).removeprefix("REQUEST_STATE_"))
    except ValueError:
        raise BadRequest(f"{value} is no state of a request") from None


def problem(found: Problem) -> common_pb2.Problem:
    return common_pb2.Problem(
        file=found.file,
        line=found.line,
        column=found.column,
        path=found.path,
        message=found.message,
        expected=found.expected,
        hint=found.hint,
    )


def request(view: RequestView) -> pb.DeploymentRequest:
    """A request with its plan's summary."""
    return pb.DeploymentRequest(
        request_id=str(view.request_id),
        deployment_id=str(view.deployment_id),
        deployment=ref(view.namespace, view.name),
        action=f"ACTION_{view.wish.action}",
        origin=f"ORIGIN_{view.wish.origin}",
        author=view.wish.author,
        state=state(view.state),
        reason=view.reason,
        plan=_plan(view),
        approvals=[pb.Approval(approver=who, at=timestamp(at)) for who, at in view.approvals],
        approvals_required=view.approvals_required,
        requested_at=timestamp(view.requested_at),
        changed_at=timestamp(view.changed_at),
        execution_id=view.execution_id,
        approval_expires_at=timestamp(view.approval_expires_at),
        incident_id=view.wish.incident_id or "",
        version=view.version,
    )


def _plan(view: RequestView) -> pb.PlanSummary | None:
    plan = view.plan
    if plan is None:
        return None
    # The summary knows five kinds of change: what is taken over or corrected is changed, what is made again is made.
    return pb.PlanSummary(
        plan_id=plan.plan_id,
        plan_digest=plan.plan_digest,
        base_version=plan.base_version,
        creates=plan.creates + plan.recreates,
        updates=plan.updates + plan.corrects + plan.adopts,
        replaces=plan.replaces,
        deletes=plan.deletes,
        unchanged=plan.unchanged,
        units=plan.units,
    )


def watched(entry: Entry) -> pb.WatchResponse:
    return pb.WatchResponse(
        position=entry.position,
        at=timestamp(entry.at),
        source=entry.source,
        type=entry.type,
        deployment=ref(entry.namespace, entry.name),
        deployment_id=str(entry.deployment_id),
        correlation_id=entry.correlation_id,
        summary=entry.summary,
        fact_json=entry.fact,
        state=state(entry.state),
    )


def audit_record(record: AuditRecord) -> pb.AuditRecord:
    return pb.AuditRecord(
        position=record.position,
        at=timestamp(record.at),
        actor=record.actor,
        action=record.action,
        outcome=record.outcome,
        deployment=ref(record.namespace, record.name),
        request_id=record.request_id,
        detail=record.detail,
    )


def token(view: TokenView) -> pb.TokenInfo:
    return pb.TokenInfo(
        token_id=view.token_id,
        subject=view.subject,
        roles=view.roles,
        namespaces=view.namespaces,
        created_at=timestamp(view.created_at),
        revoked=view.revoked,
    )


def named(where: Any) -> tuple[str, str]:
    """Namespace and name. Raises BadRequest."""
    if not _NAME.match(where.namespace) or not _NAME.match(where.name):
        raise BadRequest("a deployment is named by a namespace and a name of lower-case letters, digits and hyphens")
    return where.namespace, where.name


def remedy(request: pb.ProposeRequest, author: str) -> Wish:
    """What the healer proposes."""
    return Wish(
        action=Action.HEAL,
        origin=Origin.HEALER,
        author=author,
        to_version=request.to_version or None,
        remedy=request.remedy,
        urns=tuple(request.urns),
        missing=request.missing,
        severity=_SEVERITIES.get(request.severity, "UNKNOWN"),
        incident_id=request.incident_id or None,
        desired_version=request.desired_version or None,
        healing_policy_digest=request.healing_policy_digest or None,
        reason=request.reason or None,
    )


def problems_metadata(problems: Sequence[Problem]) -> tuple[tuple[str, bytes], ...]:
    """Trailing metadata with as many problems as fit; Validate tells them all."""
    message = pb.ValidateResponse()
    for index, found in enumerate(problems):
        message.problems.append(problem(found))
        if message.ByteSize() > _PROBLEMS_BYTES:
            del message.problems[-1]
            rest = Problem(f"{len(problems) - index} more problems; validate the manifest to see them all")
            message.problems.append(problem(rest))
            break
    return ((_PROBLEMS, message.SerializeToString()),)
