"""What adapters share when they compile: names that follow from declarations, and what declarations need of each other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from deployforge_mcal.adapters.bodies import digest
from deployforge_mcal.adapters.declarations import declared
from deployforge_mcal.application.ports import InvalidUnit
from deployforge_mcal.domain import references
from deployforge_mcal.domain.units import Problem, ResourceSpec


def ids(
    resources: Sequence[ResourceSpec],
    id_of: Callable[[ResourceSpec], str],
    attributes: Callable[[ResourceSpec, str], Mapping[str, str]],
) -> dict[str, str]:
    """Name → id of resources whose ids follow from their declarations. An id in which another resource of the unit is
    named waits for that one's. Raises InvalidUnit for a circle."""
    names = {r.name for r in resources}
    found: dict[str, str] = {}
    known: dict[str, Any] = {}
    left = list(resources)
    while left:
        ready = []
        for r in left:
            id = id_of(_settled(r, known))
            if not any(ref.name in names and ref.name not in found for ref in references.of(id)):
                ready.append(r)
                found[r.name] = id
                known |= {f"{r.name}.{name}": value for name, value in attributes(r, id).items()}
        if not ready:
            said = ", ".join(r.name for r in left)
            raise InvalidUnit([Problem("", f"the names of {said} depend on each other", "no circle")])
        left = [r for r in left if r.name not in found]
    return found


def needs(r: ResourceSpec) -> tuple[str, ...]:
    """Names of what a declaration refers to or says that it depends on."""
    named = {ref.name for _, values in declared(r) for ref in references.of(dict(values))}
    return tuple(sorted((named | set(r.depends_on)) - {r.name}))


def unknown_attributes(r: ResourceSpec, attributes: Mapping[str, Sequence[str] | None]) -> Iterable[Problem]:
    """References to attributes that a resource of the unit does not have; `attributes` by name, None: any."""
    for _, values in declared(r):
        for ref in references.of(dict(values)):
            there = attributes.get(ref.name)
            if there is not None and ref.attribute not in there:
                yield Problem(f"{r.name}.properties", f"{ref.name} has no attribute {ref.attribute}", ", ".join(there))


def outside(resources: Sequence[ResourceSpec]) -> dict[str, str]:
    """References to resources of other units: the inputs of this one."""
    names = {r.name for r in resources}
    every = {str(ref) for r in resources for _, v in declared(r) for ref in references.of(dict(v)) if ref.name not in names}
    return {ref: ref for ref in sorted(every)}


def hidden(resources: Sequence[ResourceSpec]) -> dict[str, str]:
    """References to secrets, each with the name of what stands for its value."""
    every = {str(ref) for r in resources for _, v in declared(r) for _, ref in references.secrets(v)}
    return {ref: f"secret{digest(ref)}" for ref in sorted(every)}


def _settled(r: ResourceSpec, known: Mapping[str, Any]) -> ResourceSpec:
    """The declaration with what is known of the unit's other resources."""
    given = {name: value for name, value in r.properties.items() if isinstance(value, str)}
    return replace(r, properties={**r.properties, **references.substitute(given, known)})
