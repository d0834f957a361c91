"""What the application needs from outside, by need."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from deployforge_chassis.facts import Record, Write
from deployforge_chassis.principal import Principal

from deployforge_control_plane.application.views import AuditRecord, Entry, Page, RequestView, Scope, TokenView
from deployforge_control_plane.domain.compliance import Verified
from deployforge_control_plane.domain.judge import Deployed
from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.values import Change, PlanProblem, RequestState

Says = Callable[[Any], Sequence[Record]]
"""What this service publishes because of one of its domain events."""


class Requests(Protocol):
    """Requests as readers see them."""

    def put(self, request: Request) -> Write:
        """Show the request as it is now."""
        ...

    def find(self, request_id: UUID) -> RequestView | None: ...

    def known(self, deployment_id: UUID) -> bool:
        """Whether anybody ever asked for that deployment."""
        ...

    def running(self, deployment_id: UUID) -> Sequence[UUID]:
        """Requests of the deployment that are approved or being executed."""
        ...

    def page(self, scope: Scope, state: RequestState | None, latest_only: bool, size: int, cursor: str) -> Page:
        """Newest first. `latest_only`: one per deployment, the newest that the healer did not make."""
        ...


class Timeline(Protocol):
    """Everything that happened, in the order in which it became visible."""

    def append(self, entry: Entry) -> Write: ...

    def after(self, position: int, scope: Scope, limit: int) -> Sequence[Entry]: ...

    def newest(self) -> int:
        """The highest position; 0 when there is none."""
        ...


class DeployedStore(Protocol):
    """What is deployed, as the state manager last said."""

    def get(self, deployment_id: UUID) -> Deployed | None: ...

    def put(self, deployment_id: UUID, version: int, deployed: Deployed | None) -> Write:
        """Replace what an older version said; None when nothing is deployed any more."""
        ...


class Whereabouts(Protocol):
    """To which namespace an id of a plan, an execution, a drift or an incident belongs."""

    def put(self, id: str, namespace: str) -> Write: ...

    def namespace(self, id: str) -> str | None: ...


class AuditLog(Protocol):
    """An append-only chain of records."""

    def append(self, record: AuditRecord) -> Write:
        """Takes its place in the chain when its transaction commits."""
        ...

    def page(self, scope: Scope, actor: str, size: int, cursor: str) -> Page: ...


class Tokens(Protocol):
    """API tokens, of which only hashes are kept."""

    def add(self, token: TokenView, token_hash: str) -> Write: ...

    def revoke(self, token_id: str, at: datetime) -> Write: ...

    def find(self, token_id: str) -> TokenView | None: ...

    def of_hash(self, token_hash: str) -> Principal | None:
        """Whose token this is; None for one that is unknown or revoked."""
        ...

    def all(self) -> Sequence[TokenView]: ...


class TypeChecker(Protocol):
    """What the clouds' own schemas say of declared types and properties."""

    def problems(self, manifest: Mapping[str, Any]) -> Sequence[PlanProblem]:
        """What is wrong in a canonical manifest; nothing also when nobody can say at the moment."""
        ...


class Meter(Protocol):
    """Counts what operators want to see."""

    def turned_away(self, outcome: str) -> None:
        """A call was denied or refused."""
        ...

    def reading(self, size_bytes: int) -> AbstractContextManager[None]:
        """Within the block a manifest of this size is read."""
        ...


class PlanReader(Protocol):
    """Plans, in the service that drafts them."""

    def changes(self, plan_id: str) -> Sequence[Change]: ...


class VerifiedReader(Protocol):
    """What verification read back."""

    def verified(self, execution_id: str) -> Iterable[Verified]: ...
