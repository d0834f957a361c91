"""A plan: every change, every step, content-addressed and pinned to the state that it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID, uuid5

from deployforge_chassis import canonical
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from deployforge_orchestrator.domain import changes as ch
from deployforge_orchestrator.domain.changes import Change
from deployforge_orchestrator.domain.manifest import Manifest, Spec
from deployforge_orchestrator.domain.planning import Compiled, CompiledUnit, Filled, Live, State, urn
from deployforge_orchestrator.domain.references import Lookup, resolve
from deployforge_orchestrator.domain.refusals import NoPlan, Problem
from deployforge_orchestrator.domain.steps import StepPlan, Target, UnitPlace, place_of, steps_of
from deployforge_orchestrator.domain.units import Unit, order

_ACTIONS = {
    ch.CREATE: "creates", ch.UPDATE: "updates", ch.REPLACE: "replaces", ch.DELETE: "deletes", ch.ADOPT: "adopts",
    ch.CORRECT: "corrects", ch.RECREATE: "recreates", ch.NONE: "unchanged",
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What verification and memory need to know of a resource that exists after the plan."""

    urn: str
    name: str
    type: str
    native_type: str
    unit_id: str
    physical_id: str
    desired_json: str
    """References may be unresolved; they are resolved from what the execution brings."""
    spec_json: str
    depends_on: tuple[str, ...]
    create_only_paths: tuple[str, ...]
    set_paths: tuple[str, ...]
    criticality: str
    protect: bool
    retain_on_delete: bool
    change: str


@dataclass(frozen=True)
class PlannedUnit:
    """A unit that exists after the plan."""

    place: UnitPlace
    depends_on: tuple[str, ...]
    resources: tuple[str, ...]
    template_digest: str
    inputs: tuple[str, ...]
    current_inputs: Mapping[str, str] = field(default_factory=dict)
    current_template: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that an execution needs, as a value."""

    deployment_id: str
    namespace: str
    name: str
    action: str
    base_version: int
    changes: tuple[Change, ...]
    units: tuple[PlannedUnit, ...]
    steps: tuple[StepPlan, ...]
    kept: tuple[Kept, ...]
    removed: tuple[str, ...]
    """URNs that are gone, or no longer managed, after the plan."""
    retained: tuple[str, ...]
    attributes: Mapping[str, Mapping[str, str]]
    """What is known of resources before the execution: name → attribute → value."""
    warnings: tuple[str, ...] = ()
    monthly_cost_delta_usd: str = ""
    healing_json: str = "{}"
    drift_json: str = "{}"
    policies_json: str = "[]"
    outputs_json: str = "{}"
    manifest_digest: str | None = None
    desired_changed: bool = True

    def to_json(self) -> str:
        """Canonical JSON."""
        return canonical.dumps(to_jsonable_python(asdict(self)))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Plan":
        """From what `to_json` wrote."""
        return _PLAN.validate_json(text)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each action."""
        found = dict.fromkeys(_ACTIONS.values(), 0)
        for change in self.changes:
            found[_ACTIONS[change.action]] += 1
        return found

    @property
    def touched(self) -> list[str]:
        """URNs of what changes."""
        return [c.urn for c in self.changes if c.action != ch.NONE]


_PLAN = TypeAdapter(Plan)


@dataclass(frozen=True)
class Previewed:
    """What clouds said they would do, of those whose schemas do not tell."""

    replaced: frozenset[str] = frozenset()
    """URNs of resources that would be replaced."""
    warnings: tuple[str, ...] = ()


NOTHING_PREVIEWED: Final = Previewed()


def plan_id(request_id: UUID) -> UUID:
    """A request has one plan."""
    return uuid5(request_id, "plan")


def apply_plan(
    deployment: tuple[str, str, str],
    action: str,
    manifest: Manifest,
    manifest_digest: str | None,
    units: Sequence[Unit],
    compiled: Mapping[str, CompiledUnit],
    state: State,
    live: Mapping[str, Live],
    filled: Filled,
    previewed: Previewed = NOTHING_PREVIEWED,
) -> Plan:
    """A plan that makes the deployment what the manifest says.

    `deployment` is (id, namespace, name); `units` in dependency order; `live` by name; `filled` by urn.
    Raises NoPlan when a protected resource would go.
    """
    specs = {s.name: s for s in manifest.specs}
    made: dict[str, Change] = {}
    for unit in units:
        for name in _in_order(unit, specs):
            lookup = _lookup(state, made)
            wanted = compiled[unit.unit_id].resources[name]
            change = ch.change_of(
                wanted, unit.unit_id, tuple(urn(*deployment[1:], d) for d in specs[name].depends_on if d in specs),
                state.resources.get(name), live.get(name), lookup, specs[name].import_id, filled.get(wanted.urn, {}),
            )  # fmt: skip
            made[name] = ch.told_to_replace(change) if change.urn in previewed.replaced else change
    gone = [d for name, d in sorted(state.resources.items()) if name not in specs]
    changes = [*(made[name] for name in sorted(made)), *map(ch.delete_of, gone)]
    _refuse_protected(changes, state)
    retained = {d.name: d.retain_on_delete for d in state.resources.values()}
    lookup = _lookup(state, made)
    by_compiled = {name: r for unit in compiled.values() for name, r in unit.resources.items()}
    fixes = {c.name: _target(c, by_compiled[c.name], lookup, live) for c in changes if c.name in by_compiled}
    return Plan(
        *deployment, action, state.desired_version, tuple(changes),
        tuple(_planned(unit, compiled[unit.unit_id], state) for unit in units),
        steps_of(units, compiled, changes, fixes, state, retained),
        tuple(_kept(specs[name], by_compiled[name], made[name]) for name in sorted(made)),
        tuple(d.urn for d in gone), tuple(d.urn for d in gone if d.retain_on_delete),
        {name: dict(d.attributes) for name, d in sorted(state.resources.items()) if name in specs},
        (*_warnings(changes, live), *previewed.warnings), _cost(changes, by_compiled),
        canonical.dumps(manifest.healing), canonical.dumps(manifest.drift), canonical.dumps(manifest.policies),
        canonical.dumps(manifest.outputs), manifest_digest,
    )  # fmt: skip


def _in_order(unit: Unit, specs: Mapping[str, Spec]) -> list[str]:
    return order([specs[name] for name in unit.resources])


def _lookup(state: State, made: Mapping[str, Change]) -> Lookup:
    """Attributes that stay as they are: those of resources that keep their identity."""

    def lookup(name: str, attribute: str) -> str | None:
        change = made.get(name)
        if change is None or change.action in (ch.CREATE, ch.REPLACE, ch.RECREATE, ch.ADOPT):
            return None
        return state.attribute(name, attribute)

    return lookup


def _target(change: Change, compiled: Compiled, lookup: Lookup, live: Mapping[str, Live]) -> Target:
    found = live.get(change.name)
    return Target(
        change.urn, change.name, change.type, change.physical_id,
        canonical.dumps(resolve(dict(compiled.desired), lookup)), change.drifted,
        canonical.dumps(found.properties) if found else "",
    )  # fmt: skip


def _planned(unit: Unit, compiled: CompiledUnit, state: State) -> PlannedUnit:
    before = state.units.get(unit.unit_id)
    return PlannedUnit(
        place_of(unit), unit.depends_on, unit.resources, compiled.template_digest, compiled.inputs,
        dict(before.inputs) if before else {}, before.template_digest if before else "",
    )  # fmt: skip


def _kept(spec: Spec, compiled: Compiled, change: Change) -> Kept:
    return Kept(
        compiled.urn, spec.name, spec.type, compiled.native_type, change.unit_id, change.physical_id,
        canonical.dumps(compiled.desired), spec.to_json(), change.depends_on, compiled.create_only_paths,
        compiled.set_paths, spec.criticality, spec.protect, spec.retain_on_delete, change.action,
    )  # fmt: skip


def _refuse_protected(changes: Sequence[Change], state: State) -> None:
    problems = [
        Problem(f"resources.{c.name}", f"is protected and would be {c.action}d", "remove lifecycle.protect first")
        for c in changes
        if c.action in (ch.DELETE, ch.REPLACE) and c.name in state.resources and state.resources[c.name].protect
    ]
    if problems:
        raise NoPlan(*problems)


def _warnings(changes: Sequence[Change], live: Mapping[str, Live]) -> tuple[str, ...]:
    found = [f"{c.name} will be replaced: it is deleted and made anew" for c in changes if c.action == ch.REPLACE]
    found += [f"{c.name} vanished from the cloud and is made again" for c in changes if c.action == ch.RECREATE]
    found += [
        f"{name} could not be read: {seen.reason}" for name, seen in sorted(live.items()) if seen.presence == "not-checked"
    ]
    return tuple(found)


def _cost(changes: Sequence[Change], compiled: Mapping[str, Compiled]) -> str:
    """Monthly delta of what comes; empty as soon as one price is unknown."""
    total = Decimal(0)
    for change in changes:
        if change.action in (ch.CREATE, ch.DELETE):
            try:
                price = Decimal(compiled[change.name].monthly_cost_usd) if change.name in compiled else None
            except InvalidOperation:
                price = None
            if price is None:
                return ""
            total += price if change.action == ch.CREATE else -price
    return str(total) if total else ""
