"""Work on the outside: drafting plans, beginning executions, reading back what they did.

None of it changes a cloud; operations are facts that the cloud layer hears. All of it may be repeated.
"""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from deployforge_chassis import canonical, jsondiff
from deployforge_chassis.effects import Work, WorkHandler
from deployforge_chassis.facts import NOTHING, Effects, NotYet

from deployforge_orchestrator.application.drafting import Drafting
from deployforge_orchestrator.application.filling import filled
from deployforge_orchestrator.application.orchestrator import Orchestrator, lookup_of
from deployforge_orchestrator.application.ports import Clouds, Unavailable
from deployforge_orchestrator.domain.execution import Execution
from deployforge_orchestrator.domain.outcomes import Brief, Closing, Difference, UnitNow, Verification
from deployforge_orchestrator.domain.plan import Kept, Plan, plan_id
from deployforge_orchestrator.domain.planning import MISSING, NOT_CHECKED, Live, enforced
from deployforge_orchestrator.domain.planrequest import PlanRequest, Summary
from deployforge_orchestrator.domain.references import Lookup, read, references, resolve
from deployforge_orchestrator.domain.refusals import DeploymentBusy, NoPlan, Problem
from deployforge_orchestrator.domain.rereading import moved, settled_of, to_fill
from deployforge_orchestrator.domain.steps import UnitPlace

log = structlog.get_logger(__name__)

#: Attempts at drafting while a service or a cloud does not answer: about a minute with the queue's backoff.
DRAFT_ATTEMPTS = 12
#: Attempts at drafting while an earlier version is not remembered yet: some minutes, at most a second each.
PATIENCE = 300
#: Attempts at a last look before an execution; few, because each may last as long as a deadline.
LOOK_ATTEMPTS = 3
#: Readings before a difference counts: clouds answer with old values for a moment.
READ_ATTEMPTS = 5


class NotConsistentYet(Exception):
    """What was read back is not (yet) as planned; it is read again."""


class Errands:
    """The handlers of the effect queue."""

    def __init__(self, app: Orchestrator, drafting: Drafting, clouds: Clouds) -> None:
        self._app, self._drafting, self._clouds = app, drafting, clouds

    def handlers(self) -> Mapping[str, WorkHandler]:
        """Kind → handler."""
        return {"draft": self.draft, "begin": self.begin, "verify": self.verify, "retry": self.retry}

    # --- draft -----------------------------------------------------------------------------------------

    def draft(self, work: Work) -> Effects:
        """Make the plan of a request, or say why there is none."""
        request = self._app.find(PlanRequest, UUID(work.id))
        if request is None or request.state != "planning":
            return NOTHING
        try:
            plan = self._plan(request)
        except NoPlan as refused:
            request.give_up(refused.problems, str(refused), refused.stale)
            return Effects((request,))
        except Unavailable as outage:
            if work.attempt < DRAFT_ATTEMPTS:
                raise
            request.give_up((Problem("", str(outage), "try again later"),), f"no answer: {outage}")
            return Effects((request,))
        except NotYet as early:
            if work.attempt < PATIENCE:
                raise
            request.give_up((Problem("", str(early), "try again later"),), f"waited in vain: {early}")
            return Effects((request,))
        except Exception as fault:
            if work.attempt < DRAFT_ATTEMPTS:
                raise
            # A fault of this service, not of the wish; its log has the whole of it. The request must end all the same.
            log.error("no plan can be made", request_id=work.id, exc_info=fault)
            request.give_up((Problem("", f"internal error: {type(fault).__name__}"),), "internal error")
            return Effects((request,))
        id = str(plan_id(request.id))
        digest, writes = self._app.plans.put(id, plan, request.deployment_id)
        summary = Summary(plan.counts, len(plan.units), plan.warnings, plan.monthly_cost_delta_usd)
        request.draft(id, digest, plan.base_version, summary, self._app.clock.now())
        return Effects((request,), tuple(writes))

    def _plan(self, request: PlanRequest) -> Plan:
        state = self._drafting.state(request.wish)
        lane = self._app.lane(request.deployment_id)
        if state.desired_version < lane.desired_version:
            raise NotYet(f"version {lane.desired_version} is not remembered yet")
        return self._drafting.plan(request.deployment_id, request.wish, state)

    # --- begin -----------------------------------------------------------------------------------------

    def begin(self, work: Work) -> Effects:
        """Start an approved plan, unless the state has moved since it was made."""
        request = self._app.find(PlanRequest, UUID(work.id))
        if request is None or request.state != "approved":
            return NOTHING
        lane = self._app.lane(request.deployment_id)
        plan = self._app.plans.get(request.plan_digest)
        current = max(self._drafting.state(request.wish).desired_version, lane.desired_version)
        if current != plan.base_version:
            request.go_stale(current)
            return Effects((request,))
        execution = Execution(
            request.deployment_id, self._brief(request), plan.steps, tuple(plan.touched), self._app.clock.now()
        )
        try:
            lane.enter(str(execution.id))
        except DeploymentBusy as busy:
            if request.wish.action != "HEAL" or self._is_healing(lane.execution_id):
                raise NotYet(str(busy)) from busy
            # A deployment supersedes a heal: whatever it leaves will be judged anew.
            request.go_stale(current)
            return Effects((request,))
        if why := self._moved(request, plan, work.attempt):
            log.info("a plan is stale", request_id=work.id, reason=why)
            request.go_stale(current)
            return Effects((request,))
        request.execute()
        return self._app.advance(execution, lane, request)

    def _moved(self, request: PlanRequest, plan: Plan, attempt: int) -> str:
        """What was changed in the clouds since the plan was drafted and is not covered by it; empty: nothing."""

        def lookup(name: str, attribute: str) -> str | None:
            return plan.attributes.get(name, {}).get(attribute)

        try:
            live = self._drafting.read_again(request.deployment_id, plan)
            values = filled(self._clouds, to_fill(plan, live), lookup)
        except Unavailable:
            if attempt < LOOK_ATTEMPTS:
                raise
            return ""  # The operations meet the same outage, and say so.
        return moved(plan, live, lookup, values)

    def _is_healing(self, execution: str) -> bool:
        running = self._app.find(Execution, UUID(execution))
        return running is not None and running.brief.action == "HEAL"

    @staticmethod
    def _brief(request: PlanRequest) -> Brief:
        w = request.wish
        return Brief(
            w.namespace, w.name, w.request_id, request.plan_id, request.plan_digest, w.action, w.origin, w.author,
            request.approvers,
        )  # fmt: skip

    # --- retry -----------------------------------------------------------------------------------------

    def retry(self, work: Work) -> Effects:
        """The pause before another attempt at a step is over."""
        execution = self._app.find(Execution, UUID(work.payload["execution_id"]))
        if execution is None or not execution.try_again(work.payload["step_id"]):
            return NOTHING
        return self._app.advance(execution)

    # --- verify ----------------------------------------------------------------------------------------

    def verify(self, work: Work) -> Effects:
        """Read everything back, compare, and have it remembered."""
        execution = self._app.find(Execution, UUID(work.id))
        if execution is None or execution.state != "completed":
            return NOTHING
        plan = self._app.plans.get(execution.brief.plan_digest)
        lookup = lookup_of(plan, execution)
        now = self._app.clock.now()
        try:
            live = self._read_back(execution, plan)
            values = filled(self._clouds, to_fill(plan, live), lookup)
        except Unavailable as outage:
            if work.attempt < DRAFT_ATTEMPTS:
                raise
            # What nobody has read must not be called verified.
            said = canonical.dumps(str(outage))
            execution.differ([Difference(k.urn, "(readable)", "true", said) for k in plan.kept], now)
            return Effects((execution, self._app.leave_lane(execution, plan)))
        wanted = {kept.urn: settled_of(kept, lookup, values) for kept in plan.kept}
        differences = [d for kept in plan.kept for d in _differences(kept, live[kept.urn], wanted[kept.urn])]
        unread = [f"{k.name}: {live[k.urn].reason}" for k in plan.kept if live[k.urn].presence == NOT_CHECKED]
        if (differences or unread) and work.attempt < READ_ATTEMPTS:
            first = differences[0] if differences else unread[0]
            raise NotConsistentYet(f"{len(differences)} differences, {len(unread)} not read, first {first}")
        if differences:
            execution.differ(differences, now)
        else:
            places = {unit.place.unit_id: unit.place for unit in plan.units}
            resources = [_verification(k, places[k.unit_id], live[k.urn], wanted[k.urn], execution) for k in plan.kept]
            execution.verify(resources, plan.removed, plan.retained, self._closing(execution, plan, lookup))
        return Effects((execution, self._app.leave_lane(execution, plan)))

    def _read_back(self, execution: Execution, plan: Plan) -> dict[str, Live]:
        places = {unit.place.unit_id: unit.place for unit in plan.units}
        by_unit: dict[str, list[Kept]] = {}
        for kept in plan.kept:
            by_unit.setdefault(kept.unit_id, []).append(kept)
        live: dict[str, Live] = {}
        for unit_id, members in by_unit.items():
            targets = [(k.urn, k.type, _physical_id(k, execution)) for k in members]
            live.update(self._clouds.observe(execution.deployment_id, places[unit_id].scope, targets))
        missing = {k.urn: Live(NOT_CHECKED, reason="no answer") for k in plan.kept if k.urn not in live}
        return {**live, **missing}

    def _closing(self, execution: Execution, plan: Plan, lookup: Lookup) -> Closing:
        units = tuple(
            UnitNow(
                unit.place,
                execution.templates.get(unit.place.unit_id) or unit.current_template or unit.template_digest,
                execution.inputs.get(unit.place.unit_id, unit.current_inputs),
            )
            for unit in plan.units
        )
        declared = json.loads(plan.outputs_json)
        outputs = read(resolve(declared, lookup))
        uses = {name: tuple(sorted({used for used, _ in references(said)})) for name, said in declared.items()}
        return Closing(
            units, plan.base_version, plan.desired_changed, plan.manifest_digest, plan.healing_json, plan.drift_json,
            plan.policies_json, canonical.dumps(outputs), self._app.clock.now(), uses,
        )  # fmt: skip


def _physical_id(kept: Kept, execution: Execution) -> str:
    outcome = execution.outcomes.get(kept.urn)
    return outcome.physical_id if outcome and outcome.physical_id else kept.physical_id


def _differences(kept: Kept, live: Live, desired: Mapping[str, object]) -> Sequence[Difference]:
    if live.presence == NOT_CHECKED:
        return ()
    if live.presence == MISSING:
        return (Difference(kept.urn, "(exists)", "true", "false"),)
    found = jsondiff.changes(enforced(desired, live.properties, kept.set_paths), desired, kept.set_paths)
    return [Difference(kept.urn, c.path, c.after_json, c.before_json) for c in found]


def _verification(
    kept: Kept, place: UnitPlace, live: Live, desired: Mapping[str, object], execution: Execution
) -> Verification:
    outcome = execution.outcomes.get(kept.urn)
    attributes = {**live.attributes, **(outcome.attributes if outcome else {})}
    return Verification(
        kept.urn, kept.name, kept.type, kept.native_type, place,
        live.physical_id or _physical_id(kept, execution), canonical.dumps(desired),
        canonical.dumps(live.properties), canonical.dumps(attributes), kept.spec_json, kept.depends_on,
        kept.create_only_paths, kept.set_paths, kept.criticality, kept.protect, kept.retain_on_delete,
        execution.generations.get(kept.unit_id, 0), kept.change,
    )  # fmt: skip
