"""A scan that was asked for. One aggregate each, named by shard and sequence: a shard is scanned for years, and
nobody should have to replay all of that to ask for one more. Two who take the same sequence collide on the id.
"""

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from deployforge_chassis.sealing import NOBODY
from eventsourcing.domain import event

CAUSES: Final = ("schedule", "demand", "event", "recheck", "confirm")


class UnknownCause(ValueError):
    """A scan has one of five causes."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause!r} is no cause of a scan; there are {', '.join(CAUSES)}")
        self.cause = cause


class Scan(Aggregate):
    """The wish that a shard, or some resources of it, be observed."""

    class Requested(Aggregate.Created):
        shard: str
        sequence: int
        urns: tuple[str, ...]
        cause: str
        requested_at: datetime

    @staticmethod
    def create_id(shard: str, sequence: int) -> UUID:
        return uuid5(NAMESPACE_URL, f"deployforge:scan:{shard}#{sequence}")

    @event(Requested)
    def __init__(
        self, deployment_id: UUID, shard: str, sequence: int, urns: tuple[str, ...], cause: str,
        requested_at: datetime,
    ) -> None:  # fmt: skip
        self.deployment_id = deployment_id
        self.shard, self.sequence, self.urns, self.cause = shard, sequence, urns, cause
        self.requested_at = requested_at

    @classmethod
    def request(cls, shard: str, sequence: int, urns: tuple[str, ...], cause: str, now: datetime) -> "Scan":
        """Ask for the scan `sequence` of a shard; no urns means all of it. Raises UnknownCause."""
        if cause not in CAUSES:
            raise UnknownCause(cause)
        return cls(NOBODY, shard, sequence, tuple(sorted(urns)), cause, now)
