"""What the state manager needs from its database beside the event store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from deployforge_chassis.facts import Write

from deployforge_state_manager.domain.resource import ResourceState


@dataclass(frozen=True)
class Staged:
    """One resource of an execution that is not closed yet; `state` None means removed."""

    urn: str
    state: ResourceState | None


class Staging(Protocol):
    """Resources of executions whose ExecutionVerified has not come yet."""

    def put(self, deployment_id: UUID, execution_id: str, staged: Staged) -> Write:
        """The write that keeps one resource; a second one of the same urn replaces it."""
        ...

    def take(self, execution_id: str) -> tuple[Sequence[Staged], Write]:
        """What was staged, and the write that clears it."""
        ...


class Projection(Protocol):
    """Read models: disposable, derived from events alone."""

    def writes(self, event: Any) -> Sequence[Write]:
        """The writes by which one event changes the read models."""
        ...


#: A version or a resource, opened.
Row = Mapping[str, Any]


class StateNotFound(LookupError):
    """There is no such deployment or version."""


class BadCursor(ValueError):
    """The cursor was not given out by this service."""


class StateReader(Protocol):
    """What is read for callers."""

    def version(self, namespace: str, name: str, version: int = 0) -> Row:
        """A version (0: the newest). Raises StateNotFound."""
        ...

    def last_known_good(self, namespace: str, name: str) -> Row:
        """The newest version whose compliance report passed. Raises StateNotFound."""
        ...

    def history(self, namespace: str, name: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """Versions, newest first, and the next cursor. Raises BadCursor."""
        ...

    def resources(self, version: Row) -> Sequence[Row]:
        """The resources of a version, by urn."""
        ...

    def inventory(
        self, filters: Mapping[str, str], namespaces: Sequence[str] | None, size: int, cursor: str
    ) -> tuple[Sequence[Row], str]:
        """Resources of all deployments by urn, and the next cursor; `namespaces` None means all. Raises BadCursor."""
        ...
