"""What a kind is: one unified type on one AWS type, how it is translated, read and put right.

Reading and writing speak AWS's own property names, so the native escape hatch and overlays use the same code; the
unified vocabulary is a translation on top. The vocabulary itself is the domain's; a kind knows what AWS calls it.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws import schemas
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain import normalise
from deployforge_mcal.domain.catalogue import PropertyDoc
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType
from deployforge_mcal.domain.units import Scope

#: Tags that the cloud or this system sets; nobody declares them and they are never drift.
SYSTEM_TAGS: Final = ("aws:", "deployforge:")
PROVIDER: Final = "aws"
_PATIENCE_SECONDS: Final = 780.0
_PAUSE_SECONDS: Final = 3.0


class Kind:
    """Base of all kinds; a subclass maps the vocabulary of its type and talks to its service."""

    model: ClassVar[UnifiedType]
    native_type: ClassVar[str]
    #: property → the AWS property that holds it, alone or together with others
    natives: ClassVar[Mapping[str, str]]
    #: properties of `natives` that AWS spells otherwise, so that a kind translates them itself
    respelt: ClassVar[frozenset[str]] = frozenset()
    #: attribute → how a template says it: an intrinsic, or a text with {id}, {account}, {region}, {partition}
    attributes: ClassVar[Mapping[str, Any]]
    #: native property that fixes the name; empty where AWS always chooses one
    name_property: ClassVar[str] = ""
    #: AWS properties with one value for all resources of the type, unless the overlay says otherwise
    constants: ClassVar[Mapping[str, Any]] = {}
    #: AWS properties that its schema calls create-only for some resources, and that are not for those of this type
    changeable: ClassVar[frozenset[str]] = frozenset()
    #: paths that AWS's schema calls write-only, and that are read by other means
    told_otherwise: ClassVar[frozenset[str]] = frozenset()
    native_set_paths: ClassVar[tuple[str, ...]] = ()
    #: service, operation, result and the key of the physical id in it (empty: it is the id itself) that list what there
    #: is in an account and location; None where nothing does
    listing: ClassVar[tuple[str, str, str, str] | None] = None
    #: IAM actions that reading and correcting need beyond those that AWS's schema lists
    extra_actions: ClassVar[tuple[str, ...]] = ()

    @property
    def schema(self) -> schemas.Schema:
        """AWS's schema of the native type."""
        return schemas.load(self.native_type)

    def docs(self) -> tuple[PropertyDoc, ...]:
        """The vocabulary, for people."""
        return tuple(
            PropertyDoc(
                p.name, p.json_type, p.description, p.required, self.replaces(p), self.model.providers(p.name),
                {PROVIDER: self.natives[p.name]} if p.name in self.natives else {},
            )
            for p in self.model.properties
        )  # fmt: skip

    @property
    def properties(self) -> tuple[Property, ...]:
        """The vocabulary, as far as AWS supports it."""
        return self.model.supported(PROVIDER)

    def replaces(self, prop: Property) -> bool:
        """Whether changing a property replaces the resource, by the model or AWS's schema."""
        return prop.create_only or self.natives.get(prop.name) in self.schema.create_only - self.changeable

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Unified, normalised values in AWS's terms (tags as a mapping)."""
        native: dict[str, Any] = {}
        for name, property in self.natives.items():
            if name not in self.respelt:
                put(values, name, native, property)
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """The reverse, of what `read` gives. Secrets are not there to be read."""
        values: dict[str, Any] = {}
        for prop in self.properties:
            if prop.name not in self.respelt and not prop.secret:
                put(native, self.natives[prop.name], values, prop.name)
        return values

    def canonical(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """Native values as they are compared: tags as a mapping without system tags."""
        found = dict(native)
        if "Tags" in found:
            found["Tags"] = own_tags(found["Tags"])
        return found

    def list_ids(self, session: AwsSession) -> list[str]:
        """The physical ids of all that there is; only of kinds with a listing."""
        assert self.listing is not None
        service, operation, result, key = self.listing
        return [item[key] if key else item for item in session.pages(service, operation, result)]

    def read(self, session: AwsSession, ids: Sequence[str]) -> dict[str, Any]:
        """id → canonical native values, None when missing, Unreadable otherwise; in bulk where AWS can."""
        return session.each(ids, lambda id: self.read_one(session, id))

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """One resource."""
        raise AssertionError("a kind reads")

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """Put these native properties (canonical) back on a live resource."""
        raise AssertionError("a kind writes")

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """Make a resource under a fixed name by the service's own API; its physical id."""
        raise AssertionError("only kinds with names are created directly")

    def physical_name(self, id: str) -> str:
        """The name in a physical id."""
        return id

    def identified(self, id: str, native: Mapping[str, Any]) -> str:
        """The physical id of a resource of which CloudFormation says `id`, with the properties that it has."""
        return id

    def system_tags(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """What a template must note on a resource because AWS does not give it back."""
        return {}

    def statements(self, native: Mapping[str, Any], at: Mapping[str, str]) -> list[dict[str, Any]]:
        """What deploying a resource with these template properties needs of other services; `at` has partition `p`,
        region `r` and account `a`."""
        return []

    def live_attributes(self, native: Mapping[str, Any]) -> dict[str, str]:
        """What references resolve to and only a living resource tells, of what `read` gave."""
        return {}

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """What references resolve to."""
        raise AssertionError("a kind has attributes")


def own_tags(tags: Any) -> dict[str, str]:
    """Tags as a mapping, without those of the system."""
    return {k: v for k, v in normalise.tags(tags).items() if not k.startswith(SYSTEM_TAGS)}


def as_list(tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tags as AWS mostly wants them."""
    return [{"Key": k, "Value": v} for k, v in sorted(tags.items())]


def tag_changes(wanted: Mapping[str, str], live: Mapping[str, str]) -> dict[str, str]:
    """Tags to set. Tags that nobody declared are left alone."""
    return {k: v for k, v in wanted.items() if live.get(k) != v}


def awaited(done: Callable[[], bool]) -> None:
    """Ask until it is done, or until the time is over that a credential leaves; whoever reads then says what is not."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not done() and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)


def put(
    source: Mapping[str, Any], name: str, target: dict[str, Any], native: str, change: Callable[[Any], Any] = lambda v: v
) -> None:
    """Copy a value under another name, if there is one."""
    if source.get(name) is not None:
        target[native] = change(source[name])


def chunks(ids: Iterable[str], size: int) -> Iterable[list[str]]:
    """Lists of at most `size`."""
    wanted = list(dict.fromkeys(ids))
    return (wanted[i : i + size] for i in range(0, len(wanted), size))


def partition(region: str) -> str:
    """The AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def arn(service: str, scope: Scope, resource: str, *, regional: bool = True) -> str:
    """An ARN in a scope."""
    region = scope.location if regional else ""
    return f"arn:{partition(scope.location)}:{service}:{region}:{scope.account}:{resource}"
