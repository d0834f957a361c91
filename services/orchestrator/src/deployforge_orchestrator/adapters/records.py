"""Own domain event → Avro record."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from deployforge_chassis import canonical
from deployforge_chassis.facts import Record

from deployforge_orchestrator.domain.execution import Execution
from deployforge_orchestrator.domain.lane import Lane
from deployforge_orchestrator.domain.planrequest import PlanRequest

EXECUTIONS = "orchestrator.executions"
OPERATIONS = "orchestrator.operations"


def records(event: Any) -> Sequence[Record]:
    """What is published because of `event`."""
    match event:
        case PlanRequest.Drafted() | PlanRequest.GaveUp() | PlanRequest.WentStale():
            return (_about_plan(event),)
        case Execution.OperationRequested():
            key = str(event.deployment_id)
            return (Record(OPERATIONS, key, "OperationRequested", _operation(event)),)
        case (
            Execution.StepRetried() | Execution.StepReleased() | Execution.CancelAsked() | Execution.RollbackBegan()
            | PlanRequest.Wished() | PlanRequest.Approved() | PlanRequest.Executed() | PlanRequest.Dropped()
            | Lane.Built() | Lane.Entered() | Lane.Left()
        ):  # fmt: skip
            return ()
        case _:
            fact, value = _about_execution(event)
            return (Record(EXECUTIONS, str(event.deployment_id), fact, {**_execution(event), **value}),)


def _about_plan(event: Any) -> Record:
    w = event.wish
    common = {
        "deployment_id": str(event.deployment_id), "namespace": w.namespace, "name": w.name, "request_id": w.request_id,
    }  # fmt: skip
    match event:
        case PlanRequest.Drafted():
            fact, value = "PlanDrafted", {
                "plan_id": event.plan_id, "plan_digest": event.plan_digest, "action": w.action, "origin": w.origin,
                "author": w.author, "base_version": event.base_version, **event.summary.counts,
                "units": event.summary.units, "warnings": list(event.summary.warnings),
                "monthly_cost_delta_usd": event.summary.monthly_cost_delta_usd or None, "drafted_at": event.at,
            }  # fmt: skip
        case PlanRequest.GaveUp():
            problems = [{"path": p.path, "message": p.message, "hint": p.hint or None} for p in event.problems]
            fact, value = "PlanFailed", {"problems": problems, "reason": event.why, "stale": event.stale}
        case _:
            fact, value = "PlanStale", {
                "plan_id": event.plan_id, "plan_digest": event.plan_digest, "base_version": event.base_version,
                "current_version": event.current_version,
            }  # fmt: skip
    return Record(EXECUTIONS, str(event.deployment_id), fact, {**common, **value})


def _execution(event: Any) -> dict[str, Any]:
    b = event.brief
    return {
        "deployment_id": str(event.deployment_id), "namespace": b.namespace, "name": b.name,
        "request_id": b.request_id, "execution_id": str(event.originator_id), "plan_id": b.plan_id,
    }  # fmt: skip


def _about_execution(event: Any) -> tuple[str, dict[str, Any]]:
    match event:
        case Execution.Opened():
            return "ExecutionStarted", {
                "action": event.brief.action, "origin": event.brief.origin, "urns": list(event.urns),
                "steps": len(event.steps), "started_at": event.at,
            }  # fmt: skip
        case Execution.StepStarted():
            return "StepStarted", {**_step(event), "stage": event.step.unit.stage, "rollback": event.rollback}
        case Execution.StepCompleted():
            return "StepCompleted", {**_step(event), "rollback": event.rollback}
        case Execution.StepFailed():
            f = event.failure
            return "StepFailed", {
                **_step(event), "rollback": event.rollback, "code": f.code, "message": f.message, "urn": f.urn,
                "hint": f.hint,
            }  # fmt: skip
        case Execution.StepSkipped():
            return "StepSkipped", {**_step(event), "operation_id": None, "reason": event.why}
        case Execution.Completed():
            return "ExecutionCompleted", {"completed_at": event.at}
        case Execution.Failed():
            return "ExecutionFailed", {"reason": event.why, "failed_at": event.at}
        case Execution.RolledBack():
            return "ExecutionRolledBack", {"reason": event.why, "rolled_back_at": event.at}
        case Execution.Cancelled():
            return "ExecutionCancelled", {"by": event.by, "reason": event.why}
        case Execution.ResourceVerified():
            return "ResourceVerified", _resource(event)
        case Execution.ResourceRemoved():
            return "ResourceRemoved", {"urn": event.urn, "retained": event.retained}
        case Execution.Verified():
            return "ExecutionVerified", _verified(event)
        case Execution.VerificationFailed():
            return "VerificationFailed", {"differences": [asdict(d) for d in event.differences]}
    raise TypeError(f"{type(event).__name__} is no event of the orchestrator")


def _step(event: Any) -> dict[str, Any]:
    unit = event.step.unit
    return {
        "step_id": event.step.step_id, "unit_id": unit.unit_id, "unit_name": unit.name, "verb": event.step.verb,
        "operation_id": getattr(event, "operation_id", None),
    }  # fmt: skip


def _operation(event: Any) -> dict[str, Any]:
    step, unit = event.step, event.step.unit
    return {
        **_execution(event), "operation_id": event.operation_id, "step_id": step.step_id, "unit_id": unit.unit_id,
        "unit_name": unit.name, "verb": step.verb, "provider": unit.provider, "provider_type": unit.provider_type,
        "account": unit.account, "location": unit.location, "credential_ref": unit.credential_ref,
        "template_digest": step.template_digest, "inputs": dict(event.inputs),
        "targets": [
            {
                "urn": t.urn, "type": t.type, "physical_id": t.physical_id, "desired_json": t.desired_json,
                "paths": list(t.paths),
            }
            for t in step.targets
        ],
        "retain": list(step.retain), "adopt": dict(step.adopt), "rollback": event.rollback,
        # What takes a change back may replace what the change did.
        "replaces": None if event.rollback or step.replaces is None else list(step.replaces),
    }  # fmt: skip


def _resource(event: Any) -> dict[str, Any]:
    v = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(event.resource).items()}
    place, resource = event.resource.place, v.pop("name")
    del v["place"]
    return {
        **v, "resource": resource, "provider": place.provider, "provider_type": place.provider_type,
        "account": place.account, "location": place.location, "credential_ref": place.credential_ref,
        "unit_id": place.unit_id, "unit_name": place.name,
    }  # fmt: skip


def _verified(event: Any) -> dict[str, Any]:
    b, c = event.brief, event.closing
    units = [
        {
            **asdict(u.place), "template_digest": u.template_digest, "inputs_json": canonical.dumps(dict(u.inputs)),
        }
        for u in c.units
    ]  # fmt: skip
    return {
        "plan_digest": b.plan_digest, "action": b.action, "origin": b.origin, "author": b.author,
        "approvers": list(b.approvers), "manifest_digest": c.manifest_digest, "base_version": c.base_version,
        "desired_changed": c.desired_changed, "resources": event.resources, "removed": event.removed, "units": units,
        "healing_json": c.healing_json, "healing_policy_digest": canonical.digest(c.healing_json),
        "drift_json": c.drift_json, "policies_json": c.policies_json, "outputs_json": c.outputs_json,
        "effective_at": c.effective_at, "output_uses": {name: list(used) for name, used in c.output_uses.items()},
    }  # fmt: skip
