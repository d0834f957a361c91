"""The wish to have everything that is kept of a deployment made unreadable."""

from datetime import datetime
from uuid import UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_control_plane.domain.refusals import Refusal


class StillRunning(Refusal):
    """Something of the deployment is being executed."""

    def __init__(self, namespace: str, name: str, request_id: UUID) -> None:
        super().__init__(f"request {request_id} of {namespace}/{name} is being executed; cancel it or wait for its end")


class StillDeployed(Refusal):
    """Resources would be left that nobody knows of any more."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(
            f"{namespace}/{name} is deployed; destroy it first, or force it: its resources then stay, and nobody "
            "takes care of them"
        )


class DeploymentShredded(Refusal):
    """The name stood for a deployment that was shredded; nothing is kept under it again."""

    def __init__(self, namespace: str, name: str, by: str, at: datetime) -> None:
        super().__init__(f"{namespace}/{name} was shredded by {by} on {at:%Y-%m-%d}; choose another name")


class Shredding(Aggregate):
    """Sealed for nobody (`deployment_id`): it must be readable when the keys of the deployment (`of`) are gone."""

    @event("Requested")
    def __init__(
        self,
        deployment_id: UUID,
        of: UUID,
        request_id: UUID,
        namespace: str,
        name: str,
        by: str,
        forced: bool,
        at: datetime,
    ) -> None:
        self.deployment_id = deployment_id
        self.of = of
        self.request_id = request_id
        self.namespace, self.name = namespace, name
        self.by = by
        self.forced = forced
        self.at = at

    @staticmethod
    def create_id(of: UUID, **_: object) -> UUID:
        """A deployment is shredded once."""
        return uuid5(of, "shredding")
