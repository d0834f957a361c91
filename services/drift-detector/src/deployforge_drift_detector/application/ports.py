"""What the application needs from outside. Methods that return a Write change nothing until it is committed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.hiding import Hiding
from deployforge_drift_detector.application.looks import Look
from deployforge_drift_detector.application.views import BaselineView, DriftView, Page
from deployforge_drift_detector.domain.actor import Actor
from deployforge_drift_detector.domain.anomaly import Anomaly, Opinion
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.drift import Drift
from deployforge_drift_detector.domain.graph import Reached
from deployforge_drift_detector.domain.priority import Wishes


class DesiredStates(Protocol):
    """What everything should be, in memory; complete before anything is judged."""

    def get(self, urn: str) -> Desired | None: ...

    def of_deployment(self, deployment_id: UUID) -> Sequence[Desired]: ...

    def named(self, namespace: str, name: str) -> Sequence[Desired]:
        """No namespace means all, no name means all of the namespace."""
        ...

    def reach(self, urn: str) -> Reached:
        """What is downstream of a resource; notable are those of high criticality and those that outputs are made of."""
        ...

    def held_under(self, names: Collection[str]) -> Sequence[Desired]:
        """Those whose physical ids are among these, as `cloud_events.spelling` has them."""
        ...

    def of_shard(self, shard: str) -> tuple[int, Sequence[Desired]]:
        """Its revision, which changes whenever one of the others does, and its resources."""
        ...

    def revision(self, shard: str) -> int:
        """See of_shard."""
        ...

    def shards(self) -> Mapping[str, Wishes]:
        """Every shard that has resources, with what these want."""
        ...


class CheckState(StrEnum):
    """What came of one observation."""

    CHECKED = "checked"
    DRIFTED = "drifted"
    NOT_CHECKED = "not-checked"


class Looks(Protocol):
    """What is kept of checks, by shard."""

    def of(self, shards: Collection[str]) -> Mapping[str, Look]: ...

    def put(self, look: Look) -> Sequence[Write]:
        """An older one never replaces a newer one."""
        ...

    def forget_but(self, shards: Collection[str]) -> Sequence[Write]:
        """Keep only these."""
        ...


class Hidings(Protocol):
    """What ignore rules hide, by shard."""

    def of(self, shards: Collection[str]) -> Sequence[Hiding]: ...

    def put(self, shard: str, changed: Mapping[str, Collection[Hiding]]) -> Sequence[Write]:
        """urn → all that is to be kept of it."""
        ...

    def forget(self, urn: str) -> Write: ...


class Drifts(Protocol):
    """Drift records for readers."""

    def open(self, urns: Collection[str]) -> Mapping[str, str]:
        """urn → fingerprint of the open drifts among these."""
        ...

    def open_urns(self) -> Sequence[str]: ...

    def put(self, *drifts: Drift) -> Write:
        """The current episode of each as it is now."""
        ...

    def seen(self, times: Mapping[str, datetime]) -> Write:
        """urn → when its open drift was seen again."""
        ...

    def find(self, drift_id: UUID) -> DriftView | None: ...

    def page(self, namespace: str, name: str, *, open_only: bool, size: int, cursor: str) -> Page:
        """Newest first; no namespace means all, no name means all of the namespace. Raises BadCursor."""
        ...


@dataclass(frozen=True)
class Changing:
    """What executions do to a deployment."""

    urns: frozenset[str]
    """Resources inside running executions."""
    unverified_since: datetime | None
    """When the last execution ended, if it ended in any other way than verified and none runs."""


class Executions(Protocol):
    """Which executions run, and how the last one ended."""

    def unsettled(self) -> Mapping[UUID, Changing]:
        """Of the deployments where something runs, or ended without being verified."""
        ...

    def started(self, deployment_id: UUID, execution_id: str, urns: Collection[str], at: datetime) -> Sequence[Write]: ...

    def ended(self, execution_id: str, *, verified: bool, at: datetime) -> Write: ...


@dataclass(frozen=True)
class Scanned:
    """When a shard was last to be scanned."""

    sequence: int
    """Of its last scan, whatever the cause; 0 for none."""
    whole_at: datetime | None
    """When all of it was last asked for."""


@dataclass(frozen=True)
class Doubt:
    """An answer that does not count before a second read."""

    urn: str
    shard: str
    observed_at: datetime


class Schedule(Protocol):
    """What was asked for, and what is to be asked for soon."""

    def scanned(self) -> Mapping[str, Scanned]: ...

    def asked(self, shard: str) -> int:
        """The sequence of the last scan that was asked for; 0 for none."""
        ...

    def put(self, shard: str, sequence: int, whole_at: datetime | None) -> Write:
        """`whole_at` None leaves it as it is."""
        ...

    def recheck(self, deployment_id: UUID, at: datetime) -> Write:
        """Look at a deployment again at that time, or earlier if that was wanted already."""
        ...

    def rechecks(self, now: datetime) -> Sequence[tuple[UUID, datetime]]:
        """Those due."""
        ...

    def rechecked(self, deployment_id: UUID, at: datetime) -> Write:
        """Done; one that was asked for since stays."""
        ...

    def doubt(self, doubts: Sequence[Doubt], now: datetime, due_at: datetime) -> Write:
        """These wait for a second read, to be asked for at that time; those that wait already stay as they are."""
        ...

    def doubts(self, shard: str) -> Mapping[str, datetime]:
        """urn → when that was observed which waits for a second read."""
        ...

    def due(self, now: datetime) -> Sequence[Doubt]:
        """Those to ask a second read for."""
        ...

    def asked_again(self, now: datetime, window: timedelta) -> Write:
        """Asked for all that are due. Each is due again when it has waited twice as long, while `window` lasts."""
        ...

    def settled(self, urns: Collection[str]) -> Write:
        """These wait no more."""
        ...


class Baselines(Protocol):
    """What is usual of each resource that ever drifted."""

    def position(self, name: str) -> int:
        """The id of the last event that was learned from; 0 for none."""
        ...

    def of(self, urns: Collection[str]) -> Mapping[str, BaselineView]:
        """Of those among these that have one."""
        ...

    def put(self, views: Sequence[BaselineView]) -> Sequence[Write]: ...

    def forget(self, urn: str) -> Write: ...

    def page(self, namespace: str, name: str, *, after: str, size: int) -> Sequence[BaselineView]:
        """Of one deployment, by urn, those beyond `after`."""
        ...


class Anomalies(Protocol):
    """What every drift is thought to be."""

    def put(self, anomalies: Sequence[Anomaly]) -> Sequence[Write]: ...

    def of(self, drift_ids: Collection[UUID]) -> Mapping[UUID, Opinion]:
        """The newest opinion of those among these that have one."""
        ...


@dataclass(frozen=True)
class Deed:
    """Somebody changed a resource, as a cloud told."""

    urn: str
    deployment_id: UUID
    actor: Actor
    at: datetime


class Deeds(Protocol):
    """The last deed of each resource."""

    def put(self, deeds: Sequence[Deed]) -> Sequence[Write]:
        """An older one never replaces a newer one."""
        ...

    def of(self, urns: Collection[str]) -> Mapping[str, Deed]: ...

    def forget(self, urn: str) -> Write: ...


@dataclass(frozen=True)
class Stores:
    """All tables."""

    drifts: Drifts
    looks: Looks
    hidings: Hidings
    executions: Executions
    schedule: Schedule
    baselines: Baselines
    deeds: Deeds
    anomalies: Anomalies
