"""One line for people about each fact. No values of resources: those stay in the (sealed) fact."""

from collections.abc import Callable, Mapping
from typing import Any, Final

Value = Mapping[str, Any]


def summary(fact: str, value: Value) -> str:
    """The line for a fact; its bare name when there is nothing to add."""
    write = _LINES.get(fact)
    return write(value) if write else fact


def _resource(urn: str | None) -> str:
    return (urn or "").rpartition(":")[2]


def _requested(v: Value) -> str:
    wish = f"{v['author']} asks to {v['action'].lower()}"
    if v.get("remedy"):
        return f"{wish}: {v['remedy']} {', '.join(_resource(urn) for urn in v['urns'])}"
    return wish + (" (plan only)" if v.get("plan_only") else "")


def _drafted(v: Value) -> str:
    counts = ("creates", "updates", "replaces", "deletes", "adopts", "corrects", "recreates", "unchanged")
    said = [f"{v[name]} {name.removesuffix('s')}" for name in counts if v.get(name)]
    return f"plan: {', '.join(said) or 'nothing'} in {v['units']} units"


def _step(word: str) -> Callable[[Value], str]:
    return lambda v: f"{v['verb']} {v['unit_id']} {word}" + (" (rolling back)" if v.get("rollback") else "")


def _because(text: str) -> Callable[[Value], str]:
    return lambda v: text + (f": {v['reason']}" if v.get("reason") else "")


def _drift(v: Value) -> str:
    what = "is missing" if v["kind"] == "MISSING" else "differs in " + ", ".join(a["path"] for a in v["attributes"])
    impact = f", {v['affected'] or len(v['impact'])} resources downstream" if v.get("impact") else ""
    return f"{v['severity'].lower()} drift: {_resource(v['urn'])} {what}{impact}"


def _differences(v: Value) -> str:
    shown = ", ".join(f"{_resource(d['urn'])}.{d['path']}" for d in v["differences"][:5])
    return f"verification failed: {len(v['differences'])} differences ({shown})"


def _anomaly(v: Value) -> str:
    what = v["label"].lower().replace("_", " ")
    return f"drift of {_resource(v['urn'])} looks like {what} ({v['probability']:.0%}), unusual by {v['score']:.2f}"


_LINES: Final[Mapping[str, Callable[[Value], str]]] = {
    "DeploymentRequested": _requested,
    "ExecutionWanted": lambda v: f"{v['by']} wants the plan executed",
    "ApprovalRequested": lambda v: f"waits for {v['required']} approvals: {v['rule']}",
    "ApprovalGiven": lambda v: f"{v['approver']} approves ({v['given']} of {v['required']})",
    "PlanApproved": lambda v: f"approved by {', '.join(v['approvers']) or v['rule']}",
    "PlanRejected": lambda v: f"rejected by {v['by']}: {v['reason']}",
    "CancellationRequested": lambda v: _because(f"{v['by']} cancels")(v),
    "ComplianceReported": lambda v: "compliant" if v["passed"] else f"{len(v['findings'])} compliance findings",
    "NothingToChange": _because("nothing to do"),
    "PlanDrafted": _drafted,
    "PlanFailed": _because("no plan"),
    "PlanStale": lambda v: f"plan is stale: made from version {v['base_version']}, now {v['current_version']}",
    "ExecutionStarted": lambda v: f"execution of {v['steps']} steps begins",
    "StepStarted": _step("begins"),
    "StepCompleted": _step("done"),
    "StepFailed": lambda v: _step("failed")(v) + f": {v['message']}",
    "StepSkipped": lambda v: f"{v['verb']} {v['unit_id']} skipped: {v['reason']}",
    "ExecutionCompleted": lambda v: "every unit is done; reading back",
    "ExecutionFailed": _because("execution failed"),
    "ExecutionRolledBack": _because("execution rolled back"),
    "ExecutionCancelled": _because("execution cancelled"),
    "ResourceVerified": lambda v: f"{v['resource']} is as desired ({v['change']})",
    "ResourceRemoved": lambda v: f"{_resource(v['urn'])} " + ("is no longer managed" if v["retained"] else "is gone"),
    "ExecutionVerified": lambda v: f"{v['resources']} resources verified",
    "VerificationFailed": _differences,
    "StateVersionRecorded": lambda v: f"version {v['version']} recorded" + (" (gone)" if v.get("gone") else ""),
    "StateVersionMarkedGood": lambda v: f"version {v['version']} is good",
    "CredentialIssued": lambda v: f"credential for {v['session']} until {v['expires_at']:%H:%M:%S}",
    "OperationProgressed": lambda v: f"{_resource(v.get('urn')) or v['unit_id']} {v['status']}",
    "OperationSucceeded": lambda v: f"{v['unit_id']}: the cloud is done",
    "OperationFailed": lambda v: f"{v['unit_id']}: {v['message']}",
    "DriftDetected": _drift,
    "DriftResolved": lambda v: f"drift of {_resource(v['urn'])} is gone ({v['how']})",
    "AnomalyDetected": _anomaly,
    "IncidentOpened": lambda v: f"incident: {_resource(v['urn'])} ({v['severity'].lower()})",
    "RemedyChosen": lambda v: f"healer chooses to {v['remedy']} {_resource(v['urn'])}: {v['reason']}",
    "RemedyFailed": lambda v: f"{v['remedy']} of {_resource(v['urn'])} failed: {v['reason']}",
    "IncidentEscalated": lambda v: f"people must look at {_resource(v['urn'])}: {v['reason']}",
    "IncidentClosed": lambda v: f"incident of {_resource(v['urn'])} closed: {v['how']}",
}
