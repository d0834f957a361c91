"""What was found of one type in one account and location, and belongs to no deployment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event


@dataclass(frozen=True)
class Stray:
    """A resource that nobody here has deployed."""

    physical_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A part of a listing: complete for the physical ids after `after`, up to and including `upto` (None: the end)."""

    after: str
    upto: str | None

    def covers(self, physical_id: str) -> bool:
        """Whether a resource would have been in it."""
        return physical_id > self.after and (self.upto is None or physical_id <= self.upto)


class Account(Aggregate):
    """One type of one account and location. Its events are sealed by a key of its own."""

    @event("Opened")
    def __init__(
        self, deployment_id: UUID, provider_type: str, account: str, location: str, type: str, native_type: str
    ) -> None:
        self.deployment_id = deployment_id
        self.provider_type = provider_type
        self.account = account
        self.location = location
        self.type = type
        self.native_type = native_type
        self.strays: dict[str, Mapping[str, str]] = {}

    @staticmethod
    def create_id(deployment_id: UUID) -> UUID:
        """Its own."""
        return deployment_id

    @staticmethod
    def id_of(shard: str) -> UUID:
        """Of the account, location and type that a shard names."""
        return uuid5(NAMESPACE_URL, f"deployforge:account:{shard}")

    def listed(self, strays: Sequence[Stray], part: Part, at: datetime) -> None:
        """Part of a listing found these; what is new of it, has other tags, or is gone, becomes an event."""
        there = {s.physical_id: s for s in strays}
        found = tuple(s for id, s in sorted(there.items()) if self.strays.get(id) != s.tags)
        gone = tuple(sorted(id for id in self.strays.keys() - there.keys() if part.covers(id)))
        if found or gone:
            self._changed(
                provider_type=self.provider_type, account=self.account, location=self.location, type=self.type,
                native_type=self.native_type, found=found, gone=gone, at=at,
            )  # fmt: skip

    @event("Changed")
    def _changed(
        self,
        provider_type: str,
        account: str,
        location: str,
        type: str,
        native_type: str,
        found: tuple[Stray, ...],
        gone: tuple[str, ...],
        at: datetime,
    ) -> None:
        self.strays.update({s.physical_id: s.tags for s in found})
        for id in gone:
            del self.strays[id]
