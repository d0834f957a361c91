"""The steps by which a plan is executed: operations on units, in dependency order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deployforge_orchestrator.domain.changes import ADOPT, CREATE, DELETE, RECREATE, REPLACE, UPDATE, Change
from deployforge_orchestrator.domain.manifest import Scope
from deployforge_orchestrator.domain.planning import CompiledUnit, DeployedUnit, State
from deployforge_orchestrator.domain.units import Unit

APPLY, DESTROY, FIX, MAKE_AGAIN = "apply", "destroy", "correct", "recreate"


@dataclass(frozen=True)
class Target:
    """A resource that a correct or recreate step is about."""

    urn: str
    name: str
    type: str
    physical_id: str
    desired_json: str
    paths: tuple[str, ...] = ()
    before_json: str = ""
    """Live values before the step, to put back should the execution fail."""


@dataclass(frozen=True)
class UnitPlace:
    """A unit as an operation names it."""

    unit_id: str
    name: str
    provider: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    stage: int
    part: int

    @property
    def scope(self) -> Scope:
        """Where it lives."""
        return Scope(self.provider, self.provider_type, self.account, self.location, self.credential_ref)


@dataclass(frozen=True)
class StepPlan:
    """One operation on one unit."""

    step_id: str
    verb: str
    unit: UnitPlace
    depends_on: tuple[str, ...] = ()
    template_digest: str | None = None
    inputs: tuple[str, ...] = ()
    """References to other units, "orders-dead.arn"."""
    targets: tuple[Target, ...] = ()
    retain: tuple[str, ...] = ()
    adopt: Mapping[str, str] = field(default_factory=dict)
    previous_template: str | None = None
    """The template that the unit had before; None when the unit is new."""
    previous_inputs: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] | None = None
    """URNs that the plan replaces: the operation stops before it replaces another. None: the plan did not say."""


def place_of(unit: Unit) -> UnitPlace:
    """A planned unit as operations name it."""
    s = unit.scope
    return UnitPlace(
        unit.unit_id, unit.name, s.provider, s.type, s.account, s.location, s.credential_ref, unit.stage, unit.part
    )


def place_of_deployed(unit: DeployedUnit) -> UnitPlace:
    """A deployed unit as operations name it."""
    return UnitPlace(
        unit.unit_id, unit.name, unit.provider, unit.provider_type, unit.account, unit.location,
        unit.credential_ref, unit.stage, unit.part,
    )  # fmt: skip


def steps_of(
    units: Sequence[Unit],
    compiled: Mapping[str, CompiledUnit],
    changes: Sequence[Change],
    targets: Mapping[str, Target],
    state: State,
    retained: Mapping[str, bool],
) -> tuple[StepPlan, ...]:
    """Per unit, each only if needed: make again what vanished, apply the template, correct what drifted.

    Units that end come last, after everything that used them.
    """
    by_unit: dict[str, list[Change]] = {}
    for change in changes:
        by_unit.setdefault(change.unit_id, []).append(change)
    last: dict[str, str] = {}
    steps: list[StepPlan] = []
    for unit in units:
        needs = tuple(last[u] for u in unit.depends_on if u in last)
        for step in _unit_steps(unit, compiled[unit.unit_id], by_unit.get(unit.unit_id, []), targets, state, retained):
            depends_on = (last[unit.unit_id],) if unit.unit_id in last else needs
            steps.append(StepPlan(**{**vars(step), "depends_on": depends_on}))
            last[unit.unit_id] = step.step_id
    ended = [u for u in state.units.values() if u.unit_id not in compiled]
    return (*steps, *_endings(ended, by_unit, state, tuple(last.values()), retained))


def _unit_steps(
    unit: Unit, compiled: CompiledUnit, changes: Sequence[Change], targets: Mapping[str, Target], state: State,
    retained: Mapping[str, bool],
) -> list[StepPlan]:  # fmt: skip
    place, before = place_of(unit), state.units.get(unit.unit_id)
    previous = {
        "previous_template": before.template_digest if before else None,
        "previous_inputs": dict(before.inputs) if before else {},
    }
    steps = []
    vanished = tuple(targets[c.name] for c in changes if c.action == RECREATE)
    if vanished:
        steps.append(
            StepPlan(f"{MAKE_AGAIN}:{unit.unit_id}", MAKE_AGAIN, place, template_digest=compiled.template_digest,
                     inputs=compiled.inputs, targets=vanished, **previous)  # type: ignore[arg-type]
        )  # fmt: skip
    if any(_touches_template(c) for c in changes):
        steps.append(
            StepPlan(
                f"{APPLY}:{unit.unit_id}", APPLY, place, template_digest=compiled.template_digest,
                inputs=compiled.inputs,
                retain=tuple(c.urn for c in changes if c.action == DELETE and retained.get(c.name)),
                adopt={c.urn: c.physical_id for c in changes if c.action == ADOPT},
                replaces=tuple(c.urn for c in changes if c.action == REPLACE),
                **previous,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    drifted = tuple(targets[c.name] for c in changes if c.action == UPDATE and c.drifted)
    if drifted:
        steps.append(StepPlan(f"{FIX}:{unit.unit_id}", FIX, place, targets=drifted))
    return steps


def _touches_template(change: Change) -> bool:
    if change.action == UPDATE:
        return any(a.path not in change.drifted for a in change.attributes)
    return change.action in (CREATE, REPLACE, DELETE, ADOPT)


def _endings(
    ended: Sequence[DeployedUnit], by_unit: Mapping[str, Sequence[Change]], state: State, after: tuple[str, ...],
    retained: Mapping[str, bool],
) -> list[StepPlan]:  # fmt: skip
    """Destroy steps, a unit before those it used."""
    users: dict[str, set[str]] = {u.unit_id: set() for u in ended}
    for resource in state.resources.values():
        for needed in resource.depends_on:
            provider = state.resources.get(needed.rsplit(":", 1)[-1])
            if provider and provider.unit_id in users and provider.unit_id != resource.unit_id:
                users[provider.unit_id].add(resource.unit_id)
    return [
        StepPlan(
            f"{DESTROY}:{unit.unit_id}",
            DESTROY,
            place_of_deployed(unit),
            depends_on=(*after, *(f"{DESTROY}:{u}" for u in sorted(users[unit.unit_id]) if u in users)),
            retain=tuple(c.urn for c in by_unit.get(unit.unit_id, ()) if retained.get(c.name)),
            previous_template=unit.template_digest,
            previous_inputs=dict(unit.inputs),
        )
        for unit in sorted(ended, key=lambda u: (-u.stage, u.unit_id))
    ]
