"""One view of every declarable type, unified or native: checked, normalised, named, translated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis.jsondiff import OPEN_ITEMS

from deployforge_mcal.adapters.azure import natives, versions
from deployforge_mcal.adapters.azure.kinds import KINDS
from deployforge_mcal.adapters.azure.kinds.base import Companion, Kind
from deployforge_mcal.adapters.azure.placing import PROVIDER, Place, names_of
from deployforge_mcal.adapters.azure.session import AzureSession
from deployforge_mcal.adapters.bodies import Native, Seed, merged
from deployforge_mcal.adapters.declarations import (
    OVERLAY,
    UnknownResourceType,
    overlay_problems,
    reference_problems,
    secret_problems,
    unified_problems,
    unsupported,
)
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.references import substitute
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import enforced, normalised, resolved
from deployforge_mcal.domain.units import Problem, ResourceSpec
from deployforge_mcal.domain.words import nearest

#: What an overlay may hold beside its properties.
_OVERLAID: Final = ("sku", "kind", "identity", "zones", "properties")


def _unknown(type_name: str) -> UnknownResourceType:
    native = type_name.partition("/")[2]
    hint = nearest(native or type_name, versions.PINNED if native else TYPES)
    return UnknownResourceType(type_name, "one of " + ", ".join(TYPES) + ", or azure/Microsoft.…/…", hint)


def model(type_name: str) -> "Model":
    """The type of a declaration. Raises UnknownResourceType."""
    if type_name in TYPES:
        kind = KINDS.get(type_name)
        return Model(type_name, kind.native_type if kind else "", kind)
    native = type_name.partition("/")[2]
    if not natives.is_type(native):
        raise _unknown(type_name)
    return Model(type_name, native, None)


@dataclass(frozen=True)
class Model:
    """A declarable type."""

    type: str
    native_type: str
    kind: Kind | None

    @property
    def unified(self) -> bool:
        """Whether properties are in the unified vocabulary."""
        return self.type in TYPES

    # --- checking -------------------------------------------------------------------------------------

    def problems(self, spec: ResourceSpec) -> list[Problem]:
        """Everything that is wrong with a declaration."""
        if self.unified and (absent := unsupported(TYPES[self.type], PROVIDER, self.kind is not None, spec.name)):
            return absent
        own = [p.name for p in self.kind.model.properties if p.secret] if self.kind else []
        able = own if self.kind else natives.WRITE_ONLY.get(self.native_type.lower(), ())
        if found := reference_problems(spec) or secret_problems(spec, own, able, "a property that Azure never gives back"):
            return found
        if self.kind is None:
            return natives.problems(self.native_type, spec)
        return unified_problems(self.kind, PROVIDER, spec) + overlay_problems(spec, _OVERLAID)

    # --- translating ----------------------------------------------------------------------------------

    def desired(self, spec: ResourceSpec) -> dict[str, Any]:
        """Normalised enforced values in the vocabulary of the type. The spec must have no problems."""
        if self.kind is None:
            return natives.desired(spec.properties)
        values = enforced(self.kind.model, PROVIDER, self.normal(spec.properties, whole=True))
        return {**values, **({OVERLAY: dict(spec.native)} if spec.native else {})}

    def filled(self, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """Desired values with the references that are known."""
        return substitute(dict(desired), known) if self.kind is None else resolved(self.kind.model, desired, known)

    def normal(self, given: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
        """Canonical values; of a native type they are as they come."""
        if self.kind is None:
            return dict(given)
        return normalised(self.kind.model, PROVIDER, given, whole=whole)[0]

    def native_of(self, desired: Mapping[str, Any], initial: Mapping[str, Any]) -> Native:
        """What is put, by part, without what is constant; values are spelt like declarations, and so is this."""
        if self.kind is None:
            return {"": {**natives.body(initial), **natives.body(desired)}}
        values = {k: v for k, v in desired.items() if k != OVERLAY}
        native = self.kind.to_native({**initial, **self.normal(values)})
        native[""] = merged({k: v for k, v in native[""].items() if k not in ("id", "name")}, desired.get(OVERLAY, {}))
        return native

    def linked(self, id: str, native: Native) -> Native:
        """The same with what its parts say of each other."""
        return self.kind.linked(id, native) if self.kind else native

    def constants(self) -> Native:
        """What every resource of the type has, by part."""
        return {part: dict(body) for part, body in self.kind.constants.items()} if self.kind else {"": {}}

    def live(self, native: Native) -> dict[str, Any]:
        """What was read, in the vocabulary of the type."""
        if self.kind is None:
            return natives.live(self.native_type, native[""])
        fixed = dict(self.kind.model.on(PROVIDER).fixed)
        overlay = {name: native[""][name] for name in _OVERLAID if name in native[""]}
        return {**fixed, **self.kind.from_native(native), OVERLAY: overlay}

    def read(self, session: AzureSession, id: str) -> Native | None:
        """All parts of a resource, or None."""
        if self.kind is not None:
            return self.kind.read(session, id)
        body = session.get(id)
        # Azure may spell an id otherwise than it was given.
        return None if body is None else {"": {**body, "id": id}}

    # --- names ----------------------------------------------------------------------------------------

    def id(self, place: Place, unit_name: str, account: str, spec: ResourceSpec) -> str:
        """The id that a declaration has; one that another unit tells is in it as a reference."""
        if spec.import_id:
            return spec.import_id
        values = self.normal(spec.properties, whole=False) if self.kind else dict(spec.properties)
        paths = self.create_only_paths if self.kind else ()
        fixed = {path: values[path] for path in paths if path in values and path != "name"}
        seed = Seed(unit_name, account, spec.name, key(fixed) if fixed else "")
        return self.kind.id(place, seed, values) if self.kind else natives.id(self.native_type, place, seed, values)

    def companions(self, id: str) -> list[Companion]:
        """What has to be there for it."""
        return self.kind.companions(id) if self.kind else []

    def part_id(self, id: str, part: str) -> str:
        """The id of a part."""
        return self.kind.part_id(id, part) if self.kind else id

    def is_beside(self, part: str) -> bool:
        """Whether a part is a resource beside this one, with location and tags of its own."""
        return self.kind is not None and part in self.kind.beside

    def later(self, id: str, values: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
        """Attribute → the id of who says it, and where; of a unified type, those that do not follow from the id."""
        return self.kind.later(id, values) if self.kind else {}

    def attributes(self, id: str, native: Native | None = None) -> dict[str, str]:
        """What references resolve to; of a native type, those that were read are among them."""
        if self.kind is not None:
            return {**self.kind.attribute_values(id), **(self.kind.live_attributes(native) if native else {})}
        return natives.attributes(id, names_of(id)[-1], (native or {}).get("", {}))

    # --- semantics ------------------------------------------------------------------------------------

    @property
    def create_only_paths(self) -> tuple[str, ...]:
        """Paths of the vocabulary whose change replaces the resource."""
        if self.kind is None:
            return natives.CREATE_ONLY
        supported = self.kind.model.supported(PROVIDER)
        return tuple(p.name for p in supported if self.kind.replaces(p))

    @property
    def set_paths(self) -> tuple[str, ...]:
        """Paths of the vocabulary that are lists without order. To the items of other lists, of native properties, Azure
        adds fields of its own, and nobody has published which: only what is declared of them is enforced."""
        sets = [p.name for p in self.kind.model.properties if p.is_set] if self.kind else []
        return (*sets, OPEN_ITEMS)
