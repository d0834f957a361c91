"""What this service needs of a cloud. An adapter is found under the entry point group `deployforge.providers`.

Every verb that changes something takes a token: the operation's id. Called again with the same token, after a crash
at any point, it reads what became of the first call and continues or concludes it; it never has a second effect.
All verbs raise ProviderFailure, and nothing else, for what the cloud refuses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.operation import Failure, Grant
from deployforge_mcal.domain.topology.wiring import Part, Wired
from deployforge_mcal.domain.units import (
    Change,
    CompiledUnit,
    Observed,
    Outcome,
    Problem,
    ResourceSpec,
    Scope,
    Target,
    UnitSpec,
)

WiringReader: TypeAlias = Callable[[Wired], Sequence[Part]]
"""What a resource adds to networks, from its properties."""

#: urn or None for the unit itself, native status, message
Tick = Callable[[str | None, str, str | None], None]


class ProviderFailure(Exception):
    """The cloud said no, for good or for now."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


class InvalidUnit(Exception):
    """A unit cannot be compiled."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = tuple(problems)


class TooLarge(InvalidUnit):
    """A unit cannot be compiled, and nothing is wrong with it but its size: with fewer resources it could be."""


class UnknownProvider(LookupError):
    """No adapter serves this type of provider."""

    def __init__(self, provider_type: str) -> None:
        super().__init__(f"no adapter is installed for provider type {provider_type!r}")
        self.provider_type = provider_type


@dataclass(frozen=True)
class Work:
    """One operation as an adapter sees it."""

    token: str
    scope: Scope
    deployment_id: str
    unit_name: str
    unit: CompiledUnit | None = None
    """What the unit shall be (apply), or is (correct, recreate, destroy)."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    previous: CompiledUnit | None = None
    """What the unit was before; used to prove that it was restored."""
    previous_inputs: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    retain: tuple[str, ...] = ()
    adopt: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] | None = None
    """URNs that may be replaced, because people approved that; None: any. Whoever finds that it would replace another
    fails with MORE_WOULD_CHANGE before it changes anything."""
    resumed: bool = False
    """An earlier attempt at this operation may have done something."""
    secrets: "SecretValues" = field(default_factory=lambda: NoSecrets(), compare=False, repr=False)
    """Resolves the marks in the unit and in targets; what it gives goes into calls and nowhere else."""
    hold: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    """Raises when this process may not hold the operation any more; adapters ask it right before every call that
    changes something, and let pass what it raises."""


class SecretValues(Protocol):
    """The secrets of one operation, see `application.secrets`."""

    def value(self, marked: str) -> str:
        """What a mark stands for, now."""
        ...

    def filled(self, values: Any) -> Any:
        """Values with every mark in them replaced by what it stands for."""
        ...


class NoSecrets:
    """Work that has none."""

    def value(self, marked: str) -> str:
        """There is nothing that a mark could stand for."""
        raise ProviderFailure(Failure("SECRET_UNKNOWN", "this work may not resolve secrets"))

    def filled(self, values: Any) -> Any:
        """See SecretValues."""
        return values


class Session(Protocol):
    """A short-lived credential, ready for use. What it may do is in `grant`; it never shows its secrets."""

    @property
    def grant(self) -> Grant:
        """What was issued."""
        ...


class CloudProvider(Protocol):
    """One cloud."""

    type: str

    def types(self) -> tuple[TypeDoc, ...]:
        """The unified types that this cloud supports."""
        ...

    def native_types(self) -> tuple[str, ...]:
        """Native types that can be declared as `<provider>/<native type>`."""
        ...

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """Types and properties against the cloud's own schemas. Touches nothing, needs no credential."""
        ...

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        """Translate. After success the result holds everything that `apply` needs. Raises InvalidUnit, and TooLarge where
        only the number of resources is wrong; then nothing exists. Touches nothing, needs no credential; the same spec
        gives the same result."""
        ...

    def open(self, root: Mapping[str, Any], work: Work) -> Session:
        """A credential for one operation: only this unit's services, actions and resources, 15 minutes.
        Raises ProviderFailure when the root credential is refused; then nothing was issued."""
        ...

    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> Session:
        """A credential that reads resources of these types and changes nothing. Raises ProviderFailure."""
        ...

    def preview(self, session: Session, work: Work) -> list[Change]:
        """What `apply` would do, asked of the cloud. After success and after failure nothing has changed."""
        ...

    def apply(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """Make the unit what `work.unit` says. After success every resource exists with its enforced values and
        an outcome each (also those deleted). After failure a new unit is gone; a changed one is as it was, which
        was read before `restored` is claimed."""
        ...

    def destroy(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """End the unit. After success it is gone and so are its resources, but for those in `work.retain` and
        those declared to be retained. A unit that is not there is a success. After failure some may be left."""
        ...

    def observe(self, session: Session, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """Read, in bulk where the cloud can; one answer per target in their order. Changes nothing. A resource
        that cannot be read is NOT_CHECKED with the reason; MISSING only when the cloud said so."""
        ...

    def listable(self) -> tuple[str, ...]:
        """The types of which `list_ids` can list what there is in an account and location."""
        ...

    def native_type(self, type: str) -> str:
        """What the cloud calls a type."""
        ...

    def list_ids(self, session: Session, type: str) -> list[str]:
        """The physical ids of all resources of a type that the session can see. Changes nothing. Raises
        ProviderFailure."""
        ...

    def correct(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """Put the drifted values of the targets back. After success every enforced value of every target is as
        desired, by reading. After failure some may have been put back; a missing target fails."""
        ...

    def recreate(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """Bring vanished targets back. After success they exist with their desired values and belong to the unit
        as before (a later apply or destroy works); the outcome has their new physical ids, and those of resources
        that changed because they refer to them. A target that exists is left alone. After failure the unit is as
        it was found."""
        ...

    def adopt(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """Take existing resources (`work.adopt`) into the unit without changing them. After success they belong
        to it. After failure they are as before and belong to nothing."""
        ...


@runtime_checkable
class ExaminesCredentials(Protocol):
    """The part of a CloudProvider of those that can say what a root credential lacks."""

    def examine(self, root: Mapping[str, Any], scopes: Sequence[Scope]) -> Examined:
        """Log in, and ask the cloud what the credential may not do of all that the adapter may ever do in these scopes;
        without any, what can be asked all the same. Changes nothing. Raises ProviderFailure when it cannot log in."""
        ...


@runtime_checkable
class ReadsWiring(Protocol):
    """The part of a CloudProvider of those whose native types say something of networks."""

    def wiring(self) -> Mapping[str, WiringReader]:
        """Native type, as it is declared → what reads it. Touches nothing."""
        ...


@runtime_checkable
class TellsByPreview(Protocol):
    """The part of a CloudProvider of those whose schemas do not say which changes replace a resource: whoever plans an
    update asks `preview`, and `apply` heeds `work.replaces`."""

    tells_by_preview: bool


@runtime_checkable
class FillsIn(Protocol):
    """The part of a CloudProvider of those that know what kind of value each property has: references give text."""

    def filled(self, type: str, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """Desired values with references replaced by `known["name.attribute"]`, canonical; a text with a reference that
        is not known stays, as `references.Unresolved`. Touches nothing."""
        ...


@runtime_checkable
class LimitsUnits(Protocol):
    """The part of a CloudProvider of those whose credentials can say only so much, and whose engines take only so much;
    see also TooLarge."""

    def too_many_types(self, unit: CompiledUnit) -> bool:
        """Whether one operation on the unit needs more than its credential can say exactly. Touches nothing."""
        ...

    def too_large(self, unit: CompiledUnit) -> bool:
        """Whether so little room is left that what is in the unit, and stays in it, could not grow. Touches nothing."""
        ...


class ListsNothing:
    """The part of a CloudProvider of those that cannot list what there is."""

    def listable(self) -> tuple[str, ...]:
        """See CloudProvider."""
        return ()

    def native_type(self, type: str) -> str:
        """See CloudProvider: what stands behind the name of the provider."""
        return type.rpartition("/")[2]

    def list_ids(self, session: Session, type: str) -> list[str]:
        """See CloudProvider."""
        return []
