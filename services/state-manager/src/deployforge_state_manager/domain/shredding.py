"""That a deployment was shredded: all that is still known of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event


@dataclass(frozen=True)
class Gone:
    """A resource whose upserts are tombstoned."""

    urn: str
    shard: str
    resource_version: int


class Shredding(Aggregate):
    """Sealed for nobody (`deployment_id`): it must be readable when the keys of the deployment (`of`) are gone."""

    @event("Shredded")
    def __init__(
        self,
        deployment_id: UUID,
        of: UUID,
        request_id: str,
        namespace: str,
        name: str,
        by: str,
        at: datetime,
        gone: tuple[Gone, ...],
    ) -> None:
        self.deployment_id = deployment_id
        self.of = of
        self.request_id = request_id
        self.namespace, self.name = namespace, name
        self.by, self.at = by, at
        self.gone = gone

    @staticmethod
    def create_id(of: UUID, **_: object) -> UUID:
        """A deployment is shredded once."""
        return uuid5(of, "shredding")
