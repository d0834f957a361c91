"""From a unit's declarations to what a deployment is made of. The ARM template itself is written when it is deployed
(`planning`): then what other units tell is known, and every id and name stands in it as it is."""

import json
from collections.abc import Sequence
from typing import Any, Final

from deployforge_mcal.adapters import declarations
from deployforge_mcal.adapters.azure.kinds.base import digest
from deployforge_mcal.adapters.azure.models import Model, model
from deployforge_mcal.adapters.azure.placing import Place, type_of
from deployforge_mcal.adapters.azure.versions import pinned
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain import references
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit, Problem, ResourceSpec, UnitSpec

#: Limits of a template. Source: Microsoft Learn, "Understand the structure and syntax of ARM templates".
_BYTES: Final = 4 * 1024 * 1024
_RESOURCES: Final = 800
#: What a declaration may become beside itself: parts and companions.
_NATIVE_EACH: Final = 4


def check(specs: Sequence[ResourceSpec]) -> list[Problem]:
    """Types and properties; see CloudProvider.check."""
    return declarations.problems(specs, model)


def compile_unit(spec: UnitSpec) -> CompiledUnit:
    """See CloudProvider.compile."""
    problems = check(spec.resources)
    if len(spec.resources) * _NATIVE_EACH > _RESOURCES:
        problems.append(
            Problem("", f"{len(spec.resources)} resources in one unit", f"at most {_RESOURCES // _NATIVE_EACH}")
        )
    try:
        place = Place.of(spec.scope)
    except ProviderFailure as wrong:
        problems.append(Problem("", wrong.failure.message, wrong.failure.hint or ""))
    if problems:
        raise InvalidUnit(problems)
    return _Compilation(spec, place).unit()


class _Compilation:
    def __init__(self, spec: UnitSpec, place: Place) -> None:
        self.spec, self.place = spec, place
        self.models: dict[str, Model] = {r.name: model(r.type) for r in spec.resources}
        self.problems: list[Problem] = []

    def unit(self) -> CompiledUnit:
        ids = self._ids()
        resources = tuple(self._resource(r, ids[r.name]) for r in self.spec.resources)
        template = {"resources": {r.urn: self._entry(r, ids[r.name]) for r in self.spec.resources}}
        for r in self.spec.resources:
            self._attributes_exist(r)
        size = len(json.dumps([template, [r.desired for r in resources]], default=str))
        if size > _BYTES:
            self.problems.append(Problem("", f"the template has {size} bytes", f"at most {_BYTES}", "split the deployment"))
        if self.problems:
            raise InvalidUnit(self.problems)
        values = [(r.properties, r.native, r.initial) for r in self.spec.resources]
        outside = {
            str(ref) for some in values for v in some for ref in references.of(dict(v)) if ref.name not in self.models
        }
        hidden = {str(ref) for some in values for v in some for _, ref in references.secrets(v)}
        return CompiledUnit(
            self.spec.deployment_id, self.spec.unit_id, self.spec.unit_name, self.spec.scope, template, resources,
            {ref: ref for ref in sorted(outside)}, dict(self.spec.tags),
            {ref: f"secret{digest(ref)}" for ref in sorted(hidden)},
        )  # fmt: skip

    def _ids(self) -> dict[str, str]:
        """Name → id. An id in which another resource of the unit is named waits for that one's."""
        found: dict[str, str] = {}
        known: dict[str, Any] = {}
        left = list(self.spec.resources)
        while left:
            ready = []
            for r in left:
                of, settled = self.models[r.name], _settled(r, known)
                id = of.id(self.place, self.spec.unit_name, self.spec.scope.account, settled)
                if not any(ref.name in self.models and ref.name not in found for ref in references.of(id)):
                    ready.append(r)
                    found[r.name] = id
                    known |= {f"{r.name}.{name}": value for name, value in of.attributes(id).items()}
            if not ready:
                names = ", ".join(r.name for r in left)
                raise InvalidUnit([Problem("", f"the names of {names} depend on each other", "no circle")])
            left = [r for r in left if r.name not in found]
        return found

    def _resource(self, r: ResourceSpec, id: str) -> CompiledResource:
        of = self.models[r.name]
        return CompiledResource(
            r.urn, r.name, r.type, of.native_type, id, of.desired(r), of.create_only_paths, of.set_paths,
            tuple(sorted(self._needs(r))),
        )  # fmt: skip

    def _entry(self, r: ResourceSpec, id: str) -> dict[str, Any]:
        of = self.models[r.name]
        version = r.properties.get("apiVersion") if of.kind is None else None
        return {
            "id": id, "version": version or pinned(of.native_type) or pinned(type_of(id)), "retain": r.retain_on_delete,
            "initial": of.normal(r.initial), "location": r.properties.get("location") if of.kind is None else None,
        }  # fmt: skip

    def _needs(self, r: ResourceSpec) -> set[str]:
        named = {ref.name for values in (r.properties, r.native, r.initial) for ref in references.of(dict(values))}
        return (named | set(r.depends_on)) - {r.name}

    def _attributes_exist(self, r: ResourceSpec) -> None:
        for values in (r.properties, r.native, r.initial):
            for ref in references.of(dict(values)):
                of = self.models.get(ref.name)
                if of is not None and of.kind is not None and ref.attribute not in of.kind.attributes:
                    said = f"{ref.name} has no attribute {ref.attribute}"
                    self.problems.append(Problem(f"{r.name}.properties", said, ", ".join(of.kind.attributes)))


def _settled(r: ResourceSpec, known: dict[str, Any]) -> ResourceSpec:
    """The declaration with what is known of the unit's other resources."""
    given = {name: value for name, value in r.properties.items() if isinstance(value, str)}
    return ResourceSpec(
        r.urn, r.name, r.type, {**r.properties, **references.substitute(given, known)}, r.native, r.initial, r.depends_on,
        r.retain_on_delete, r.import_id,
    )  # fmt: skip
