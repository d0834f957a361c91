"""A request: somebody wants a deployment changed. It is planned, judged, perhaps approved, executed and verified.

Commands of people are guarded and refused by name. What other services report is followed as far as it fits the
state, because a fact has happened whether it fits or not: `hears_…` verbs ignore what comes too late.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_control_plane.domain.approvals import Approvals
from deployforge_control_plane.domain.compliance import Finding
from deployforge_control_plane.domain.refusals import AnotherPlan, WrongState
from deployforge_control_plane.domain.values import ApprovalRule, Plan, PlanProblem, RequestState, Wish

SELF: Final = "control-plane"
_UNDECIDED: Final = (RequestState.PLANNING, RequestState.PLANNED, RequestState.AWAITING_APPROVAL)
_RUNNING: Final = (RequestState.APPROVED, RequestState.EXECUTING, RequestState.VERIFYING)


class Request(Aggregate):
    """One request; its id is also the correlation id of everything that follows from it."""

    class Event(Aggregate.Event):
        """Every event says of which deployment it is, and when it happened by the clock of its command."""

        namespace: str
        name: str
        at: datetime

    class PlanEvent(Event):
        """Something about the request's plan."""

        plan_id: str
        plan_digest: str

    class Requested(Event, Aggregate.Created):
        request_id: UUID
        wish: Wish

    class Planned(Event):
        plan: Plan

    class ExecutionWanted(Event):
        by: str

    class ApprovalRequested(PlanEvent):
        rule: ApprovalRule
        why: str
        expires_at: datetime

    class ApprovalGiven(PlanEvent):
        approver: str
        comment: str
        given: int
        required: int

    class Approved(PlanEvent):
        approvers: tuple[str, ...]
        rule: str
        nonce: str

    class Rejected(PlanEvent):
        by: str
        reason: str

    class CancellationRequested(Event):
        by: str
        reason: str

    class PlanningFailed(Event):
        reason: str
        problems: tuple[PlanProblem, ...]

    class NothingToChange(Event):
        reason: str

    class Executing(Event):
        execution_id: str

    class Verifying(Event):
        pass

    class ComplianceReported(Event):
        execution_id: str
        policies: tuple[str, ...]
        findings: tuple[Finding, ...]

    class VersionRecorded(Event):
        version: int

    class Ended(Event):
        state: RequestState
        reason: str

    @staticmethod
    def create_id(request_id: UUID) -> UUID:
        return request_id

    @event(Requested)
    def __init__(self, request_id: UUID, deployment_id: UUID, namespace: str, name: str, wish: Wish, at: datetime) -> None:
        self.deployment_id = deployment_id
        self.namespace, self.name, self.wish = namespace, name, wish
        self.state = RequestState.PLANNING
        self.reason = ""
        self.plan: Plan | None = None
        self.approvals: Approvals | None = None
        self.execution_id = ""
        self.problems: tuple[PlanProblem, ...] = ()
        self.compliant: bool | None = None
        self.recorded_version = 0
        self.requested_at = self.changed_at = at

    # --- what the orchestrator and the judge say of the plan --------------------------------------------------

    def hears_planned(self, plan: Plan, at: datetime) -> bool:
        """Take the plan to be judged; False when the request is not waiting for one (any more)."""
        if self.state is not RequestState.PLANNING or self.plan is not None:
            return False
        self._planned(plan=plan, at=at)
        return True

    @event(Planned)
    def _planned(self, plan: Plan, at: datetime) -> None:
        self.plan, self.changed_at = plan, at
        if self.wish.plan_only:
            self.state, self.reason = RequestState.PLANNED, "planned; waits for Execute"

    def hears_planning_failed(self, reason: str, problems: tuple[PlanProblem, ...], at: datetime) -> None:
        """No plan could be made."""
        if self.state is RequestState.PLANNING:
            self._planning_failed(reason=reason, problems=problems, at=at)

    @event(PlanningFailed)
    def _planning_failed(self, reason: str, problems: tuple[PlanProblem, ...], at: datetime) -> None:
        self.state, self.reason, self.problems, self.changed_at = RequestState.FAILED, reason, problems, at

    def execute(self, plan_digest: str, by: str, at: datetime) -> None:
        """Ask for the plan of a plan-only request to be judged and executed."""
        if self.state is not RequestState.PLANNED:
            raise WrongState(str(self.id), "executed", self.state)
        self._is_its_plan(plan_digest)
        self._execution_wanted(by=by, at=at)

    @event(ExecutionWanted)
    def _execution_wanted(self, by: str, at: datetime) -> None:
        self.state, self.reason, self.changed_at = RequestState.PLANNING, f"{by} wants it executed", at

    @property
    def waits_for_judgement(self) -> bool:
        """It has a plan that nobody has judged yet."""
        return self.state is RequestState.PLANNING and self.plan is not None

    def ask(self, rule: ApprovalRule, why: str, at: datetime) -> None:
        """Let people decide."""
        expires_at = at + timedelta(seconds=rule.expires_seconds)
        self._approval_requested(rule=rule, why=why, expires_at=expires_at, at=at)

    @event(ApprovalRequested)
    def _approval_requested(self, rule: ApprovalRule, why: str, expires_at: datetime, at: datetime) -> None:
        self.state, self.reason, self.changed_at = RequestState.AWAITING_APPROVAL, why, at
        self.approvals = Approvals(rule, why, expires_at)

    def approve_at_once(self, rule: str, nonce: str, at: datetime) -> None:
        """Approve without people, by `rule`."""
        self._approved(approvers=(), rule=rule, nonce=nonce, at=at)

    @event(Approved)
    def _approved(self, approvers: tuple[str, ...], rule: str, nonce: str, at: datetime) -> None:
        self.state, self.reason, self.nonce, self.changed_at = RequestState.APPROVED, rule, nonce, at

    def nothing_to_change(self, reason: str, at: datetime) -> None:
        """End it as done: what is wanted is there already."""
        self._nothing_to_change(reason=reason, at=at)

    @event(NothingToChange)
    def _nothing_to_change(self, reason: str, at: datetime) -> None:
        self.state, self.reason, self.changed_at = RequestState.SUCCEEDED, reason, at

    # --- what people say --------------------------------------------------------------------------------------

    def approve(self, approver: str, plan_digest: str, comment: str, nonce: str, at: datetime) -> None:
        """Count one person's approval of exactly this plan; the last one needed approves it, to be executed once."""
        if self.state is not RequestState.AWAITING_APPROVAL or self.approvals is None:
            raise WrongState(str(self.id), "approved", self.state)
        self._is_its_plan(plan_digest)
        self.approvals.judge(str(self.id), self.wish.author, approver, at)
        given, required = len(self.approvals.given) + 1, self.approvals.rule.required
        self._approval_given(approver=approver, comment=comment, given=given, required=required, at=at)
        if self.approvals.enough:
            self._approved(approvers=self.approvals.approvers, rule=self.approvals.why, nonce=nonce, at=at)

    @event(ApprovalGiven)
    def _approval_given(self, approver: str, comment: str, given: int, required: int, at: datetime) -> None:
        assert self.approvals is not None
        self.approvals = self.approvals.add(approver, at)
        self.reason, self.changed_at = f"{given} of {required} approvals", at

    def reject(self, by: str, reason: str, at: datetime) -> None:
        """Refuse the plan for good. People can, while it waits; the judge can, before it does."""
        if not (self.state in (RequestState.PLANNED, RequestState.AWAITING_APPROVAL) or self.waits_for_judgement):
            raise WrongState(str(self.id), "rejected", self.state)
        self._rejected(by=by, reason=reason, at=at)

    @property
    def waits_for_people_until(self) -> datetime | None:
        """When the plan will be rejected unless people approve it; None when it does not wait for them."""
        return self.approvals.expires_at if self.approvals and self.state is RequestState.AWAITING_APPROVAL else None

    def expire(self, at: datetime) -> None:
        """Reject a plan that nobody approved in time; harmless for any other."""
        if self.waits_for_people_until is not None and at >= self.waits_for_people_until:
            self._rejected(by=SELF, reason="the approval has expired", at=at)

    @event(Rejected)
    def _rejected(self, by: str, reason: str, at: datetime) -> None:
        self.state, self.reason, self.changed_at = RequestState.REJECTED, f"rejected by {by}: {reason}", at

    def cancel(self, by: str, reason: str, at: datetime) -> None:
        """Stop it: at once while nothing runs; otherwise the orchestrator lets running steps end."""
        if self.state.done:
            raise WrongState(str(self.id), "cancelled", self.state)
        self._cancellation_requested(by=by, reason=reason, at=at)

    @event(CancellationRequested)
    def _cancellation_requested(self, by: str, reason: str, at: datetime) -> None:
        why = f"cancelled by {by}" + (f": {reason}" if reason else "")
        if self.state in _UNDECIDED:
            self.state = RequestState.CANCELLED
        self.reason, self.changed_at = why, at

    # --- what the others report of the execution --------------------------------------------------------------

    def hears_executing(self, execution_id: str, at: datetime) -> None:
        """The approval is used up: this execution has taken it."""
        if self.state is RequestState.APPROVED:
            self._executing(execution_id=execution_id, at=at)

    @event(Executing)
    def _executing(self, execution_id: str, at: datetime) -> None:
        self.state, self.execution_id, self.changed_at = RequestState.EXECUTING, execution_id, at

    def hears_verifying(self, at: datetime) -> None:
        """Every unit is done and is being read back."""
        if self.state is RequestState.EXECUTING:
            self._verifying(at=at)

    @event(Verifying)
    def _verifying(self, at: datetime) -> None:
        self.state, self.changed_at = RequestState.VERIFYING, at

    def report_compliance(
        self, execution_id: str, policies: tuple[str, ...], findings: tuple[Finding, ...], at: datetime
    ) -> None:
        """Say once what the policies found in what is really there."""
        if self.compliant is None:
            self._compliance(execution_id=execution_id, policies=policies, findings=findings, at=at)
            self._succeed_when_complete(at)

    @event(ComplianceReported)
    def _compliance(
        self, execution_id: str, policies: tuple[str, ...], findings: tuple[Finding, ...], at: datetime
    ) -> None:
        self.compliant, self.changed_at = not findings, at
        self.findings = len(findings)

    def hears_recorded(self, version: int, at: datetime) -> None:
        """The state manager remembers what this request made."""
        if not self.state.done and not self.recorded_version:
            self._version_recorded(version=version, at=at)
            self._succeed_when_complete(at)

    @event(VersionRecorded)
    def _version_recorded(self, version: int, at: datetime) -> None:
        self.recorded_version, self.changed_at = version, at

    def _succeed_when_complete(self, at: datetime) -> None:
        if self.compliant is None or not self.recorded_version or self.state.done:
            return
        kept = "" if self.compliant else f", but {self.findings} compliance findings"
        self._ended(state=RequestState.SUCCEEDED, reason=f"recorded as version {self.recorded_version}{kept}", at=at)

    def hears_ended(self, state: RequestState, reason: str, at: datetime) -> None:
        """The execution failed, was rolled back or cancelled, or the plan was stale."""
        if self.state in _RUNNING or (self.state in _UNDECIDED and state is RequestState.STALE):
            self._ended(state=state, reason=reason, at=at)

    @event(Ended)
    def _ended(self, state: RequestState, reason: str, at: datetime) -> None:
        self.state, self.reason, self.changed_at = state, reason, at

    def trigger_event(self, event_class: type[Any], **kwargs: Any) -> None:
        """Add what every event says."""
        said: dict[str, Any] = {"namespace": self.namespace, "name": self.name}
        if issubclass(event_class, Request.PlanEvent) and self.plan is not None:
            said |= {"plan_id": self.plan.plan_id, "plan_digest": self.plan.plan_digest}
        super().trigger_event(event_class, **said, **kwargs)

    def _is_its_plan(self, digest: str) -> None:
        if self.plan is None or digest != self.plan.plan_digest:
            raise AnotherPlan(str(self.id), digest)
