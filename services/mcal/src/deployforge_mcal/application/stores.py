"""What this service needs beside the clouds: what it keeps, and where it says what may be lost."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from deployforge_chassis.facts import Write

from deployforge_mcal.application.messages import DesiredState
from deployforge_mcal.domain.topology.addressing import Claim
from deployforge_mcal.domain.topology.wiring import Wired
from deployforge_mcal.domain.units import Scope


class RootCredentials(Protocol):
    """Sealed root credentials."""

    def get(self, name: str) -> Mapping[str, Any]:
        """Raises CredentialUnknown."""
        ...


class CredentialUnknown(LookupError):
    """No root credential of that name is stored."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no credential is called {name!r}")
        self.name = name


@dataclass(frozen=True)
class StoredCredential:
    """What may be told of a root credential."""

    name: str
    type: str
    changed_at: datetime


class RootVault(RootCredentials, Protocol):
    """Root credentials that can be stored and listed, but read by this service only."""

    def put(self, name: str, type: str, secret: Mapping[str, Any]) -> None:
        """Seal a credential and replace the one of that name."""
        ...

    def stored(self) -> list[StoredCredential]:
        """All of them, by name."""
        ...

    def remove(self, name: str) -> bool:
        """Forget a credential; False when there is none of that name."""
        ...


class NotForUs(Exception):
    """A sealed credential cannot be opened: it was sealed to another key, or for another name or type."""

    def __init__(self, name: str) -> None:
        super().__init__(f"credential {name} was not sealed to the key of now for this name and type; seal it again")
        self.name = name


@dataclass(frozen=True)
class SignedKey:
    """The public half of the letterbox's key pair, with who vouches for it."""

    public: bytes
    """X25519, 32 bytes."""
    signature: bytes
    certificates: bytes
    """PEM; the first is this service's."""


class Letterbox(Protocol):
    """A key pair that credentials are sealed to on their way here."""

    def key(self) -> SignedKey:
        """What to seal to."""
        ...

    def opened(self, name: str, type: str, sealed: bytes) -> bytes:
        """What was sealed for that name and type. Raises NotForUs."""
        ...


class ClaimTable(Protocol):
    """All claims on addresses, while nobody else looks at them."""

    def all(self) -> list[Claim]:
        """Those of all deployments."""
        ...

    def keep(self, claims: Iterable[Claim]) -> None:
        """Add claims, or renew them."""
        ...


class Claims(Protocol):
    """Which network has which addresses."""

    def all(self) -> list[Claim]:
        """Those of all deployments."""
        ...

    def all_to_itself(self) -> AbstractContextManager[ClaimTable]:
        """Within the block, one transaction, nobody else gives addresses."""
        ...

    def free(self, urns: Sequence[str]) -> list[Write]:
        """These resources are gone."""
        ...

    def only(self, ranges: Mapping[str, Sequence[str]]) -> list[Write]:
        """Each of these resources has these ranges, and no others any more."""
        ...

    def unused(self, urns: Sequence[str]) -> list[Write]:
        """Nothing is left of these resources; their ranges are only planned again."""
        ...


class Wiring(Protocol):
    """The resources that networks are made of."""

    def put(self, deployment_id: str, version: int, resource: Wired) -> Write:
        """Keep a resource unless a newer version is known."""
        ...

    def drop(self, urn: str) -> Write:
        """A resource is gone."""
        ...

    def all(self) -> list[Wired]:
        """Those of all deployments that can still be read."""
        ...


class Index(Protocol):
    """Which resources a shard has, and the generation of each unit."""

    def put(self, resource: DesiredState) -> Write:
        """Keep a resource unless a newer version is known."""
        ...

    def drop(self, urn: str) -> Write:
        """A resource is gone."""
        ...

    def of_shard(self, shard: str, urns: Sequence[str]) -> list[DesiredState]:
        """The resources of a shard; of those named only, if any are."""
        ...

    def turn(self, deployment_id: str, unit_id: str, generation: int) -> Write:
        """A unit has a new generation."""
        ...

    def generations(self, units: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """(deployment id, unit id) → generation; 0 for a unit that was never changed. Odd: being changed."""
        ...

    def managed(self, scope: Scope) -> set[str]:
        """The physical ids of all that deployments own in an account and location."""
        ...

    def users(self) -> dict[str, set[str]]:
        """Credential → the deployments, `namespace/name`, that have resources under it."""
        ...

    def places(self, credential: str) -> list[Scope]:
        """Where deployments have resources under a credential."""
        ...

    def may_list(self, scope: Scope, every_seconds: float) -> bool:
        """Whether the account and location was not listed for so long; then it counts as listed now, for everybody."""
        ...

    def forget_scans(self) -> Write:
        """Drop finished scans; what they found has long been said."""
        ...


class Telemetry(Protocol):
    """Messages that may be lost."""

    def try_send(self, topic: str, key: str, fact: str, value: Mapping[str, Any]) -> None:
        """Send; a failure is only logged."""
        ...
