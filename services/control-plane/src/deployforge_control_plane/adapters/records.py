"""Own domain event → Avro record."""

from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_chassis.facts import Record

from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.shredding import Shredding

TOPIC = "control-plane.deployments"


def records(event: Any) -> Sequence[Record]:
    """What is published because of `event`: one fact, or nothing where only this service cares."""
    if isinstance(event, Shredding.Requested):
        value = {
            "deployment_id": str(event.of), "namespace": event.namespace, "name": event.name,
            "request_id": str(event.request_id), "by": event.by, "forced": event.forced, "requested_at": event.at,
        }  # fmt: skip
        return (Record(topic=TOPIC, key=str(event.of), fact="ShredRequested", value=value),)
    said = _said(event)
    if said is None:
        return ()
    fact, value = said
    common = {
        "deployment_id": str(event.deployment_id),
        "namespace": event.namespace,
        "name": event.name,
        "request_id": str(event.originator_id),
    }
    if isinstance(event, Request.PlanEvent):
        common |= {"plan_id": event.plan_id, "plan_digest": event.plan_digest}
    return (Record(topic=TOPIC, key=str(event.deployment_id), fact=fact, value={**common, **value}),)


def _said(event: Any) -> tuple[str, Mapping[str, Any]] | None:
    match event:
        case Request.Requested():
            return "DeploymentRequested", _wish(event)
        case Request.ApprovalRequested():
            required = event.rule.required
            return "ApprovalRequested", {"required": required, "rule": event.why, "expires_at": event.expires_at}
        case Request.ApprovalGiven():
            return "ApprovalGiven", {
                "approver": event.approver,
                "comment": event.comment or None,
                "given": event.given,
                "required": event.required,
            }
        case Request.Approved():
            return "PlanApproved", {
                "approvers": list(event.approvers),
                "rule": event.rule,
                "nonce": event.nonce,
                "approved_at": event.at,
            }
        case Request.Rejected():
            return "PlanRejected", {"by": event.by, "reason": event.reason}
        case Request.CancellationRequested():
            return "CancellationRequested", {"by": event.by, "reason": event.reason or None}
        case Request.ComplianceReported():
            return "ComplianceReported", {
                "execution_id": event.execution_id,
                "passed": not event.findings,
                "policies": list(event.policies),
                "findings": [{"policy": f.policy, "urn": f.urn, "message": f.message} for f in event.findings],
            }
        case (
            Request.Planned()
            | Request.ExecutionWanted()
            | Request.PlanningFailed()
            | Request.NothingToChange()
            | Request.Executing()
            | Request.Verifying()
            | Request.VersionRecorded()
            | Request.Ended()
        ):
            return None
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a request")


def _wish(event: Request.Requested) -> Mapping[str, Any]:
    wish = event.wish
    return {
        "action": str(wish.action),
        "origin": str(wish.origin),
        "author": wish.author,
        "manifest_digest": wish.manifest_digest,
        "plan_only": wish.plan_only,
        "targets": list(wish.targets),
        "to_version": wish.to_version,
        "remedy": wish.remedy,
        "urns": list(wish.urns),
        "missing": wish.missing,
        "severity": wish.severity,
        "incident_id": wish.incident_id,
        "desired_version": wish.desired_version,
        "healing_policy_digest": wish.healing_policy_digest,
        "reason": wish.reason,
        "requested_at": event.at,
    }
