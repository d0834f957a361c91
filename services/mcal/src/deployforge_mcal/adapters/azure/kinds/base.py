"""What a kind is: one unified type on Azure, how it is named, translated and read.

A resource is spoken of as its parts: `""` is the resource itself, `/blobServices/default` a child that always goes with
it. Each part is a body as ARM has it: `{sku, kind, tags, properties}`. The vocabulary is the domain's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from deployforge_mcal.adapters.azure.placing import PROVIDER, Place, beside, names_of
from deployforge_mcal.adapters.bodies import Body, Field, Native, Seed, get, translated
from deployforge_mcal.adapters.declarations import document
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType

if TYPE_CHECKING:
    from deployforge_mcal.adapters.azure.session import AzureSession

#: Tags that this system or Azure sets; nobody declares them and they are never drift.
SYSTEM_TAGS: Final = ("deployforge:", "hidden-", "ms-resource-")
KEY_TYPE_TAG: Final = "deployforge:key-type"
#: What something is for, of types for which Azure has no place for that.
DESCRIPTION_TAG: Final = "deployforge:description"
TAG_LIMIT: Final = 256
_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")


def iso(seconds: Any) -> Any:
    """Seconds as Azure writes durations."""
    return f"PT{seconds}S" if isinstance(seconds, int) else seconds


def seconds(duration: Any) -> Any:
    """The reverse, in whatever units Azure gives it back."""
    found = _DURATION.fullmatch(str(duration))
    if found is None:
        return duration
    days, hours, minutes, rest = (int(g or 0) for g in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def own_tags(tags: Any) -> dict[str, str]:
    """Tags without those of the system."""
    return {str(k): str(v) for k, v in (tags or {}).items() if not str(k).startswith(SYSTEM_TAGS)}


@dataclass(frozen=True)
class Companion:
    """A resource that Azure wants around another one: a namespace, a vault."""

    id: str
    body: Body


class Kind:
    """Base of all kinds; a subclass maps the vocabulary of its type."""

    model: ClassVar[UnifiedType]
    native_type: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]
    #: properties that a kind translates itself, beside `fields` → where Azure holds them, for people
    respelt: ClassVar[Mapping[str, str]] = {}
    #: part → what it holds whatever is declared
    constants: ClassVar[Mapping[str, Body]] = {"": {}}
    #: part → native type of what stands beside the resource and has its name: a network interface, a plan
    beside: ClassVar[Mapping[str, str]] = {}
    #: has location and tags
    tracked: ClassVar[bool] = True
    #: properties beside the model's own that Azure does not change on a living resource
    unchangeable: ClassVar[frozenset[str]] = frozenset()
    #: Resource Graph has the whole of it
    in_graph: ClassVar[bool] = False
    #: what whoever handles it must be allowed to do, beside reading, writing and deleting
    actions: ClassVar[tuple[str, ...]] = ()
    attributes: ClassVar[tuple[str, ...]] = ("id", "name", "address")

    # --- for people -----------------------------------------------------------------------------------

    def document(self) -> TypeDoc:
        """The type as it is on Azure."""
        return document(self.model, PROVIDER, self.native_type, self.attributes, self.replaces, self.native_name)

    def native_name(self, name: str) -> str:
        """Where Azure holds a property: `properties.lockDuration`."""
        field = self.fields.get(name)
        return self.respelt.get(name, "") if field is None else f"{field.part.lstrip('/')} {field.path}".strip()

    def replaces(self, prop: Property) -> bool:
        """Whether a change of a property makes another resource."""
        return prop.create_only or prop.name in self.unchangeable

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """(property, what is wrong, what is expected) of values that are valid elsewhere."""
        return ()

    # --- names ----------------------------------------------------------------------------------------

    def generated(self, seed: Seed) -> str:
        """A name when none is declared."""
        return f"{seed.name[:40]}-{seed.digits()}"

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """The resource's id; values may hold references."""
        return place.resource(self.native_type, str(values.get("name") or self.generated(seed)))

    def companions(self, id: str) -> list[Companion]:
        """What has to be there for it, outermost first."""
        return []

    def part_id(self, id: str, part: str) -> str:
        """The id of a part: below the resource, or beside it."""
        return beside(id, self.beside[part]) if part in self.beside else f"{id}{part}"

    def attribute_values(self, id: str) -> dict[str, str]:
        """What references resolve to, as far as it follows from the id."""
        return {"id": id, "name": names_of(id)[-1], "address": id}

    def later(self, id: str, values: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
        """The other attributes: each with the id of the native resource that says it, and the path among its
        properties."""
        return {}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """The same, of what was read."""
        return {}

    # --- translating ----------------------------------------------------------------------------------

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """Normalised values in Azure's terms, without what is constant."""
        native = translated(self.fields, values)
        if values.get("name") is not None:
            native[""]["name"] = values["name"]
        return native

    def linked(self, id: str, native: Native) -> Native:
        """What is put, with what its parts say of each other; `id` is the resource's."""
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """The reverse, of what was read. Secrets are not there to be read."""
        values: dict[str, Any] = {}
        secret = {p.name for p in self.model.properties if p.secret}
        for name, field in self.fields.items():
            value = get(native.get(field.part, {}), field.path)
            if value is not None and name not in secret:
                values[name] = own_tags(value) if name == "tags" else field.back(value)
        if "name" in self.respelt:
            # A child is called `parent/child` in some answers.
            values["name"] = str(native[""].get("name", "")).rpartition("/")[2]
        return values

    # --- reading --------------------------------------------------------------------------------------

    def read(self, session: "AzureSession", id: str) -> Native | None:
        """All parts; None when one of them is missing."""
        found: Native = {}
        for part in self.constants:
            body = session.get(self.part_id(id, part))
            if body is None:
                return None
            found[part] = body
        return found

    def extras(self, native: Native, wanted: Native) -> list[str]:
        """Parts that are there and shall not be."""
        return []
