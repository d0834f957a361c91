"""Own domain event → Avro record."""

from collections.abc import Sequence
from typing import Any

from deployforge_chassis import canonical
from deployforge_chassis.facts import Record

from deployforge_state_manager.domain.account import Account
from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.references import references
from deployforge_state_manager.domain.resource import Resource
from deployforge_state_manager.domain.shredding import Shredding

STATES = "state-manager.states"
DESIRED = "state-manager.desired"


def records(event: Any) -> Sequence[Record]:
    """What is published because of `event`."""
    match event:
        case Deployment.VersionRecorded():
            return (Record(STATES, str(event.deployment_id), "StateVersionRecorded", _version(event)),)
        case Resource.Recorded():
            return (
                Record(
                    DESIRED, event.state.urn, "DesiredState", _desired(event),
                    upsert_version=event.resource_version, partition_key=event.shard,
                ),
            )  # fmt: skip
        case Resource.Removed():
            return (
                Record(
                    DESIRED, event.urn, "DesiredState", None,
                    upsert_version=event.resource_version, partition_key=event.shard,
                ),
            )  # fmt: skip
        case Deployment.VersionMarkedGood():
            good = {
                "deployment_id": str(event.deployment_id),
                "namespace": event.namespace,
                "name": event.name,
                "version": event.version,
            }
            return (Record(STATES, str(event.deployment_id), "StateVersionMarkedGood", good),)
        case Shredding.Shredded():
            said = {
                "deployment_id": str(event.of), "namespace": event.namespace, "name": event.name,
                "request_id": event.request_id, "by": event.by, "shredded_at": event.at,
            }  # fmt: skip
            tombstones = (
                Record(DESIRED, g.urn, "DesiredState", None, upsert_version=g.resource_version, partition_key=g.shard)
                for g in event.gone
            )
            return (Record(STATES, str(event.of), "DeploymentShredded", said), *tombstones)
        case Deployment.Opened() | Deployment.Requested() | Deployment.PlanReleased() | Deployment.Imported():
            return ()
        case Resource.Opened() | Resource.DriftNoted() | Account.Opened() | Account.Changed():
            return ()
        case _:
            raise TypeError(f"{type(event).__name__} is no event of the state manager")


def _version(event: Any) -> dict[str, Any]:
    v = event.verified
    return {
        "deployment_id": str(event.deployment_id),
        "namespace": v.namespace,
        "name": v.name,
        "request_id": v.request_id,
        "execution_id": v.execution_id,
        "plan_id": v.plan_id,
        "plan_digest": v.plan_digest,
        "version": event.version,
        "desired_version": event.desired_version,
        "action": v.action,
        "author": v.author,
        "approvers": list(v.approvers),
        "manifest_digest": v.manifest_digest,
        "digest": event.digest,
        "resources": len(event.urns),
        "removed": event.removed,
        "healing_json": v.healing_json,
        "healing_policy_digest": v.healing_policy_digest,
        "policies_json": v.policies_json,
        "gone": not event.urns,
        "effective_at": v.effective_at,
    }


def _desired(event: Any) -> dict[str, Any]:
    s, w = event.state, event.watching
    return {
        "deployment_id": str(event.deployment_id),
        "namespace": event.namespace,
        "name": event.name,
        "urn": s.urn,
        "version": event.resource_version,
        "desired_version": event.at.desired_version,
        "scan_shard": event.shard,
        "scan_every_seconds": w.every_seconds,
        "resource": s.resource,
        "type": s.type,
        "native_type": s.native_type,
        "provider": s.provider,
        "provider_type": s.provider_type,
        "account": s.account,
        "location": s.location,
        "credential_ref": s.credential_ref,
        "unit_id": s.unit_id,
        "physical_id": s.physical_id,
        "properties_json": s.desired_json,
        "digest": canonical.digest(s.desired_json),
        "set_paths": list(s.set_paths),
        "depends_on": list(s.depends_on),
        "criticality": s.criticality,
        "ignore_json": w.ignore_json,
        "severity_json": w.severity_json,
        "generation": s.generation,
        "references": [{"path": one.path, "urn": one.urn, "attribute": one.attribute} for one in references(s)],
        "outputs": list(w.outputs),
    }
