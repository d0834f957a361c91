"""From a unit's declarations to what a deployment is made of. The blueprint itself is written when it is deployed
(`planning`): then what other units tell is known, and every name stands in it as it is."""

import json
from collections.abc import Sequence
from typing import Any, Final

from deployforge_mcal.adapters import compiling, declarations
from deployforge_mcal.adapters.gcp.models import Model, model
from deployforge_mcal.adapters.gcp.placing import Place
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure, TooLarge
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit, Problem, ResourceSpec, UnitSpec

#: What one deployment of ours may be. Terraform refreshes every resource of a state one by one at each change, and
#: Infrastructure Manager has an hour for it.
_BYTES: Final = 4 * 1024 * 1024
_RESOURCES: Final = 500


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
    if len(spec.resources) > _RESOURCES:
        said = f"{len(spec.resources)} resources in one unit"
        raise TooLarge([Problem("", said, f"at most {_RESOURCES}", "split the deployment")])
    models = {r.name: model(r.type) for r in spec.resources}
    ids = compiling.ids(
        spec.resources,
        lambda r: models[r.name].id(place, spec.unit_name, spec.scope.account, r),
        lambda r, id: models[r.name].attributes(id),
    )
    resources = tuple(_resource(r, models[r.name], ids[r.name]) for r in spec.resources)
    template = {"resources": {r.urn: _entry(r, models[r.name], ids[r.name]) for r in spec.resources}}
    known = {name: None if of.kind.native else of.kind.attributes for name, of in models.items()}
    problems += [p for r in spec.resources for p in compiling.unknown_attributes(r, known)]
    if problems:
        raise InvalidUnit(problems)
    size = len(json.dumps([template, [r.desired for r in resources]], default=str))
    if size > _BYTES:
        raise TooLarge([Problem("", f"the blueprint has {size} bytes", f"at most {_BYTES}", "split the deployment")])
    return CompiledUnit(
        spec.deployment_id, spec.unit_id, spec.unit_name, spec.scope, template, resources,
        compiling.outside(spec.resources), dict(spec.tags), compiling.hidden(spec.resources),
    )  # fmt: skip


def _resource(r: ResourceSpec, of: Model, id: str) -> CompiledResource:
    return CompiledResource(
        r.urn, r.name, r.type, of.kind.google, id, of.desired(r), of.create_only_paths, of.set_paths, compiling.needs(r)
    )


def _entry(r: ResourceSpec, of: Model, id: str) -> dict[str, Any]:
    return {
        "id": id, "retain": r.retain_on_delete, "initial": of.normal(r.initial),
        # Under a name of its own a successor can stand beside what it replaces.
        "fixed": bool(r.import_id) or of.kind.native or "name" in r.properties,
    }  # fmt: skip
