"""An execution: the steps of an approved plan, what became of each, and the way back when one fails.

A failed step stops what depends on it, not its siblings. When nothing runs any more, everything that this execution
did is taken back in reverse order. Outcomes are told by operation id, so a repeated or late one changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_orchestrator.domain.outcomes import (
    ATTEMPTS,
    COMPLETED,
    FAILED,
    PENDING,
    RUNNING,
    SKIPPED,
    Brief,
    Closing,
    Difference,
    Failure,
    Outcome,
    StepState,
    Verification,
    execution_id,
    operation_id,
)
from deployforge_orchestrator.domain.steps import FIX, StepPlan, Target
from deployforge_orchestrator.domain.way_back import way_back


class Execution(Aggregate):
    """Id: `execution_id(plan_id)`."""

    @event("Opened")
    def __init__(
        self, deployment_id: UUID, brief: Brief, steps: tuple[StepPlan, ...], urns: tuple[str, ...], at: datetime
    ) -> None:
        self.deployment_id = deployment_id
        self.brief = brief
        self.steps: dict[str, StepState] = {step.step_id: StepState(step) for step in steps}
        self.state = RUNNING
        self.reason = ""
        self.cancelled_by = ""
        self.cancel_reason: str | None = None
        self.rolling_back = False
        self.outcomes: dict[str, Outcome] = {}
        self.generations: dict[str, int] = {}
        self.templates: dict[str, str] = {}
        self.inputs: dict[str, Mapping[str, str]] = {}
        self.verified: list[Verification] = []
        self.ended: list[str] = []
        """Step ids in the order in which their ends were told: what is taken back goes the other way round."""

    @staticmethod
    def create_id(brief: Brief, **_: object) -> UUID:
        """See `execution_id`."""
        return execution_id(UUID(brief.plan_id))

    # --- steps -----------------------------------------------------------------------------------------

    @property
    def running(self) -> list[StepState]:
        """Steps that the cloud layer is working on."""
        return [s for s in self.steps.values() if s.state == RUNNING]

    def ready(self, width: int) -> list[StepState]:
        """Steps that can start now, at most `width` running together."""
        if self.state != RUNNING or (self.cancelled_by and not self.rolling_back):
            return []
        done = {s.plan.step_id for s in self.steps.values() if s.state == COMPLETED}
        waiting = [
            s for s in self.steps.values()
            if s.state == PENDING and s.rollback == self.rolling_back and done.issuperset(s.plan.depends_on)
        ]  # fmt: skip
        return waiting[: max(0, width - len(self.running))]

    def start(self, step_id: str, inputs: Mapping[str, str], targets: tuple[Target, ...], at: datetime) -> None:
        """Hand a step to the cloud layer."""
        step = self.steps[step_id]
        if step.state != PENDING:
            return
        operation = operation_id(self.id, step_id, step.attempt + 1)
        self._step_started(brief=self.brief, step=step.plan, rollback=step.rollback, operation_id=operation, at=at)
        self._operation_requested(
            brief=self.brief, step=replace(step.plan, targets=targets), rollback=step.rollback,
            operation_id=operation, inputs=dict(inputs),
        )  # fmt: skip

    @event("StepStarted")
    def _step_started(self, brief: Brief, step: StepPlan, rollback: bool, operation_id: str, at: datetime) -> None:
        before = self.steps[step.step_id]
        self.steps[step.step_id] = replace(
            before, state=RUNNING, attempt=before.attempt + 1, operation_id=operation_id, started_at=at, error=""
        )

    @event("OperationRequested")
    def _operation_requested(
        self, brief: Brief, step: StepPlan, rollback: bool, operation_id: str, inputs: Mapping[str, str]
    ) -> None:
        if step.verb != FIX:
            self.inputs[step.unit.unit_id] = inputs

    def complete(
        self, operation_id: str, outcomes: Sequence[Outcome], generation: int, template_digest: str | None, at: datetime
    ) -> None:
        """An operation is done."""
        step = self._of(operation_id)
        if step is None:
            return
        self._step_completed(
            brief=self.brief, step=step.plan, rollback=step.rollback, operation_id=operation_id,
            outcomes=tuple(outcomes), generation=generation, template_digest=template_digest, at=at,
        )  # fmt: skip

    @event("StepCompleted")
    def _step_completed(
        self, brief: Brief, step: StepPlan, rollback: bool, operation_id: str, outcomes: tuple[Outcome, ...],
        generation: int, template_digest: str | None, at: datetime,
    ) -> None:  # fmt: skip
        self.steps[step.step_id] = replace(self.steps[step.step_id], state=COMPLETED, ended_at=at)
        self.ended.append(step.step_id)
        for outcome in outcomes:
            self.outcomes[outcome.urn] = outcome
        unit = step.unit.unit_id
        self.generations[unit] = max(generation, self.generations.get(unit, 0))
        if template_digest:
            self.templates[unit] = template_digest

    def fail(self, operation_id: str, failure: Failure, at: datetime) -> bool:
        """An operation failed. True when the step will be tried again."""
        step = self._of(operation_id)
        if step is None:
            return False
        # A cancelled execution tries nothing new again, but its way back is worth every attempt.
        if failure.retryable and step.attempt < ATTEMPTS and (step.rollback or not self.cancelled_by):
            self._step_retried(step_id=step.plan.step_id, error=failure.message, restored=failure.restored)
            return True
        self._step_failed(
            brief=self.brief, step=step.plan, rollback=step.rollback, operation_id=operation_id, failure=failure, at=at
        )
        return False

    @event("StepRetried")
    def _step_retried(self, step_id: str, error: str, restored: bool) -> None:
        before = self.steps[step_id]
        self.steps[step_id] = replace(before, state="waiting", error=error, restored=before.restored and restored)

    def try_again(self, step_id: str) -> bool:
        """A pause is over: the step may start again. False when that is not its turn."""
        if self.steps[step_id].state != "waiting":
            return False
        self._step_released(step_id=step_id)
        return True

    @event("StepReleased")
    def _step_released(self, step_id: str) -> None:
        self.steps[step_id] = replace(self.steps[step_id], state=PENDING)

    @event("StepFailed")
    def _step_failed(
        self, brief: Brief, step: StepPlan, rollback: bool, operation_id: str, failure: Failure, at: datetime
    ) -> None:
        before = self.steps[step.step_id]
        # "Restored" is said of one operation: what an earlier attempt left is still there.
        restored = before.restored and failure.restored
        self.steps[step.step_id] = replace(before, state=FAILED, error=failure.message, restored=restored, ended_at=at)
        self.ended.append(step.step_id)
        if not rollback and not self.reason:
            self.reason = f"unit {step.unit.unit_id} failed: {_named(failure)}"

    @event("StepSkipped")
    def _step_skipped(self, brief: Brief, step: StepPlan, why: str) -> None:
        self.steps[step.step_id] = replace(self.steps[step.step_id], state=SKIPPED, error=why)

    def _of(self, operation_id: str) -> StepState | None:
        return next((s for s in self.steps.values() if s.operation_id == operation_id and s.state == RUNNING), None)

    # --- the end ---------------------------------------------------------------------------------------

    def cancel(self, by: str, reason: str | None) -> None:
        """Start no new step; running ones end, then what was done is taken back."""
        if self.state == RUNNING and not self.cancelled_by and not self.rolling_back:
            self._cancelled(by=by, why=reason)

    @event("CancelAsked")
    def _cancelled(self, by: str, why: str | None) -> None:
        self.cancelled_by = by
        self.cancel_reason = why

    def settle(self, at: datetime) -> None:
        """Decide what follows from where the steps stand: skip, roll back, or end."""
        if self.state != RUNNING:
            return
        self._skip_hopeless()
        if self.running or any(s.state == "waiting" for s in self.steps.values()):
            return
        mine = [s for s in self.steps.values() if s.rollback == self.rolling_back]
        if any(s.state == PENDING for s in mine) and not (self.cancelled_by and not self.rolling_back):
            return
        if self.rolling_back:
            self._end_of_rollback(mine, at)
        elif self.cancelled_by or any(s.state == FAILED for s in mine):
            self._turn_back(at)
        else:
            self._completed(brief=self.brief, at=at)

    def _skip_hopeless(self) -> None:
        while True:
            dead = {s.plan.step_id for s in self.steps.values() if s.state in (FAILED, SKIPPED)}
            hopeless = [
                s for s in self.steps.values()
                if s.state == PENDING and s.rollback == self.rolling_back and dead.intersection(s.plan.depends_on)
            ]  # fmt: skip
            if self.cancelled_by and not self.rolling_back:
                hopeless = [s for s in self.steps.values() if s.state == PENDING and not s.rollback]
            if not hopeless:
                return
            why = "cancelled" if self.cancelled_by and not self.rolling_back else "a unit it depends on failed"
            for step in hopeless:
                self._step_skipped(brief=self.brief, step=step.plan, why=why)

    def _turn_back(self, at: datetime) -> None:
        order = {step_id: number for number, step_id in enumerate(self.ended)}
        mine = [s for s in self.steps.values() if not s.rollback]
        back = way_back(sorted(mine, key=lambda s: order.get(s.plan.step_id, len(order))))
        if back:
            self._rollback_began(steps=tuple(back))
        else:
            self._end_rolled_back(at)

    @event("RollbackBegan")
    def _rollback_began(self, steps: tuple[StepPlan, ...]) -> None:
        self.rolling_back = True
        for step in steps:
            self.steps[step.step_id] = StepState(step, rollback=True)

    def _end_of_rollback(self, steps: Sequence[StepState], at: datetime) -> None:
        if bad := [s for s in steps if s.state != COMPLETED]:
            why = "; ".join(f"{s.plan.unit.unit_id}: {s.error}" for s in bad)
            self._failed(
                brief=self.brief, why=f"{self.reason or 'cancelled'}; and it could not be taken back: {why}", at=at
            )
        else:
            self._end_rolled_back(at)

    def _end_rolled_back(self, at: datetime) -> None:
        if self.cancelled_by and not self.reason:
            self._ended_cancelled(brief=self.brief, by=self.cancelled_by, why=self.cancel_reason)
        else:
            self._rolled_back(brief=self.brief, why=self.reason, at=at)

    @event("Completed")
    def _completed(self, brief: Brief, at: datetime) -> None:
        self.state = "completed"

    @event("Failed")
    def _failed(self, brief: Brief, why: str, at: datetime) -> None:
        self.state = "failed"
        self.reason = why

    @event("RolledBack")
    def _rolled_back(self, brief: Brief, why: str, at: datetime) -> None:
        self.state = "rolled-back"

    @event("Cancelled")
    def _ended_cancelled(self, brief: Brief, by: str, why: str | None) -> None:
        self.state = "cancelled"
        self.reason = why or "cancelled"

    # --- verification ----------------------------------------------------------------------------------

    def verify(
        self, resources: Sequence[Verification], removed: Sequence[str], retained: Sequence[str], closing: Closing
    ) -> None:
        """Everything was read back and is as planned."""
        if self.state != "completed":
            return
        for resource in resources:
            self._resource_verified(brief=self.brief, resource=resource)
        for urn in removed:
            self._resource_removed(brief=self.brief, urn=urn, retained=urn in retained)
        self._verified(brief=self.brief, resources=len(resources), removed=len(removed), closing=closing)

    @event("ResourceVerified")
    def _resource_verified(self, brief: Brief, resource: Verification) -> None:
        self.verified.append(resource)

    @event("ResourceRemoved")
    def _resource_removed(self, brief: Brief, urn: str, retained: bool) -> None:
        """Told to whoever remembers."""

    @event("Verified")
    def _verified(self, brief: Brief, resources: int, removed: int, closing: Closing) -> None:
        self.state = "verified"

    def differ(self, differences: Sequence[Difference], at: datetime) -> None:
        """What was read back is not what was planned; what was done stays, for people to look at."""
        if self.state != "completed":
            return
        self._verification_failed(brief=self.brief, differences=tuple(differences))
        first = differences[0]
        why = (
            f"{len(differences)} attributes are not as planned, first {first.urn.rsplit(':', 1)[-1]} {first.path}: "
            f"expected {first.expected_json}, found {first.actual_json}"
        )
        self._failed(brief=self.brief, why=why, at=at)

    @event("VerificationFailed")
    def _verification_failed(self, brief: Brief, differences: tuple[Difference, ...]) -> None:
        """The end follows."""


def _named(failure: Failure) -> str:
    resource = f"{failure.urn.rsplit(':', 1)[-1]}: " if failure.urn else ""
    return f"{resource}{failure.message}"
