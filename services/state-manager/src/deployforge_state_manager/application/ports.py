"""What the state manager needs from its database beside the event store."""

from collections.abc import Sequence
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
