"""Plans that put live resources back, or make them again, as they are desired now."""

from collections.abc import Mapping, Sequence

from deployforge_chassis import canonical

from deployforge_orchestrator.domain import changes as ch
from deployforge_orchestrator.domain.changes import Change
from deployforge_orchestrator.domain.plan import Kept, Plan, PlannedUnit
from deployforge_orchestrator.domain.planning import Live, State
from deployforge_orchestrator.domain.references import escaped
from deployforge_orchestrator.domain.steps import StepPlan, Target, place_of_deployed


def heal_plan(
    deployment: tuple[str, str, str], state: State, live: Mapping[str, Live], names: Sequence[str], remedy: str,
    policies: Mapping[str, str],
) -> Plan:  # fmt: skip
    """A plan that puts live resources back (correct), or makes them again (recreate), as they are desired now."""
    wanted = [state.resources[name] for name in sorted(names) if name in state.resources]
    changes = [ch.heal_of(d, d.desired, live[d.name], remedy == ch.RECREATE) for d in wanted]
    steps = _heal_steps(changes, state, live)
    touched_units = {c.unit_id for c in changes if c.action != ch.NONE}
    kept = tuple(
        Kept(
            d.urn, d.name, d.type, d.native_type, d.unit_id, d.physical_id, canonical.dumps(escaped(dict(d.desired))),
            canonical.dumps(d.spec), d.depends_on, d.create_only_paths, d.set_paths, d.criticality, d.protect,
            d.retain_on_delete, next((c.action for c in changes if c.urn == d.urn), ch.NONE),
        )
        for _, d in sorted(state.resources.items())
        if d.urn in {c.urn for c in changes}
    )  # fmt: skip
    units = tuple(
        PlannedUnit(
            place_of_deployed(u), (), tuple(sorted(d.name for d in state.resources.values() if d.unit_id == u.unit_id)),
            u.template_digest, tuple(sorted(u.inputs)), dict(u.inputs), u.template_digest,
        )
        for u in sorted(state.units.values(), key=lambda u: u.unit_id)
    )  # fmt: skip
    return Plan(
        *deployment, "heal", state.desired_version, tuple(changes), units, steps, kept, (), (),
        {name: dict(d.attributes) for name, d in sorted(state.resources.items())},
        tuple(_followers(state, changes, touched_units)),
        healing_json=policies["healing"], drift_json=policies["drift"], policies_json=policies["policies"],
        outputs_json=policies["outputs"], manifest_digest=state.manifest_digest, desired_changed=False,
    )  # fmt: skip


def _heal_steps(changes: Sequence[Change], state: State, live: Mapping[str, Live]) -> tuple[StepPlan, ...]:
    steps: list[StepPlan] = []
    for unit in sorted(state.units.values(), key=lambda u: (u.stage, u.unit_id)):
        mine = [c for c in changes if c.unit_id == unit.unit_id]
        for action, verb in ((ch.RECREATE, "recreate"), (ch.CORRECT, "correct")):
            targets = tuple(
                Target(
                    c.urn, c.name, c.type, c.physical_id, canonical.dumps(escaped(dict(state.resources[c.name].desired))),
                    c.drifted, canonical.dumps(live[c.name].properties),
                )
                for c in mine
                if c.action == action
            )  # fmt: skip
            if targets:
                before = tuple(s.step_id for s in steps if s.unit.unit_id == unit.unit_id)
                steps.append(
                    StepPlan(
                        f"{verb}:{unit.unit_id}", verb, place_of_deployed(unit), before, unit.template_digest,
                        tuple(sorted(unit.inputs)), targets, previous_template=unit.template_digest,
                        previous_inputs=dict(unit.inputs),
                    )
                )  # fmt: skip
    return tuple(steps)


def _followers(state: State, changes: Sequence[Change], units: set[str]) -> list[str]:
    """Resources of other units that refer to one that is made again: their values will be old until an apply."""
    again = {c.urn for c in changes if c.action == ch.RECREATE}
    return [
        f"{d.name} refers to a resource that is made again; apply the manifest to renew the reference"
        for _, d in sorted(state.resources.items())
        if d.unit_id not in units and again & set(d.depends_on)
    ]
