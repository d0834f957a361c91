"""Own domain event → Avro record."""

from collections.abc import Sequence
from typing import Any

from deployforge_chassis.facts import Record

from deployforge_healer.domain.care import Care
from deployforge_healer.domain.incident import Incident

INCIDENTS = "healer.incidents"
_SEVERITY = {1: "INFORMATIONAL", 2: "DEGRADED", 3: "CRITICAL"}


def records(event: Any) -> Sequence[Record]:
    """What is published because of `event`."""
    match event:
        case Incident.Opened():
            fact, value = "IncidentOpened", {
                "severity": _SEVERITY[event.about.severity], "kind": event.about.kind, "opened_at": event.at,
            }  # fmt: skip
        case Incident.RemedyChosen():
            d = event.decision
            fact, value = "RemedyChosen", {
                "remedy": d.remedy, "rung": d.rung, "attempt": d.attempt, "request_id": d.request_id,
                "reason": d.reason, "explanation_digest": d.explanation_digest, "policy_digest": d.policy_digest,
            }  # fmt: skip
        case Incident.RemedyFailed() | Incident.RemedyRefused():
            d = event.decision
            fact, value = "RemedyFailed", {
                "remedy": d.remedy, "attempt": d.attempt, "request_id": d.request_id, "reason": event.why,
            }  # fmt: skip
        case Incident.Escalated():
            fact, value = "IncidentEscalated", {"reason": event.why, "cause": event.cause}
        case Incident.Closed():
            fact, value = "IncidentClosed", {
                "how": event.how, "remedy": event.remedy, "attempts": event.attempts,
                "duration_ms": event.duration_ms, "closed_at": event.at,
            }  # fmt: skip
        case (
            Incident.Changed() | Incident.ApprovalAwaited() | Incident.Approved() | Incident.RemedyStarted()
            | Incident.RemedySucceeded() | Incident.Waited()
            | Care.Taken() | Care.Learned() | Care.Admitted() | Care.Paused() | Care.Resumed()
        ):  # fmt: skip
            return ()
        case _:
            raise TypeError(f"{type(event).__name__} is no event of the healer")
    about, id = event.about, str(event.originator_id)
    common = {
        "deployment_id": str(event.deployment_id), "namespace": about.namespace, "name": about.name,
        "incident_id": id, "drift_id": about.drift_id, "urn": about.urn,
    }  # fmt: skip
    return (Record(INCIDENTS, id, fact, {**common, **value}),)
