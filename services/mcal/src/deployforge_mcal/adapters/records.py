"""What this service says because of its domain events."""

from collections.abc import Sequence
from typing import Any

from deployforge_chassis import canonical
from deployforge_chassis.facts import Record

from deployforge_mcal.domain.operation import IssuedCredential, Operation, Order
from deployforge_mcal.domain.units import Outcome

_TOPIC = "mcal.operations"


def records(event: Any) -> Sequence[Record]:
    """At most one fact per event; what concerns only this service says nothing."""
    match event:
        case Operation.Succeeded():
            value = {
                **_names(event.order),
                "resources": list(map(_outcome, event.outcomes)),
                "generation": event.generation,
                "template_digest": event.template_digest,
                "finished_at": event.at,
            }
            return (Record(_TOPIC, event.order.deployment_id, "OperationSucceeded", value),)
        case Operation.Failed():
            failure = event.failure
            value = {
                **_names(event.order),
                "code": failure.code, "message": failure.message, "hint": failure.hint, "urn": failure.urn,
                "retryable": failure.retryable, "restored": failure.restored,
                "generation": event.generation,
                "finished_at": event.at,
            }  # fmt: skip
            return (Record(_TOPIC, event.order.deployment_id, "OperationFailed", value),)
        case IssuedCredential.Issued():
            grant = event.grant
            value = {
                "deployment_id": str(event.deployment_id), "namespace": event.namespace, "name": event.name,
                "operation_id": event.operation_id, "credential_ref": grant.credential_ref, "session": grant.session,
                "actions": list(grant.actions), "scope": list(grant.scope), "read_only": grant.read_only,
                "expires_at": grant.expires_at,
            }  # fmt: skip
            return (Record(_TOPIC, str(event.deployment_id), "CredentialIssued", value),)
        case _:
            return ()


def _names(order: Order) -> dict[str, Any]:
    return {
        name: getattr(order, name)
        for name in ("deployment_id", "namespace", "name", "operation_id", "execution_id", "step_id", "unit_id")
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "urn": outcome.urn,
        "physical_id": outcome.physical_id,
        "attributes_json": canonical.dumps(dict(outcome.attributes)),
        "status": outcome.status.value,
    }
