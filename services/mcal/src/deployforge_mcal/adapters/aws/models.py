"""One view of every declarable type, unified or native: its vocabulary checked, normalised, and translated.

`Queue` is a kind; `aws/AWS::SNS::Topic` is a native type that a kind can read; `aws/AWS::KMS::Key` is a native
type without a kind, of which AWS's schema tells everything that is known.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from deployforge_mcal.adapters.aws import placement, schemas, validate
from deployforge_mcal.adapters.aws.kinds import BY_NATIVE, KINDS
from deployforge_mcal.adapters.aws.kinds.base import PROVIDER, Kind, own_tags
from deployforge_mcal.adapters.declarations import UnknownResourceType
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.references import BadReference, of, substitute
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import normalised, resolved
from deployforge_mcal.domain.units import Problem, ResourceSpec
from deployforge_mcal.domain.words import nearest

OVERLAY: Final = "native"
ADDRESS: Final = "address"


def _unknown(type_name: str) -> UnknownResourceType:
    native = type_name.partition("/")[2]
    hint = nearest(native or type_name, schemas.types() if native else TYPES)
    if hint and native:
        hint = hint.replace("mean ", f"mean {type_name.partition('/')[0]}/")
    return UnknownResourceType(type_name, "one of " + ", ".join(TYPES) + ", or aws/AWS::…", hint)


@dataclass(frozen=True)
class Model:
    """A declarable type."""

    type: str
    native_type: str
    kind: Kind | None
    """The code that reads and writes resources of the native type."""

    @property
    def unified(self) -> bool:
        """Whether properties are in the unified vocabulary."""
        return self.type in KINDS

    @property
    def schema(self) -> schemas.Schema:
        """AWS's schema."""
        return schemas.load(self.native_type)

    def documented(self) -> TypeDoc:
        """A unified type, for people."""
        assert self.kind is not None
        of = self.kind.model
        support = {PROVIDER: of.on(PROVIDER).level.value}
        native = {PROVIDER: self.native_type}
        return TypeDoc(of.name, of.description, self.kind.docs(), self.attribute_names(), support, native)

    # --- checking -------------------------------------------------------------------------------------

    def problems(self, spec: ResourceSpec) -> list[Problem]:
        """Everything that is wrong with a declaration."""
        found = _reference_problems(spec) or placement.problems(spec, self.schema, self.kind if self.unified else None)
        if found:
            return found
        where = f"{spec.name}.properties"
        if not self.unified:
            found = list(validate.problems(self.schema, spec.properties, where))
            return found + list(validate.problems(self.schema, spec.initial, f"{spec.name}.initial", partial=True))
        values, found = self._normalised(spec.properties, where, required=True)
        initial, more = self._normalised(spec.initial, f"{spec.name}.initial", required=False)
        found += more
        if not found:
            assert self.kind is not None
            native = self.kind.to_native({**initial, **values})
            # Also what the translation made is held against AWS's schema: ranges, lengths, patterns.
            names = {native: name for name, native in reversed(list(self.kind.natives.items()))}
            for problem in validate.problems(self.schema, _listed_tags(native, self.schema), where, partial=True):
                found.append(_renamed(problem, where, names))
        return found + self._overlay_problems(spec)

    def _overlay_problems(self, spec: ResourceSpec) -> list[Problem]:
        assert self.kind is not None
        where = f"{spec.name}.{OVERLAY}"
        covered = {native: name for name, native in self.kind.natives.items()}
        found = [
            Problem(f"{where}.{name}", f"{name} is declared as {covered[name]}", "", f"write properties.{covered[name]}")
            for name in spec.native
            if name in covered
        ]
        return found or list(validate.problems(self.schema, spec.native, where, partial=True))

    def _normalised(self, given: Mapping[str, Any], where: str, *, required: bool) -> tuple[dict[str, Any], list[Problem]]:
        assert self.kind is not None
        return normalised(self.kind.model, PROVIDER, given, where, whole=required)

    # --- translating ----------------------------------------------------------------------------------

    def desired(self, spec: ResourceSpec) -> dict[str, Any]:
        """Normalised enforced values in the vocabulary of the type. The spec must have no problems."""
        if self.unified:
            values, _ = self._normalised(spec.properties, "", required=True)
            overlay = self._canonical(spec.native)
            return {**values, **({OVERLAY: overlay} if overlay else {})}
        return self._canonical(spec.properties)

    def filled(self, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """Desired values with the references that are known."""
        if not self.unified:
            found: dict[str, Any] = substitute(dict(desired), known)
            return found
        assert self.kind is not None
        return resolved(self.kind.model, desired, known)

    def template_properties(self, spec: ResourceSpec) -> dict[str, Any]:
        """Native properties for a template, tags as a mapping: initial values below enforced ones."""
        if not self.unified:
            return {**spec.initial, **spec.properties, **self._canonical({**spec.initial, **spec.properties}, keep=True)}
        assert self.kind is not None
        initial, _ = self._normalised(spec.initial, "", required=False)
        values, _ = self._normalised(spec.properties, "", required=True)
        return {**self.kind.constants, **self.kind.to_native({**initial, **values}), **spec.native}

    def native_of(self, desired: Mapping[str, Any]) -> dict[str, Any]:
        """Enforced values in AWS's terms."""
        if not self.unified:
            return dict(desired)
        assert self.kind is not None
        values = {k: v for k, v in desired.items() if k != OVERLAY}
        return {**self.kind.to_native(values), **desired.get(OVERLAY, {})}

    def identified(self, id: str, desired: Mapping[str, Any]) -> str:
        """See Kind.identified."""
        return id if self.kind is None else self.kind.identified(id, self.native_of(desired))

    def native_names(self, paths: Any) -> set[str]:
        """The native properties that hold these paths of the vocabulary."""
        heads = [path.split(".") for path in paths]
        if not self.unified:
            return {head[0] for head in heads}
        assert self.kind is not None
        names = self.kind.natives
        overlaid = {head[1] for head in heads if head[0] == OVERLAY and head[1:]}
        return overlaid | {names.get(head[0], head[0]) for head in heads if head[0] != OVERLAY}

    def live(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """What `Kind.read` gave, in the vocabulary of the type."""
        if not self.unified:
            # What AWS says it never shows is not taken from it, should it come all the same.
            return _without(native, self._never_shown)
        assert self.kind is not None
        covered = set(self.kind.natives.values()) | self.schema.read_only | self.schema.write_only
        overlay = {k: v for k, v in native.items() if k not in covered}
        return {**self.kind.from_native(native), **({OVERLAY: overlay} if overlay else {})}

    @property
    def _never_shown(self) -> frozenset[str]:
        return self.schema.write_only - (self.kind.told_otherwise if self.kind is not None else frozenset())

    def _canonical(self, native: Mapping[str, Any], *, keep: bool = False) -> dict[str, Any]:
        found = dict(native) if keep else _without(native, self._never_shown)
        if self.kind is not None:
            return self.kind.canonical(found)
        tag = self.schema.tag_property
        if tag in found and self.schema.tags_are_list:
            found[tag] = own_tags(found[tag])
        return found

    # --- semantics ------------------------------------------------------------------------------------

    @property
    def create_only_paths(self) -> tuple[str, ...]:
        """Paths of the vocabulary whose change replaces the resource."""
        native = sorted(self.schema.create_only)
        if not self.unified:
            return tuple(native)
        assert self.kind is not None
        own = [p.name for p in self.kind.properties if self.kind.replaces(p)]
        covered = set(self.kind.natives.values())
        return tuple(own + [f"{OVERLAY}.{name}" for name in native if name.split(".")[0] not in covered])

    @property
    def set_paths(self) -> tuple[str, ...]:
        """Paths of the vocabulary that are lists without order."""
        native = sorted({*self.schema.set_paths, *(self.kind.native_set_paths if self.kind else ())} - {"Tags"})
        if not self.unified:
            return tuple(native)
        assert self.kind is not None
        own = [p.name for p in self.kind.properties if p.is_set]
        covered = set(self.kind.natives.values())
        return tuple(own + [f"{OVERLAY}.{name}" for name in native if name.split(".")[0] not in covered])

    def attribute(self, name: str) -> Any | None:
        """How a template says an attribute (see Kind.attributes), or None when there is no such attribute."""
        if self.kind is not None and _spelt(name) in self.kind.attributes:
            return self.kind.attributes[_spelt(name)]
        if name == "id":
            return {"Ref": ""}
        if name in self.template_attributes:
            return {"Fn::GetAtt": ["", name]}
        native = {path.split(".")[-1].lower(): path for path in sorted(self.schema.read_only, reverse=True)}
        if name in self.schema.read_only:
            return {"Fn::GetAtt": ["", name]}
        if name.lower() in native:
            return {"Fn::GetAtt": ["", native[name.lower()]]}
        own = self.native_type.rpartition("::")[2].lower() + name.lower()
        return {"Fn::GetAtt": ["", native[own]]} if own in native else None

    @property
    def template_attributes(self) -> Mapping[str, str]:
        """CloudFormation's own names of a kind's attributes, where a template may say them: `Arn` → `arn`."""
        if self.kind is None or self.unified:
            return {}
        every = self.kind.attributes.items()
        return {how["Fn::GetAtt"][1]: own for own, how in every if isinstance(how, Mapping) and "Fn::GetAtt" in how}

    def attribute_names(self) -> tuple[str, ...]:
        """What a reference can name."""
        own = tuple(self.kind.attributes) if self.kind is not None else ("id",)
        if "arn" in own:
            own = (*own, ADDRESS)
        return own if self.unified else (*own, *sorted(n for n in self.schema.read_only if "." not in n))


def _without(values: Mapping[str, Any], paths: Collection[str], under: str = "") -> dict[str, Any]:
    """Values without those at paths, but for secrets, which are compared by their marks. What held nothing else goes."""
    found = {}
    for name, value in values.items():
        path = f"{under}{name}"
        if path in paths and not placement.is_secret(value):
            continue
        if isinstance(value, Mapping) and value and any(hidden.startswith(f"{path}.") for hidden in paths):
            value = _without(value, paths, f"{path}.")
            if not value:
                continue
        found[name] = value
    return found


def _spelt(attribute: str) -> str:
    """AWS's word for an attribute: what everybody names a resource by is its ARN."""
    return "arn" if attribute == ADDRESS else attribute


def _listed_tags(native: Mapping[str, Any], schema: schemas.Schema) -> dict[str, Any]:
    tag = schema.tag_property
    return {k: v for k, v in native.items() if k != tag}


def _renamed(problem: Problem, where: str, names: Mapping[str, str]) -> Problem:
    """A problem of a native property under the name that was declared."""
    native = problem.path.removeprefix(f"{where}.").partition(".")[0]
    bare, bracket, index = native.partition("[")
    return Problem(f"{where}.{names.get(bare, bare)}{bracket}{index}", problem.message, problem.expected, problem.hint)


def _reference_problems(spec: ResourceSpec) -> list[Problem]:
    found = []
    for part, values in (("properties", spec.properties), (OVERLAY, spec.native), ("initial", spec.initial)):
        for name, value in values.items():
            try:
                list(of(value))
            except BadReference as wrong:
                hint = "write $${ for a literal ${"
                found.append(Problem(f"{spec.name}.{part}.{name}", str(wrong), "${name.attribute}", hint))
    return found


@lru_cache(maxsize=512)
def model(type_name: str) -> Model:
    """The model of a type. Raises UnknownResourceType."""
    if type_name in KINDS:
        return Model(type_name, KINDS[type_name].native_type, KINDS[type_name])
    native = type_name.partition("/")[2]
    if native not in schemas.index():
        raise _unknown(type_name)
    return Model(type_name, native, BY_NATIVE.get(native))
