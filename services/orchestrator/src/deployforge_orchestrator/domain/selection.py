"""Which resources a plan is about, of all that are declared and deployed."""

from collections.abc import Sequence

from deployforge_orchestrator.domain.manifest import Spec
from deployforge_orchestrator.domain.planning import Deployed, State
from deployforge_orchestrator.domain.refusals import NoPlan, Problem
from deployforge_orchestrator.domain.steps import place_of_deployed
from deployforge_orchestrator.domain.units import order


def targeted(specs: Sequence[Spec], targets: Sequence[str], state: State) -> tuple[Spec, ...]:
    """The specs to apply: with targets, everything else stays as it is deployed."""
    if not targets:
        return tuple(specs)
    by_name = {spec.name: spec for spec in specs}
    if unknown := sorted(set(targets) - by_name.keys()):
        raise NoPlan(Problem(f"targets.{unknown[0]}", "is not in the manifest", "known: " + ", ".join(sorted(by_name))))
    wanted: set[str] = set()
    pending = list(targets)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending.extend(by_name[name].depends_on)
    chosen = {name: by_name[name] for name in wanted}
    for name, deployed in state.resources.items():
        chosen.setdefault(name, Spec.from_data(deployed.spec))
    return tuple(chosen[name] for name in order(list(chosen.values())))


def specs_of(state: State) -> tuple[Spec, ...]:
    """The resources of a version as they were declared then."""
    return tuple(Spec.from_data(deployed.spec) for _, deployed in sorted(state.resources.items()))


def refuse_moved(specs: Sequence[Spec], state: State) -> None:
    """A unit cannot follow its provider to another account or place: what is there now would be forgotten."""
    problems = {}
    for spec in specs:
        deployed = state.resources.get(spec.name)
        if deployed is None or not stays(deployed, specs):
            continue
        was, now = place_of_deployed(state.units[deployed.unit_id]).scope, spec.scope
        if (was.type, was.account, was.location) != (now.type, now.account, now.location):
            problems[now.provider] = Problem(
                f"providers.{now.provider}",
                f"has resources in {was.account}/{was.location} and cannot move to {now.account}/{now.location}",
                "declare the new place under another name: resources then are made there and deleted here",
            )
    if problems:
        raise NoPlan(*(problem for _, problem in sorted(problems.items())))


def stays(deployed: Deployed, specs: Sequence[Spec]) -> bool:
    """Whether a deployed resource is still declared in the same scope."""
    return any(s.name == deployed.name and s.scope.provider == deployed.unit_id.rsplit("/", 1)[0] for s in specs)
