"""One execution at a time for each deployment."""

from uuid import UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_orchestrator.domain.refusals import DeploymentBusy


class Lane(Aggregate):
    """Who executes; and which desired version must be remembered before the next one may."""

    @event("Built")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id
        self.execution_id = ""
        self.desired_version = 0

    @staticmethod
    def create_id(deployment_id: UUID) -> UUID:
        """A deployment has one lane."""
        return uuid5(deployment_id, "lane")

    def enter(self, execution_id: str) -> None:
        """Raises DeploymentBusy while another execution runs."""
        if self.execution_id == execution_id:
            return
        if self.execution_id:
            raise DeploymentBusy(f"execution {self.execution_id} is running")
        self._entered(execution_id=execution_id)

    @event("Entered")
    def _entered(self, execution_id: str) -> None:
        self.execution_id = execution_id

    def leave(self, execution_id: str, desired_version: int) -> None:
        """The execution has ended; `desired_version` is what it makes (0: it changed nothing that is desired)."""
        if self.execution_id == execution_id:
            self._left(desired_version=max(desired_version, self.desired_version))

    @event("Left")
    def _left(self, desired_version: int) -> None:
        self.execution_id = ""
        self.desired_version = desired_version
