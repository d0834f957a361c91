"""Values that tests of the domain start from."""

import json
from collections.abc import Mapping
from typing import Any

from deployforge_chassis import canonical
from deployforge_orchestrator.domain.manifest import Manifest, Scope, Spec
from deployforge_orchestrator.domain.outcomes import COMPLETED, StepState
from deployforge_orchestrator.domain.plan import Plan, apply_plan
from deployforge_orchestrator.domain.planning import Compiled, CompiledUnit, Deployed, DeployedUnit, Live, State, urn
from deployforge_orchestrator.domain.references import references
from deployforge_orchestrator.domain.steps import StepPlan, Target, UnitPlace
from deployforge_orchestrator.domain.units import units_of

WHERE = ("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11", "ns", "web")


def a_spec(name: str, provider: str = "aws", properties: Mapping[str, Any] | None = None, *needs: str) -> Spec:
    scope = Scope(provider, "aws", "1", provider, "c")
    return Spec(name, "Queue", scope, dict(properties or {}), {}, {}, "normal", False, False, "", tuple(needs))


def compiled_of(name: str, desired: Mapping[str, Any], cost: str = "") -> Compiled:
    return Compiled(urn("ns", "web", name), name, "Queue", "AWS::SQS::Queue", desired, ("fifo",), ("rules",), cost)


def deployed_of(name: str, desired: Mapping[str, Any], unit_id: str = "aws/0.0") -> Deployed:
    spec = a_spec(name, unit_id.split("/")[0], desired)
    return Deployed(
        urn("ns", "web", name), name, "Queue", "AWS::SQS::Queue", unit_id, f"phy:{name}", dict(desired),
        {"arn": f"arn:{name}"}, canonical_of(spec), ("rules",), ("fifo",), (), "normal", False, False,
    )  # fmt: skip


def canonical_of(spec: Spec) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(spec.to_json())
    return data


def state_of(*resources: Deployed, version: int = 1) -> State:
    units = {
        d.unit_id: DeployedUnit(
            d.unit_id, f"df-{d.unit_id}", d.unit_id.split("/")[0], "aws", "1", d.unit_id.split("/")[0], "c",
            int(d.unit_id[-3]), int(d.unit_id[-1]), f"sha256:{d.unit_id}", {},
        )
        for d in resources
    }  # fmt: skip
    return State(version, version, {d.name: d for d in resources}, units)


def a_plan(specs: list[Spec], state: State | None = None, live: Mapping[str, Live] | None = None) -> Plan:
    """As drafting would make it; the cloud layer copies what is declared."""
    state = state or State()
    sticky = {name: d.unit_id for name, d in state.resources.items() if name in {s.name for s in specs}}
    units = units_of(specs, "df-ns-web", sticky)
    by_name = {s.name: s for s in specs}
    compiled = {}
    for unit in units:
        members = {name: compiled_of(name, by_name[name].properties) for name in unit.resources}
        inputs = sorted(
            f"{n}.{a}" for c in members.values() for n, a in references(dict(c.desired)) if n not in unit.resources
        )
        digest = canonical.digest(canonical.dumps([by_name[n].to_json() for n in unit.resources]))
        compiled[unit.unit_id] = CompiledUnit(digest, members, tuple(inputs))
    return apply_plan(WHERE, "apply", Manifest(tuple(specs)), None, units, compiled, state, live or {}, {})


def a_place(unit_id: str) -> UnitPlace:
    return UnitPlace(unit_id, f"df-{unit_id}", "aws", "aws", "1", "eu", "c", 0, 0)


def a_step(verb: str, unit_id: str, *, before: str | None = None, targets: tuple[Target, ...] = ()) -> StepPlan:
    return StepPlan(
        f"{verb}:{unit_id}", verb, a_place(unit_id), template_digest="sha256:new", targets=targets,
        previous_template=before, previous_inputs={"old": "1"} if before else {},
    )  # fmt: skip


def ended(step: StepPlan, state: str = COMPLETED, *, restored: bool = True) -> StepState:
    return StepState(step, state=state, restored=restored, attempt=1)
