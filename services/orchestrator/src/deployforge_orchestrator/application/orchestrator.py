"""One method per fact heard; what acts on the outside is enqueued for `effects`."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from deployforge_chassis import canonical
from deployforge_chassis.clock import Clock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import NOTHING, Effects, Fact, NotYet, Write
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import AggregateNotFoundError

from deployforge_orchestrator.application import messages
from deployforge_orchestrator.application.ports import Plans
from deployforge_orchestrator.domain.execution import Execution
from deployforge_orchestrator.domain.lane import Lane
from deployforge_orchestrator.domain.outcomes import Failure, Outcome, StepState, execution_id
from deployforge_orchestrator.domain.plan import Plan
from deployforge_orchestrator.domain.planrequest import PlanRequest, Wish
from deployforge_orchestrator.domain.references import Lookup, resolve
from deployforge_orchestrator.domain.refusals import PlanAlreadyDecided
from deployforge_orchestrator.domain.steps import Target

#: Pause before a step is tried again, doubled with each attempt, in seconds.
_RETRY_SECONDS = 1.0

A = TypeVar("A")


class Orchestrator(EventSourcedApplication):
    """Drives plans to done."""

    def __init__(self, database: Database, sealer: Sealer, plans: Plans, clock: Clock, *, width: int = 8) -> None:
        super().__init__(database, sealer, name="orchestrator")
        self.queue = EffectQueue(self, sealer)
        self.plans = plans
        self.clock = clock
        self._width = width

    # --- facts heard -----------------------------------------------------------------------------------

    def deployment_requested(self, fact: Fact) -> Effects:
        """Take a wish and have a plan drafted."""
        heard = fact.read(messages.DeploymentRequested)
        if self.find(PlanRequest, UUID(heard.request_id)) is not None:
            return NOTHING
        fields = {name: getattr(heard, name) for name in Wish.__dataclass_fields__}
        wish = Wish(**{**fields, "targets": tuple(heard.targets), "urns": tuple(heard.urns)})
        request = PlanRequest(heard.deployment_id, wish)
        return Effects((request,), (self._enqueue("draft", heard.request_id, heard.deployment_id),))

    def plan_approved(self, fact: Fact) -> Effects:
        """Have the plan executed, once."""
        heard = fact.read(messages.PlanApproved)
        request = self.find(PlanRequest, heard.request_id)
        if request is None:
            raise NotYet(f"request {heard.request_id}")
        try:
            request.approve(heard.plan_digest, tuple(heard.approvers), heard.nonce)
        except PlanAlreadyDecided:
            return NOTHING
        return Effects((request,), (self._enqueue("begin", str(heard.request_id), heard.deployment_id),))

    def plan_rejected(self, fact: Fact) -> Effects:
        """Nothing of it will be executed."""
        return self._drop(fact.read(messages.PlanRejected).request_id)

    def cancellation_requested(self, fact: Fact) -> Effects:
        """Before the execution: drop the plan. During it: start no new step, then take back what was done."""
        heard = fact.read(messages.CancellationRequested)
        request = self.find(PlanRequest, heard.request_id)
        if request is None or request.state != "executed":
            return self._drop(heard.request_id)
        execution = self.execution_of(request)
        execution.cancel(heard.by, heard.reason)
        return self.advance(execution)

    def operation_succeeded(self, fact: Fact) -> Effects:
        """A step is done; start what was waiting for it."""
        heard = fact.read(messages.OperationSucceeded)
        execution = self.find(Execution, heard.execution_id)
        if execution is None:
            return NOTHING
        outcomes = [Outcome(r.urn, r.physical_id, _strings(r.attributes_json), r.status) for r in heard.resources]
        execution.complete(heard.operation_id, outcomes, heard.generation, heard.template_digest, heard.finished_at)
        return self.advance(execution)

    def operation_failed(self, fact: Fact) -> Effects:
        """A step failed: again after a pause, or for good."""
        heard = fact.read(messages.OperationFailed)
        execution = self.find(Execution, heard.execution_id)
        if execution is None:
            return NOTHING
        failure = Failure(**{name: getattr(heard, name) for name in Failure.__dataclass_fields__})
        step = next((s for s in execution.running if s.operation_id == heard.operation_id), None)
        if execution.fail(heard.operation_id, failure, heard.finished_at) and step is not None:
            return Effects((execution,), (self._retry(execution, step),))
        return self.advance(execution)

    # --- moving on -------------------------------------------------------------------------------------

    def advance(self, execution: Execution, *others: Any) -> Effects:
        """Start what can start, and end what has ended; `others` are saved along."""
        now = self.clock.now()
        plan = self.plans.get(execution.brief.plan_digest)
        lookup = lookup_of(plan, execution)
        execution.settle(now)
        for step in execution.ready(self._width):
            execution.start(step.plan.step_id, _inputs(step, lookup), _targets(step, lookup, execution), now)
        writes: list[Write] = []
        saved: list[Any] = [execution, *others]
        if execution.state == "completed":
            writes.append(self._enqueue("verify", str(execution.id), execution.deployment_id))
        elif execution.state != "running":
            saved.append(self.leave_lane(execution, plan, *others))
        return Effects(tuple(saved), tuple(writes))

    def leave_lane(self, execution: Execution, plan: Plan, *others: Any) -> Lane:
        """Let the next execution of the deployment begin; raises nothing."""
        lane = next((o for o in others if isinstance(o, Lane)), None) or self.lane(execution.deployment_id)
        made = plan.base_version + 1 if execution.state == "verified" and plan.desired_changed else 0
        lane.leave(str(execution.id), made)
        return lane

    def lane(self, deployment_id: UUID) -> Lane:
        """The deployment's lane, a new one when there is none."""
        return self.find(Lane, Lane.create_id(deployment_id)) or Lane(deployment_id)

    def execution_of(self, request: PlanRequest) -> Execution:
        """The execution of a request's plan. Raises AggregateNotFoundError."""
        found: Execution = self.repository.get(execution_id(UUID(request.plan_id)))
        return found

    def find(self, kind: type[A], id: UUID) -> A | None:
        """An aggregate, or None."""
        try:
            found: A = self.repository.get(id)
        except AggregateNotFoundError:
            return None
        return found

    def _drop(self, request_id: UUID) -> Effects:
        request = self.find(PlanRequest, request_id)
        if request is None:
            return NOTHING
        request.cancel()
        return Effects((request,))

    def _enqueue(self, kind: str, id: str, deployment_id: UUID) -> Write:
        return self.queue.enqueue(kind, id, {"id": id}, deployment_id=deployment_id)

    def _retry(self, execution: Execution, step: StepState) -> Write:
        pause = timedelta(seconds=_RETRY_SECONDS * 2**step.attempt)
        return self.queue.enqueue(
            "retry",
            step.operation_id,
            {"execution_id": str(execution.id), "step_id": step.plan.step_id},
            deployment_id=execution.deployment_id,
            not_before=self.clock.now() + pause,
        )


def lookup_of(plan: Plan, execution: Execution) -> Lookup:
    """Attributes as this execution made them, or as they were before."""
    urns = {kept.name: kept.urn for kept in plan.kept}

    def lookup(name: str, attribute: str) -> str | None:
        outcome = execution.outcomes.get(urns.get(name, ""))
        if outcome is not None and attribute in outcome.attributes:
            return outcome.attributes[attribute]
        return plan.attributes.get(name, {}).get(attribute)

    return lookup


def _inputs(step: StepState, lookup: Lookup) -> dict[str, str]:
    if step.rollback:
        return dict(step.plan.previous_inputs)
    inputs = {}
    for reference in step.plan.inputs:
        name, _, attribute = reference.partition(".")
        value = lookup(name, attribute)
        inputs[reference] = step.plan.previous_inputs.get(reference, "") if value is None else value
    return inputs


def _targets(step: StepState, lookup: Lookup, execution: Execution) -> tuple[Target, ...]:
    found = []
    for target in step.plan.targets:
        desired = json.loads(target.desired_json) if target.desired_json else {}
        if not step.rollback:
            desired = resolve(desired, lookup)
        outcome = execution.outcomes.get(target.urn)
        physical_id = outcome.physical_id if outcome else target.physical_id
        found.append(replace(target, physical_id=physical_id, desired_json=canonical.dumps(desired)))
    return tuple(found)


def _strings(attributes_json: str) -> dict[str, str]:
    return {name: str(value) for name, value in json.loads(attributes_json or "{}").items()}
