"""From a unit's declarations to a CloudFormation template."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters import declarations
from deployforge_mcal.adapters.aws.kinds.base import as_list, partition
from deployforge_mcal.adapters.aws.models import Model, model
from deployforge_mcal.application.ports import InvalidUnit, TooLarge
from deployforge_mcal.domain import references
from deployforge_mcal.domain.references import Reference
from deployforge_mcal.domain.secrets import SecretReference
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit, Problem, ResourceSpec, Scope, UnitSpec

#: CloudFormation takes templates up to this size in the call itself.
_TEMPLATE_BYTES: Final = 51_200
#: Up to here its resources may still grow by a fourth; they stay in the stack that they are in.
_ROOMY_BYTES: Final = 40_000
_RESOURCES: Final = 500
_PARAMETERS: Final = 200
URN_TAG: Final = "deployforge:urn"
DEPLOYMENT_TAG: Final = "deployforge:deployment"


def check(specs: Sequence[ResourceSpec]) -> list[Problem]:
    """Types and properties; see CloudProvider.check."""
    return declarations.problems(specs, model)


def compile_unit(spec: UnitSpec) -> CompiledUnit:
    """See CloudProvider.compile."""
    if problems := check(spec.resources):
        raise InvalidUnit(problems)
    made = _Compilation(spec)
    unit = made.unit()
    if made.problems:
        raise InvalidUnit(made.problems)
    if problems := list(_excesses(unit)):
        raise TooLarge(problems)
    return unit


def size_of(unit: CompiledUnit) -> int:
    """Bytes of the template as it is sent."""
    return len(json.dumps(unit.template, separators=(",", ":")))


def too_large(unit: CompiledUnit) -> bool:
    """See LimitsUnits."""
    return size_of(unit) > _ROOMY_BYTES


def _excesses(unit: CompiledUnit) -> Iterator[Problem]:
    """What a stack has too much of. Source: CloudFormation User Guide, "Understand CloudFormation quotas"."""
    parameters = len(unit.inputs) + len(unit.secrets)
    for count, most, said in (
        (len(unit.resources), _RESOURCES, "resources in one stack"),
        (parameters, _PARAMETERS, "inputs and secrets in one stack"),
        (size_of(unit), _TEMPLATE_BYTES, "bytes in one template"),
    ):
        if count > most:
            yield Problem("", f"{count} {said}", f"at most {most}", "split the deployment")


def logical_id(name: str) -> str:
    """A resource's logical id in a stack: `orders-dead` → `OrdersDead` and four digits that keep names apart."""
    words = "".join(part[:1].upper() + part[1:] for part in name.split("-"))
    return f"{words}{hashlib.sha256(name.encode()).hexdigest()[:4].upper()}"


class _Compilation:
    def __init__(self, spec: UnitSpec) -> None:
        self.spec = spec
        self.models: dict[str, Model] = {r.name: model(r.type) for r in spec.resources}
        self.inputs: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.problems: list[Problem] = []

    def unit(self) -> CompiledUnit:
        entries = {logical_id(r.name): self._entry(r) for r in self.spec.resources}
        template: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": entries}
        parameters: dict[str, dict[str, Any]] = {name: {"Type": "String"} for name in sorted(self.inputs.values())}
        # NoEcho: CloudFormation shows the value of such a parameter to nobody.
        parameters |= {name: {"Type": "String", "NoEcho": True} for name in sorted(self.secrets.values())}
        if parameters:
            template["Parameters"] = parameters
        return CompiledUnit(
            self.spec.deployment_id, self.spec.unit_id, self.spec.unit_name, self.spec.scope, template,
            tuple(map(self._resource, self.spec.resources)), dict(sorted(self.inputs.items())), dict(self.spec.tags),
            dict(sorted(self.secrets.items())),
        )  # fmt: skip

    def _resource(self, r: ResourceSpec) -> CompiledResource:
        kind = self.models[r.name]
        return CompiledResource(
            r.urn, r.name, r.type, kind.native_type, logical_id(r.name), kind.desired(r), kind.create_only_paths,
            kind.set_paths, tuple(sorted(self._needs(r))),
        )  # fmt: skip

    def _needs(self, r: ResourceSpec) -> set[str]:
        named = {ref.name for values in (r.properties, r.native, r.initial) for ref in references.of(dict(values))}
        return (named | set(r.depends_on)) - {r.name}

    def _entry(self, r: ResourceSpec) -> dict[str, Any]:
        kind = self.models[r.name]
        properties = kind.template_properties(r)
        tag = kind.schema.tag_property
        if tag:
            own = properties.get(tag) or {}
            noted = kind.kind.system_tags(properties) if kind.kind is not None else {}
            every = {**self.spec.tags, **own, **noted, URN_TAG: r.urn, DEPLOYMENT_TAG: self.spec.deployment_id}
            properties[tag] = as_list(every) if kind.schema.tags_are_list else every
        entry: dict[str, Any] = {
            "Type": kind.native_type,
            "Metadata": {URN_TAG: r.urn},
            "DeletionPolicy": "Retain" if r.retain_on_delete else "Delete",
            "UpdateReplacePolicy": "Retain" if r.retain_on_delete else "Delete",
            "Properties": references.mapped(properties, lambda text: self._text(text, r)),
        }
        explicit = sorted(logical_id(name) for name in r.depends_on if name in self.models)
        if explicit:
            entry["DependsOn"] = explicit
        return entry

    def _text(self, text: str, r: ResourceSpec) -> Any:
        pieces = references.parts(text)
        said = [p if isinstance(p, str) else self._said(p, r) for p in pieces]
        if not said:
            return ""
        return said[0] if len(said) == 1 else {"Fn::Join": ["", said]}

    def _said(self, ref: Reference | SecretReference, r: ResourceSpec) -> Any:
        if isinstance(ref, SecretReference):
            return {"Ref": self.secrets.setdefault(str(ref), input_name(str(ref)))}
        if ref.name not in self.models:
            parameter = self.inputs.setdefault(str(ref), input_name(str(ref)))
            return {"Ref": parameter}
        how = self.models[ref.name].attribute(ref.attribute)
        if how is None:
            names = self.models[ref.name].attribute_names()
            self.problems.append(
                Problem(f"{r.name}.properties", f"{ref.name} has no attribute {ref.attribute}", ", ".join(names))
            )
            return ""
        return _intrinsic(how, logical_id(ref.name), self.models[ref.name], self.spec.scope)


def input_name(reference: str) -> str:
    """The parameter of a reference to another unit."""
    words = "".join(c if c.isalnum() else " " for c in reference).title().replace(" ", "")
    return f"In{words[:200]}{hashlib.sha256(reference.encode()).hexdigest()[:6]}"


def _intrinsic(how: Any, logical: str, of: Model, scope: Scope) -> Any:
    if isinstance(how, Mapping):
        name, argument = next(iter(how.items()))
        return {name: logical} if name == "Ref" else {name: [logical, argument[1]]}
    filled = how.format(id="\0", account=scope.account, region=scope.location, partition=partition(scope.location))
    before, _, after = filled.partition("\0")
    own_id = _intrinsic(of.attribute("id"), logical, of, scope)
    return {"Fn::Join": ["", [piece for piece in (before, own_id, after) if piece]]}
