"""One resource through time: what it should be, where it is, and whether it has drifted."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zlib import crc32

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

_BUCKETS = 16


@dataclass(frozen=True)
class ResourceState:
    """A resource as one execution left it. Bodies are canonical JSON."""

    urn: str
    resource: str
    type: str
    native_type: str
    provider: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    unit_id: str
    unit_name: str
    physical_id: str
    desired_json: str
    actual_json: str
    attributes_json: str
    spec_json: str
    depends_on: tuple[str, ...]
    create_only_paths: tuple[str, ...]
    set_paths: tuple[str, ...]
    criticality: str
    protect: bool
    retain_on_delete: bool
    generation: int


@dataclass(frozen=True)
class Watching:
    """How a resource is watched: what the manifest's drift section says about it, and what rests on it."""

    every_seconds: int = 60
    ignore_json: str = "[]"
    severity_json: str = "[]"
    outputs: tuple[str, ...] = ()
    """Names of the deployment's outputs that refer to it, sorted."""


@dataclass(frozen=True)
class At:
    """The version of the deployment in which something became so, and when (in the clouds)."""

    version: int
    desired_version: int
    effective_at: datetime


def scan_shard(provider_type: str, account: str, location: str, deployment_id: UUID) -> str:
    """The shard in which a resource is scanned; fixed when it is first recorded."""
    return f"{provider_type}:{account}:{location}:{crc32(str(deployment_id).encode()) % _BUCKETS:02d}"


class Resource(Aggregate):
    """The history of one urn."""

    @event("Opened")
    def __init__(self, deployment_id: UUID, namespace: str, name: str, urn: str, shard: str) -> None:
        self.deployment_id = deployment_id
        self.namespace = namespace
        self.name = name
        self.urn = urn
        self.shard = shard
        self.resource_version = 0
        self.state: ResourceState | None = None
        self.watching = Watching()
        self.drift = ""
        self.effective_at: datetime | None = None

    @staticmethod
    def create_id(deployment_id: UUID, urn: str) -> UUID:
        """A deployment has one stream for each urn."""
        return uuid5(deployment_id, urn)

    def record(self, state: ResourceState, watching: Watching, at: At) -> bool:
        """Take over what was verified; False when nothing about it is new."""
        if state == self.state and watching == self.watching:
            return False
        self._recorded(
            namespace=self.namespace, name=self.name, shard=self.shard, resource_version=self.resource_version + 1,
            state=state, watching=watching, at=at,
        )  # fmt: skip
        return True

    @event("Recorded")
    def _recorded(
        self,
        namespace: str,
        name: str,
        shard: str,
        resource_version: int,
        state: ResourceState,
        watching: Watching,
        at: At,
    ) -> None:
        self.resource_version = resource_version
        self.state = state
        self.watching = watching
        self._became(at)

    def remove(self, at: At) -> bool:
        """It is gone, or no longer managed; False when it was not there."""
        if self.state is None:
            return False
        self._removed(urn=self.urn, shard=self.shard, resource_version=self.resource_version + 1, at=at)
        return True

    @event("Removed")
    def _removed(self, urn: str, shard: str, resource_version: int, at: At) -> None:
        self.resource_version = resource_version
        self.state = None
        self.drift = ""
        self._became(at)

    def _became(self, at: At) -> None:
        self.effective_at = max(self.effective_at or at.effective_at, at.effective_at)

    def note_drift(self, drift: str, since: datetime | None = None) -> bool:
        """drifted, missing or in-sync, as the drift detector saw it at `since`; False when that is known."""
        if self.state is None or drift == self.drift:
            return False
        self._drift_noted(urn=self.urn, drift=drift, since=since)
        return True

    class DriftNoted(Aggregate.Event):
        """`since` is when it was seen in the clouds; None where that was not kept yet."""

        class_version = 2
        urn: str
        drift: str
        since: datetime | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """The first kind did not say since when."""
            state["since"] = None

    @event(DriftNoted)
    def _drift_noted(self, urn: str, drift: str, since: datetime | None) -> None:
        self.drift = drift


@dataclass(frozen=True)
class Edge:
    """One resource needs another."""

    from_urn: str
    to_urn: str
    reason: str = field(default="reference")
