"""From a unit's declarations to what a deployment is made of. The ARM template itself is written when it is deployed
(`planning`): then what other units tell is known, and every id and name stands in it as it is."""

import json
from collections.abc import Sequence
from typing import Any, Final

from deployforge_mcal.adapters import compiling, declarations
from deployforge_mcal.adapters.azure.models import Model, model
from deployforge_mcal.adapters.azure.placing import Place, type_of
from deployforge_mcal.adapters.azure.versions import pinned
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure, TooLarge
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
    try:
        place = Place.of(spec.scope)
    except ProviderFailure as wrong:
        problems.append(Problem("", wrong.failure.message, wrong.failure.hint or ""))
    if problems:
        raise InvalidUnit(problems)
    if len(spec.resources) * _NATIVE_EACH > _RESOURCES:
        said = f"{len(spec.resources)} resources in one unit"
        raise TooLarge([Problem("", said, f"at most {_RESOURCES // _NATIVE_EACH}", "split the deployment")])
    return _Compilation(spec, place).unit()


class _Compilation:
    def __init__(self, spec: UnitSpec, place: Place) -> None:
        self.spec, self.place = spec, place
        self.models: dict[str, Model] = {r.name: model(r.type) for r in spec.resources}
        self.problems: list[Problem] = []

    def unit(self) -> CompiledUnit:
        account = self.spec.scope.account
        found = compiling.ids(
            self.spec.resources,
            lambda r: self.models[r.name].id(self.place, self.spec.unit_name, account, r),
            lambda r, id: self.models[r.name].attributes(id),
        )
        resources = tuple(self._resource(r, found[r.name]) for r in self.spec.resources)
        template = {"resources": {r.urn: self._entry(r, found[r.name]) for r in self.spec.resources}}
        known = {name: None if of.kind is None else of.kind.attributes for name, of in self.models.items()}
        for r in self.spec.resources:
            self.problems += compiling.unknown_attributes(r, known)
        if self.problems:
            raise InvalidUnit(self.problems)
        size = len(json.dumps([template, [r.desired for r in resources]], default=str))
        if size > _BYTES:
            raise TooLarge([Problem("", f"the template has {size} bytes", f"at most {_BYTES}", "split the deployment")])
        return CompiledUnit(
            self.spec.deployment_id, self.spec.unit_id, self.spec.unit_name, self.spec.scope, template, resources,
            compiling.outside(self.spec.resources), dict(self.spec.tags), compiling.hidden(self.spec.resources),
        )  # fmt: skip

    def _resource(self, r: ResourceSpec, id: str) -> CompiledResource:
        of = self.models[r.name]
        return CompiledResource(
            r.urn, r.name, r.type, of.native_type, id, of.desired(r), of.create_only_paths, of.set_paths,
            compiling.needs(r),
        )  # fmt: skip

    def _entry(self, r: ResourceSpec, id: str) -> dict[str, Any]:
        of = self.models[r.name]
        version = r.properties.get("apiVersion") if of.kind is None else None
        return {
            "id": id, "version": version or pinned(of.native_type) or pinned(type_of(id)), "retain": r.retain_on_delete,
            "initial": of.normal(r.initial), "location": r.properties.get("location") if of.kind is None else None,
        }  # fmt: skip
