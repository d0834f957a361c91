"""What the control plane does about facts of the other services: follow its requests, and tell the timeline."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.bodies import BodyNotFound
from deployforge_chassis.facts import NOTHING, Effects, Fact, Heard, Write

from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.judging import deployed_by
from deployforge_control_plane.application.messages import (
    DriftDetected,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionStopped,
    ExecutionVerified,
    IncidentOpened,
    PlanDrafted,
    PlanFailed,
    PlanStale,
    StateVersionRecorded,
    VerificationFailed,
)
from deployforge_control_plane.application.shredding import Shredder
from deployforge_control_plane.application.telling import heard_entry
from deployforge_control_plane.domain.judge import Deployed
from deployforge_control_plane.domain.manifest.manifest import place
from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.values import ApprovalRule, Plan, PlanProblem, RequestState

COMPLIANCE: Final = "judge-compliance"
_STOPPED: Final = {
    "ExecutionFailed": RequestState.FAILED,
    "ExecutionRolledBack": RequestState.ROLLED_BACK,
    "ExecutionCancelled": RequestState.CANCELLED,
}
_SHOWN_PROBLEMS: Final = 5


class Hearing:
    """One method per fact that changes something; every other fact is only told."""

    def __init__(self, app: ControlPlane) -> None:
        self._app = app
        self._shredder = Shredder(app)

    def heard(self) -> Heard:
        """The subscription list."""
        tell = self.tell
        return {
            "orchestrator.executions": {
                "PlanDrafted": self.plan_drafted,
                "PlanFailed": self.plan_failed,
                "PlanStale": self.plan_stale,
                "ExecutionStarted": self.execution_started,
                "ExecutionCompleted": self.execution_completed,
                "ExecutionFailed": self.execution_stopped,
                "ExecutionRolledBack": self.execution_stopped,
                "ExecutionCancelled": self.execution_stopped,
                "ExecutionVerified": self.execution_verified,
                "VerificationFailed": self.verification_failed,
                "StepStarted": tell,
                "StepCompleted": tell,
                "StepFailed": tell,
                "StepSkipped": tell,
                "ResourceVerified": tell,
                "ResourceRemoved": tell,
            },
            "state-manager.states": {
                "StateVersionRecorded": self.version_recorded,
                "StateVersionMarkedGood": tell,
                "DeploymentShredded": self._shredder.shredded,
            },
            "mcal.operations": {"CredentialIssued": tell, "OperationSucceeded": tell, "OperationFailed": tell},
            "mcal.progress": {"OperationProgressed": tell},
            "drift-detector.drift": {
                "DriftDetected": self.drift_detected,
                "DriftResolved": tell,
                "AnomalyDetected": tell,
            },
            "healer.incidents": {
                "IncidentOpened": self.incident_opened,
                "RemedyChosen": tell,
                "RemedyFailed": tell,
                "IncidentEscalated": tell,
                "IncidentClosed": tell,
            },
        }

    def tell(self, fact: Fact) -> Effects:
        """Add the fact to the timeline."""
        entry = heard_entry(fact)
        return NOTHING if entry is None else Effects(writes=(self._app.stores.timeline.append(entry),))

    def plan_drafted(self, fact: Fact) -> Effects:
        """Judge the plan, or let it wait for Execute."""
        said = fact.read(PlanDrafted)
        request = self._app.request(said.request_id)
        if request is None:
            return self.tell(fact)
        now = self._app.clock.now()
        writes: Sequence[Write] = ()
        if request.hears_planned(_plan(said), now):
            writes = self._app.judge.judge(request, now)
        return self._with(request, fact, writes)

    def plan_failed(self, fact: Fact) -> Effects:
        """Say where in the manifest the problems stand."""
        said = fact.read(PlanFailed)
        request = self._app.request(said.request_id)
        if request is None:
            return self.tell(fact)
        if said.stale:
            request.hears_ended(RequestState.STALE, said.reason, self._app.clock.now())
            return self._with(request, fact)
        problems = tuple(PlanProblem(found.path, found.message, found.hint or "") for found in said.problems)
        problems = self._placed(request, problems)
        shown = "; ".join(str(problem) for problem in problems[:_SHOWN_PROBLEMS])
        request.hears_planning_failed(shown or said.reason, problems, self._app.clock.now())
        return self._with(request, fact)

    def plan_stale(self, fact: Fact) -> Effects:
        """The plan will never be executed."""
        said = fact.read(PlanStale)
        reason = f"the plan was made from version {said.base_version}, the deployment is at {said.current_version}"
        return self._ended(said.request_id, RequestState.STALE, reason, fact)

    def execution_started(self, fact: Fact) -> Effects:
        """The approval is used up."""
        said = fact.read(ExecutionStarted)
        request = self._app.request(said.request_id)
        if request is None:
            return self.tell(fact)
        request.hears_executing(said.execution_id, self._app.clock.now())
        return self._with(request, fact)

    def execution_completed(self, fact: Fact) -> Effects:
        """It is being read back now."""
        request = self._app.request(fact.read(ExecutionCompleted).request_id)
        if request is None:
            return self.tell(fact)
        request.hears_verifying(self._app.clock.now())
        return self._with(request, fact)

    def execution_stopped(self, fact: Fact) -> Effects:
        """Failed, rolled back or cancelled."""
        said = fact.read(ExecutionStopped)
        return self._ended(said.request_id, _STOPPED[fact.type], said.reason or fact.type, fact)

    def verification_failed(self, fact: Fact) -> Effects:
        """What is there is not what was planned."""
        said = fact.read(VerificationFailed)
        where = ", ".join(f"{found.urn.rpartition(':')[2]}.{found.path}" for found in said.differences[:5])
        reason = f"verification found {len(said.differences)} differences: {where}"
        return self._ended(said.request_id, RequestState.FAILED, reason, fact)

    def execution_verified(self, fact: Fact) -> Effects:
        """Run the manifest's compliance policies on what is really there."""
        said = fact.read(ExecutionVerified)
        request = self._app.request(said.request_id)
        if request is None:
            return self.tell(fact)
        policies: list[dict[str, Any]] = json.loads(said.policies_json or "[]")
        if not policies:
            request.report_compliance(said.execution_id, (), (), self._app.clock.now())
            return self._with(request, fact)
        payload = {"request_id": str(request.id), "execution_id": said.execution_id, "policies": policies}
        work = self._app.queue.enqueue(COMPLIANCE, said.execution_id, payload, deployment_id=request.deployment_id)
        return self._with(request, fact, (work,))

    def version_recorded(self, fact: Fact) -> Effects:
        """Remember what is deployed, under which rules."""
        said = fact.read(StateVersionRecorded)
        deployed = None if said.gone else self._deployed(said)
        writes = (self._app.stores.deployed.put(said.deployment_id, said.version, deployed),)
        request = self._app.request(said.request_id)
        if request is None:
            return Effects(writes=writes) + self.tell(fact)
        request.hears_recorded(said.version, self._app.clock.now())
        return self._with(request, fact, writes)

    def drift_detected(self, fact: Fact) -> Effects:
        """Remember whose drift it is."""
        return self._located(fact.read(DriftDetected).drift_id, fact)

    def incident_opened(self, fact: Fact) -> Effects:
        """Remember whose incident it is."""
        return self._located(fact.read(IncidentOpened).incident_id, fact)

    def _located(self, id: str, fact: Fact) -> Effects:
        entry = heard_entry(fact)
        if entry is None:
            return NOTHING
        return Effects(writes=(self._app.stores.whereabouts.put(id, entry.namespace),)) + self.tell(fact)

    def _deployed(self, said: StateVersionRecorded) -> Deployed:
        """From the manifest that the version was made from; a heal leaves the one before in force."""
        before = self._app.stores.deployed.get(said.deployment_id)
        healing = json.loads(said.healing_json)
        try:
            manifest = json.loads(self._app.bodies.get(said.manifest_digest or ""))
        except BodyNotFound:
            kept = before or Deployed(0, "", ApprovalRule(), {}, "", "")
            policy = said.healing_policy_digest
            return replace(kept, desired_version=said.desired_version, healing=healing, healing_policy_digest=policy)
        digest = said.manifest_digest or ""
        return deployed_by(manifest, digest, said.desired_version, healing, said.healing_policy_digest)

    def _placed(self, request: Request, problems: Sequence[PlanProblem]) -> tuple[PlanProblem, ...]:
        places = self._app.places(request)
        located = []
        for problem in problems:
            line, column = place(places, problem.path)
            located.append(replace(problem, line=line, column=column, file=request.wish.file))
        return tuple(sorted(located, key=lambda problem: (problem.line, problem.column)))

    def _ended(self, request_id: UUID, state: RequestState, reason: str, fact: Fact) -> Effects:
        request = self._app.request(request_id)
        if request is None:
            return self.tell(fact)
        request.hears_ended(state, reason, self._app.clock.now())
        return self._with(request, fact)

    def _with(self, request: Request, fact: Fact, writes: Sequence[Write] = ()) -> Effects:
        """The request's changes after the fact that caused them, in the timeline as in life."""
        view_first = self._app.effects(request, writes)
        told = self.tell(fact)
        if not request.pending_events:
            return told + view_first
        # The view first, since the timeline notes the state of the request after each entry.
        return Effects(view_first.aggregates, (view_first.writes[0], *told.writes, *view_first.writes[1:]))


def _plan(said: PlanDrafted) -> Plan:
    return Plan(
        said.plan_id, said.plan_digest, said.base_version, said.creates, said.updates, said.replaces, said.deletes,
        said.adopts, said.corrects, said.recreates, said.unchanged, said.units,
    )  # fmt: skip
