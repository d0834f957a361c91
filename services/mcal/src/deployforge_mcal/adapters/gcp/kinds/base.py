"""What a kind is: one unified type on Google Cloud, how it is named, translated and read.

A resource is spoken of as its parts: `""` is the resource itself, `topic` another that always goes with it, `to:…` one of
some. Each part is a body as its service's REST, and so Cloud Asset Inventory, has it. Terraform's arguments follow from
these (`natives`). The vocabulary is the domain's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from deployforge_mcal.adapters.bodies import Body, Field, Native, Seed, get, translated
from deployforge_mcal.adapters.declarations import document
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import PROVIDER, Place, relative, short
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType

if TYPE_CHECKING:
    from deployforge_mcal.adapters.gcp.session import GcpSession

#: Labels that this system or Google sets; nobody declares them and they are never drift.
SYSTEM_LABELS: Final = ("deployforge-", "goog-")
_LABEL: Final = re.compile(r"[a-z0-9_-]{0,63}")
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Source(Protocol):
    """Where live resources are read."""

    def get(self, full: str) -> Body | None:
        """A resource by its full name; None when it does not exist."""
        ...

    def below(self, asset: str, parent: str, suffix: str, key: str, **params: str) -> list[Body]:
        """What a list has that a service keeps at a resource's URL and a suffix, under a key; `asset` is its type."""
        ...


def seconds(value: Any) -> Any:
    """Seconds as Google writes durations."""
    return f"{value}s" if isinstance(value, int) else value


def of_seconds(value: Any) -> Any:
    """The reverse: `86400s`, `1.5s`."""
    said = str(value)
    number = said.removesuffix("s")
    return int(float(number)) if said.endswith("s") and number.replace(".", "", 1).isdigit() else value


def named(value: Any) -> Any:
    """`projects/…` of what a service writes as a URL."""
    said = str(value)
    return said[said.index("projects/") :] if "://" in said and "projects/" in said else value


def own_labels(labels: Any) -> dict[str, str]:
    """Labels without those of the system."""
    return {str(k): str(v) for k, v in (labels or {}).items() if not str(k).startswith(SYSTEM_LABELS)}


class Kind:
    """Base of all kinds; a subclass maps the vocabulary of its type."""

    model: ClassVar[UnifiedType]
    #: Terraform's type of the resource itself
    google: ClassVar[str]
    #: part → Terraform's type of it, beside the resource itself; a name that ends with `:` stands for all that begin so
    others: ClassVar[Mapping[str, str]] = {}
    fields: ClassVar[Mapping[str, Field]]
    #: properties that a kind translates itself, beside `fields` → where Google holds them, for people
    respelt: ClassVar[Mapping[str, str]] = {}
    #: part → what it holds whatever is declared
    constants: ClassVar[Mapping[str, Body]] = {"": {}}
    #: properties beside the model's own that Google does not change on a living resource
    unchangeable: ClassVar[frozenset[str]] = frozenset()
    #: longest name, and whether more than letters, digits and dashes may be in it
    longest: ClassVar[int] = 63
    #: a name is one in the world: what somebody else has cannot be read, and is not there for us
    worldwide: ClassVar[bool] = False
    #: Cloud Asset Inventory names it as its service does, so that it can be found there by that name
    in_assets: ClassVar[bool] = True
    #: parts that are not Terraform's to know, for they hold a secret: set by the service's own REST (`settle`)
    direct: ClassVar[frozenset[str]] = frozenset()
    #: what Asset Inventory lists of the type are whole resources of this kind, and not parts of others
    listed: ClassVar[bool] = False
    #: declared in Terraform's words, and not in the domain's
    native: ClassVar[bool] = False
    attributes: ClassVar[tuple[str, ...]] = ("id", "name", "address")
    #: attribute that only the living resource has → Terraform's name of it
    later: ClassVar[Mapping[str, str]] = {}

    # --- for people -----------------------------------------------------------------------------------

    def document(self) -> TypeDoc:
        """The type as it is on Google Cloud."""
        return document(self.model, PROVIDER, self.google, self.attributes, self.replaces, self.native_name)

    def native_name(self, name: str) -> str:
        """Where Google holds a property: `ackDeadlineSeconds`, `topic kmsKeyName`."""
        field = self.fields.get(name)
        return self.respelt.get(name, "") if field is None else f"{field.part} {field.path}".strip()

    def replaces(self, prop: Property) -> bool:
        """Whether a change of a property makes another resource."""
        return prop.create_only or prop.name in self.unchangeable

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """(property, what is wrong, what is expected) of values that are valid elsewhere."""
        for name, value in (values.get("tags") or {}).items():
            known = not has_references(value)
            if _KEY.fullmatch(name) is None or (known and _LABEL.fullmatch(str(value)) is None):
                said = f"{name}: {value} is no label of Google Cloud"
                yield "tags", said, "lower-case letters, digits, _ and -, at most 63 of them, the name with a letter first"

    def meaningless(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Properties that mean nothing beside what else is declared; they are not enforced."""
        return frozenset()

    # --- names ----------------------------------------------------------------------------------------

    @property
    def of(self) -> GoogleType:
        """Terraform's type of the resource itself."""
        return GOOGLE[self.google]

    def generated(self, seed: Seed) -> str:
        """A name when none is declared: a letter first, as every service takes it."""
        begun = seed.name if seed.name[0].isalpha() else f"r{seed.name}"
        return f"{begun[: self.longest - 9].rstrip('-')}-{seed.digits()}"

    def path(self, name: str, values: Mapping[str, Any]) -> str:
        """The relative name; `{project}` and `{location}` may be in it."""
        return _filled(self.of.path, name)

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """The full resource name; values may hold references."""
        return place.full(self.of.service, self.path(str(values.get("name") or self.generated(seed)), values))

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """Terraform's type and the full name of a part."""
        return self.of, id

    def before(self, part: str, parts: Iterable[str]) -> list[str]:
        """Which of the parts that Terraform makes have to be there before one of them: what always is there comes in the
        order of the constants, and before what else there may be."""
        order = [one for one in self.constants if one in parts]
        return order[: order.index(part)] if part in order else order

    def left_alone(self, part: str, native: Native) -> tuple[str, ...]:
        """Arguments of a part that others set, and that a blueprint leaves as they are."""
        return ()

    def completed(self, id: str, part: str, body: Body) -> Body:
        """The body of a part with what follows from the resource's name."""
        return body

    def attribute_values(self, id: str) -> dict[str, str]:
        """What references resolve to before anything exists."""
        return {"id": relative(id), "name": short(id), "address": relative(id)}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """What only the living resource can tell."""
        return {}

    # --- translating ----------------------------------------------------------------------------------

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """Normalised values in Google's terms, without what is constant."""
        native = translated(self.fields, values)
        if values.get("name") is not None:
            native[""]["name"] = values["name"]
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """The reverse, of what was read. Secrets are not there to be read."""
        values: dict[str, Any] = {}
        secret = {p.name for p in self.model.properties if p.secret}
        for name, field in self.fields.items():
            if name in secret:
                continue
            value = get(native.get(field.part, {}), field.path)
            if name == "tags":
                values[name] = own_labels(value)
            elif value is not None:
                values[name] = field.back(value)
        if "name" in self.respelt:
            values["name"] = short(str(native[""].get("name", ""))).partition("@")[0]
        return values

    # --- reading --------------------------------------------------------------------------------------

    def read(self, source: Source, id: str) -> Native | None:
        """All parts; None when one of those that always are there is missing."""
        found: Native = {}
        for part in self.constants:
            body = source.get(self.placed(id, part)[1])
            if body is None:
                return None
            found[part] = body
        return found

    def holds(self, id: str, native: Native, wanted: Native) -> bool:
        """Whether the direct parts are there, as far as that can be seen."""
        return True

    def release(self, session: "GcpSession", id: str, native: Native, wanted: Native) -> bool:
        """Let a living resource go of what Terraform is about to take away; whether it had to. Raises GoogleError."""
        return False

    def settle(self, session: "GcpSession", id: str, native: Native) -> None:
        """Set the direct parts of a living resource; secrets are in their places. Raises GoogleError."""

    def extras(self, id: str, native: Native, wanted: Native, desired: Mapping[str, Any]) -> list[str]:
        """Full names of parts that are there and shall not be, by what is declared."""
        return []


def _filled(path: str, name: str) -> str:
    """A path with its last argument filled in; project and place are left to whoever knows them."""
    # Every region of Google's has a zone b.
    at = path.replace("{region}", "{location}").replace("{zone}", "{location}-b")
    return re.sub(r"\{(?!project\}|location\})\w+\}", name, at)
