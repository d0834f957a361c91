"""From a wish to a plan: read, compile, observe, compare. Touches nothing."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from deployforge_chassis import canonical

from deployforge_orchestrator.application.filling import filled
from deployforge_orchestrator.application.ports import Clouds, Manifests, States, Unavailable
from deployforge_orchestrator.domain import changes as ch
from deployforge_orchestrator.domain.healing import heal_plan
from deployforge_orchestrator.domain.manifest import Manifest, Scope, Spec, read
from deployforge_orchestrator.domain.plan import Plan, Previewed, apply_plan
from deployforge_orchestrator.domain.planning import (
    NOT_CHECKED,
    PRESENT,
    CompiledUnit,
    Deployed,
    Live,
    State,
    Unfilled,
    urn,
)
from deployforge_orchestrator.domain.planrequest import Wish
from deployforge_orchestrator.domain.refusals import NoPlan, Problem, TooLarge
from deployforge_orchestrator.domain.rereading import to_read_again
from deployforge_orchestrator.domain.selection import refuse_moved, specs_of, stays, targeted
from deployforge_orchestrator.domain.steps import place_of_deployed
from deployforge_orchestrator.domain.units import Room, Unit, less_room, units_of


class Drafting:
    """Makes plans."""

    def __init__(self, manifests: Manifests, states: States, clouds: Clouds) -> None:
        self._manifests, self._states, self._clouds = manifests, states, clouds

    def state(self, wish: Wish) -> State:
        """What is deployed now."""
        return self._states.get(wish.namespace, wish.name)

    def plan(self, deployment_id: UUID, wish: Wish, state: State) -> Plan:
        """The plan for a wish. Raises NoPlan, or Unavailable."""
        match wish.action:
            case "APPLY":
                assert wish.manifest_digest is not None
                return self._apply(deployment_id, wish, "apply", wish.manifest_digest, state)
            case "ROLLBACK":
                return self._rollback(deployment_id, wish, state)
            case "DESTROY":
                return self._destroy(deployment_id, wish, state)
            case "HEAL":
                return self._heal(deployment_id, wish, state)
        raise NoPlan(Problem("", f"unknown action {wish.action}"))

    def _apply(
        self, deployment_id: UUID, wish: Wish, action: str, digest: str, state: State, then: State | None = None
    ) -> Plan:
        """Make the deployment what a manifest says, or, with `then`, what an earlier version of it was."""
        manifest = read(self._manifests.get(digest))
        # Not from the manifest: a version that was made by targets holds less than its manifest declares.
        specs = specs_of(then) if then else targeted(manifest.specs, wish.targets, state)
        refuse_moved(specs, state)
        manifest = Manifest(specs, manifest.healing, manifest.drift, manifest.policies, manifest.outputs)
        sticky = {name: d.unit_id for name, d in state.resources.items() if stays(d, specs)}
        units, compiled = self._compiled(deployment_id, wish, specs, sticky)
        live = self._live(deployment_id, state, list(state.resources.values()))
        where = (str(deployment_id), wish.namespace, wish.name)
        values = filled(self._clouds, _to_fill(units, compiled, state, live), state.attribute)
        plan = apply_plan(where, action, manifest, digest, units, compiled, state, live, values)
        asked = [unit for unit in units if compiled[unit.unit_id].tells_by_preview and _updates(plan, unit)]
        if not asked:
            return plan
        previewed = self._previewed(deployment_id, plan, asked, compiled)
        return apply_plan(where, action, manifest, digest, units, compiled, state, live, values, previewed)

    def _compiled(
        self, deployment_id: UUID, wish: Wish, specs: Sequence[Spec], sticky: Mapping[str, str]
    ) -> tuple[tuple[Unit, ...], dict[str, CompiledUnit]]:
        """Units that the cloud layer has translated, split until each has a credential that says exactly what it needs and
        a template of a size that its engine takes; what is deployed stays together."""
        by_name, room = {spec.name: spec for spec in specs}, Room()
        while True:
            units = units_of(specs, f"df-{wish.namespace}-{wish.name}", sticky, room=room)
            compiled, refused = self._translated(deployment_id, wish, units, by_name)
            crowded = [u for u in units if u.unit_id in compiled and compiled[u.unit_id].too_many_types]
            heavy = [u for u in units if u.unit_id in refused or compiled[u.unit_id].too_large]
            less = less_room(room, crowded, heavy, by_name, sticky)
            if less == room:
                if refused:
                    raise NoPlan(*(problem for one in refused.values() for problem in one.problems))
                return units, compiled
            room = less

    def _translated(
        self, deployment_id: UUID, wish: Wish, units: Sequence[Unit], by_name: Mapping[str, Spec]
    ) -> tuple[dict[str, CompiledUnit], dict[str, TooLarge]]:
        """By unit id, what was translated and what is too large for that."""
        compiled: dict[str, CompiledUnit] = {}
        large: dict[str, TooLarge] = {}
        problems: list[Problem] = []
        for unit in units:
            members = [(urn(wish.namespace, wish.name, n), by_name[n]) for n in unit.resources]
            try:
                compiled[unit.unit_id] = self._clouds.compile(deployment_id, unit, members)
            except TooLarge as refused:
                large[unit.unit_id] = refused
            except NoPlan as refused:
                problems.extend(refused.problems)
        if problems:
            raise NoPlan(*problems)
        return compiled, large

    def _previewed(
        self, deployment_id: UUID, plan: Plan, units: Sequence[Unit], compiled: Mapping[str, CompiledUnit]
    ) -> Previewed:
        """Ask the clouds that alone know which of their updates replace. What cannot be asked yet is a warning: the
        operation then stops before it replaces anything."""
        known = _known(plan)
        replaced: set[str] = set()
        warnings = []
        for unit in units:
            wanted = compiled[unit.unit_id].inputs
            if unknown := [reference for reference in wanted if reference not in known]:
                warnings.append(f"whether {unit.name} is changed in place is known once {unknown[0]} is")
                continue
            inputs = {reference: known[reference] for reference in wanted}
            changes, failure = self._clouds.preview(deployment_id, unit, compiled[unit.unit_id].template_digest, inputs)
            replaced |= {urn for urn, action in changes.items() if action == "replace"}
            if failure:
                warnings.append(f"whether {unit.name} is changed in place could not be asked: {failure}")
        return Previewed(frozenset(replaced), tuple(warnings))

    def _rollback(self, deployment_id: UUID, wish: Wish, state: State) -> Plan:
        then = self._states.get(wish.namespace, wish.name, wish.to_version or 0)
        if not then.version or then.manifest_digest is None:
            raise NoPlan(Problem("", f"there is no version {wish.to_version} to go back to", "deployforge history"))
        return self._apply(deployment_id, wish, "rollback", then.manifest_digest, state, then)

    def _destroy(self, deployment_id: UUID, wish: Wish, state: State) -> Plan:
        if not state.resources:
            raise NoPlan(Problem("", f"nothing is deployed as {wish.namespace}/{wish.name}"))
        if wish.targets:
            hint = "remove the resources from the manifest and apply it"
            raise NoPlan(Problem(f"targets.{wish.targets[0]}", "a destruction takes everything", hint))
        where = (str(deployment_id), wish.namespace, wish.name)
        return apply_plan(where, "destroy", Manifest(()), None, (), {}, state, {}, {})

    def _heal(self, deployment_id: UUID, wish: Wish, state: State) -> Plan:
        names = [u.rsplit(":", 1)[-1] for u in wish.urns]
        if unknown := [n for n in names if n not in state.resources]:
            raise NoPlan(Problem("", f"no longer deployed: {', '.join(unknown)}"), stale=True)
        if state.manifest_digest is None:
            raise NoPlan(Problem("", "the manifest of the deployed version is not known"))
        if wish.remedy == "rollback":
            return self._heal_by_rollback(deployment_id, wish, state)
        live = self._live(deployment_id, state, [state.resources[n] for n in names])
        if unread := [n for n in names if n not in live or live[n].presence == NOT_CHECKED]:
            # Usually for a moment: its unit is being changed, or the cloud throttles.
            reason = live[unread[0]].reason if unread[0] in live else "no answer"
            raise Unavailable(f"{unread[0]} could not be read: {reason}")
        manifest = read(self._manifests.get(state.manifest_digest))
        policies = {
            "healing": canonical.dumps(manifest.healing),
            "drift": canonical.dumps(manifest.drift),
            "policies": canonical.dumps(manifest.policies),
            "outputs": canonical.dumps(manifest.outputs),
        }
        where = (str(deployment_id), wish.namespace, wish.name)
        return heal_plan(where, state, live, names, wish.remedy or ch.CORRECT, policies)

    def _heal_by_rollback(self, deployment_id: UUID, wish: Wish, state: State) -> Plan:
        """Apply the last known good version again: template and live values."""
        good = wish.to_version or self._states.last_known_good(wish.namespace, wish.name)
        then = self._states.get(wish.namespace, wish.name, good) if good else State()
        if not then.version or then.manifest_digest is None:
            raise NoPlan(Problem("", "no version is known to be good"))
        plan = self._apply(deployment_id, wish, "heal", then.manifest_digest, state, then)
        moved = then.manifest_digest != state.manifest_digest or specs_of(then) != specs_of(state)
        return Plan(**{**vars(plan), "desired_changed": moved})

    def read_again(self, deployment_id: UUID, plan: Plan) -> dict[str, Live]:
        """What the touched resources are now, by urn. Raises Unavailable."""
        places = {unit.place.unit_id: unit.place for unit in plan.units}
        by_scope: dict[Scope, list[tuple[str, str, str]]] = {}
        for kept in to_read_again(plan):
            scope = places[kept.unit_id].scope
            by_scope.setdefault(scope, []).append((kept.urn, kept.type, kept.physical_id))
        live: dict[str, Live] = {}
        for scope, targets in by_scope.items():
            live.update(self._clouds.observe(deployment_id, scope, targets))
        return live

    def _live(self, deployment_id: UUID, state: State, resources: Sequence[Deployed]) -> dict[str, Live]:
        """Live resources by name."""
        by_scope: dict[Scope, list[Deployed]] = {}
        for resource in resources:
            unit = state.units[resource.unit_id]
            by_scope.setdefault(place_of_deployed(unit).scope, []).append(resource)
        live: dict[str, Live] = {}
        for scope, members in by_scope.items():
            seen = self._clouds.observe(deployment_id, scope, [(d.urn, d.type, d.physical_id) for d in members])
            live.update({d.name: seen[d.urn] for d in members if d.urn in seen})
        return live


def _to_fill(
    units: Sequence[Unit], compiled: Mapping[str, CompiledUnit], state: State, live: Mapping[str, Live]
) -> list[tuple[str, Unfilled]]:
    """Provider type and declaration of what is compared with something that is there."""
    found = []
    for unit in units:
        for name, wanted in compiled[unit.unit_id].resources.items():
            if name in state.resources:
                seen = live.get(name)
                held = seen.properties if seen and seen.presence == PRESENT else state.resources[name].desired
                found.append((unit.scope.type, Unfilled(wanted.urn, wanted.type, wanted.desired, held)))
    return found


def _updates(plan: Plan, unit: Unit) -> bool:
    """Whether something of a unit is updated."""
    return any(change.action == ch.UPDATE and change.unit_id == unit.unit_id for change in plan.changes)


def _known(plan: Plan) -> dict[str, str]:
    """Attributes of resources that stay what they are, by reference."""
    staying = {change.name for change in plan.changes if change.action in (ch.NONE, ch.UPDATE, ch.CORRECT)}
    return {
        f"{name}.{attribute}": str(value)
        for name, attributes in plan.attributes.items()
        if name in staying
        for attribute, value in attributes.items()
    }
