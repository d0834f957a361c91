"""What the healer needs from elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from deployforge_chassis.facts import Write

from deployforge_healer.domain.incident import Decision, Incident


class ProposalRefused(Exception):
    """The control plane will not take the proposal; asking again would not help."""


class DamagedHistory(Exception):
    """What the state manager knows of a deployment is not what was recorded; asking again would not help."""


class Histories(Protocol):
    """The state manager."""

    def vouch(self, namespace: str, name: str) -> None:
        """Return when the deployment's history is whole. Raises DamagedHistory, or whatever may pass."""
        ...


class Proposals(Protocol):
    """The control plane."""

    def propose(self, incident: Incident, decision: Decision) -> None:
        """Propose a remedy; the same request twice is one. Raises ProposalRefused, or whatever may pass."""
        ...


class BadCursor(ValueError):
    """The cursor was not given out by this service."""


class Ledger(Protocol):
    """Read models: incidents, proposals and past heals."""

    def writes(self, incident: Incident, events: Sequence[Any]) -> Sequence[Write]:
        """The writes by which new events change the read models."""
        ...

    def incident_of(self, request_id: str) -> UUID | None:
        """Whose proposal a request is."""
        ...

    def healed_at(self, urn: str, paths: Sequence[str], since: datetime) -> Sequence[datetime]:
        """When the same attributes were healed."""
        ...

    def healings(self, deployment_id: UUID, since: datetime) -> int:
        """Remedies chosen in the deployment."""
        ...

    def open_healings(self, deployment_id: UUID, but: UUID) -> int:
        """Other incidents of the deployment that are being healed."""
        ...

    def drifted(self, deployment_id: UUID, since: datetime) -> int:
        """Resources of the deployment of which an incident was opened."""
        ...

    def waiting(self, deployment_id: UUID, at_most: int) -> Sequence[UUID]:
        """Incidents of the deployment that nothing is being done about, oldest first."""
        ...

    def page(
        self, namespace: str, name: str, namespaces: Sequence[str] | None, open_only: bool, size: int, cursor: str
    ) -> tuple[list[UUID], str]:
        """Incident ids, newest first, and the next cursor. Raises BadCursor."""
        ...
