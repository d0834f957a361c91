"""One view of every declarable type: checked, normalised, named, translated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_mcal.adapters.bodies import Native, Seed
from deployforge_mcal.adapters.declarations import (
    OVERLAY,
    UnknownResourceType,
    reference_problems,
    secret_problems,
    unified_problems,
    unsupported,
)
from deployforge_mcal.adapters.gcp.kinds import KINDS
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.adapters.gcp.kinds.legacy import LegacyKind
from deployforge_mcal.adapters.gcp.kinds.native import NativeKind, declarable
from deployforge_mcal.adapters.gcp.legacy.types import named
from deployforge_mcal.adapters.gcp.natives import snake
from deployforge_mcal.adapters.gcp.placing import PROVIDER, Place
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.references import substitute
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import enforced, normalised, resolved
from deployforge_mcal.domain.units import Problem, ResourceSpec
from deployforge_mcal.domain.words import nearest

_ARGUMENT: Final = re.compile(r"[a-z][a-z0-9_]*")


def model(type_name: str) -> "Model":
    """The type of a declaration. Raises UnknownResourceType."""
    if type_name in TYPES:
        return Model(type_name, KINDS.get(type_name))
    google = type_name.removeprefix(f"{PROVIDER}/")
    if (legacy := named(type_name)) is not None:
        return Model(type_name, LegacyKind(legacy.google, legacy.naming))
    if google == type_name or google not in declarable():
        hint = nearest(google, TYPES if google == type_name else declarable())
        raise UnknownResourceType(type_name, f"one of {', '.join(TYPES)}, or {PROVIDER}/google_…", hint)
    return Model(type_name, NativeKind(google))


@dataclass(frozen=True)
class Model:
    """A declarable type; one that is not mapped has nothing but problems."""

    type: str
    mapped: Kind | None

    @property
    def kind(self) -> Kind:
        """How it is mapped; asked of what has been checked."""
        assert self.mapped is not None
        return self.mapped

    # --- checking -------------------------------------------------------------------------------------

    def problems(self, spec: ResourceSpec) -> list[Problem]:
        """Everything that is wrong with a declaration."""
        if self.type in TYPES and (absent := unsupported(TYPES[self.type], PROVIDER, self.mapped is not None, spec.name)):
            return absent
        own = [] if self.kind.native else [p.name for p in self.kind.model.properties if p.secret]
        found = reference_problems(spec) or secret_problems(spec, own, own, "a property that Google never gives back")
        if found or not self.kind.native:
            return found or unified_problems(self.kind, PROVIDER, spec) + _overlay_problems(spec)
        where = f"{spec.name}.properties"
        found = [Problem(f"{where}.{name}", said, wanted) for name, said, wanted in self.kind.problems(spec.properties)]
        if spec.native:
            found.append(Problem(f"{spec.name}.{OVERLAY}", "a native type has no overlay", "write it into properties"))
        return found

    # --- translating ----------------------------------------------------------------------------------

    def desired(self, spec: ResourceSpec) -> dict[str, Any]:
        """Normalised enforced values in the vocabulary of the type. The spec must have no problems."""
        if self.kind.native:
            return self.kind.to_native(spec.properties)[""]
        values = enforced(self.kind.model, PROVIDER, self.normal(spec.properties, whole=True))
        values = {name: value for name, value in values.items() if name not in self.kind.meaningless(values)}
        return {**values, **({OVERLAY: dict(spec.native)} if spec.native else {})}

    def normal(self, given: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
        """Canonical values; of a native type they are as they come."""
        if self.kind.native:
            return dict(given)
        return normalised(self.kind.model, PROVIDER, given, whole=whole)[0]

    def native_of(self, desired: Mapping[str, Any]) -> Native:
        """What shall be, by part, without what is constant. References are resolved."""
        values = {k: v for k, v in desired.items() if k != OVERLAY}
        native = self.kind.to_native(self.normal(values))
        native[""] = {k: v for k, v in native[""].items() if k != "name"}
        return native

    def live(self, native: Native) -> dict[str, Any]:
        """What was read, in the vocabulary of the type."""
        if self.kind.native:
            return self.kind.from_native(native)
        fixed = dict(self.kind.model.on(PROVIDER).fixed)
        return {**fixed, **self.kind.from_native(native), OVERLAY: snake(native[""])}

    # --- names ----------------------------------------------------------------------------------------

    def id(self, place: Place, unit_name: str, account: str, spec: ResourceSpec) -> str:
        """The full resource name that a declaration has; one that another unit tells is in it as a reference."""
        if spec.import_id:
            return spec.import_id
        values = self.normal(spec.properties, whole=False)
        fixed = {path: values[path] for path in self.create_only_paths if path in values and path != "name"}
        seed = Seed(unit_name, account, spec.name, key(fixed) if fixed else "")
        return self.kind.id(place, seed, values)

    def filled(self, values: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """Values with the references that are known."""
        return substitute(dict(values), known) if self.kind.native else resolved(self.kind.model, values, known)

    def attributes(self, id: str, native: Native | None = None) -> dict[str, str]:
        """What references resolve to, as far as it is known."""
        later = self.kind.live_attributes(native) if native is not None else {}
        return {**self.kind.attribute_values(id), **later}

    # --- semantics ------------------------------------------------------------------------------------

    @property
    def create_only_paths(self) -> tuple[str, ...]:
        """Paths of the vocabulary whose change replaces the resource."""
        if self.kind.native:
            return ()
        return tuple(p.name for p in self.kind.model.supported(PROVIDER) if self.kind.replaces(p))

    @property
    def set_paths(self) -> tuple[str, ...]:
        """Paths of the vocabulary that are lists without order."""
        return () if self.kind.native else tuple(p.name for p in self.kind.model.properties if p.is_set)


def _overlay_problems(spec: ResourceSpec) -> list[Problem]:
    return [
        Problem(
            f"{spec.name}.{OVERLAY}.{name}", f"{name} is no argument of Terraform's", "a name such as retain_acked_messages"
        )
        for name in spec.native
        if _ARGUMENT.fullmatch(name) is None
    ]
