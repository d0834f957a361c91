"""What the state manager needs from its database beside the event store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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


class Sightings(Protocol):
    """Resources that were seen once and belong to nobody: an execution that is under way may be making them."""

    def confirmed(self, shard: str, physical_ids: Sequence[str]) -> tuple[Collection[str], Sequence[Write]]:
        """Which of them were seen before and are not managed by now, and the writes that remember the others."""
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


class DeploymentShredded(Exception):
    """There was a history, and nobody can read it any more."""

    def __init__(self, namespace: str, name: str, by: str, at: datetime) -> None:
        super().__init__(f"{namespace}/{name} was shredded by {by} on {at:%Y-%m-%d}: its history cannot be read any more")


class BadCursor(ValueError):
    """The cursor was not given out by this service."""


@dataclass(frozen=True)
class Point:
    """A version (0: the newest), or a place on the time axes: when it was true and when that was known (None: now)."""

    version: int = 0
    as_of: datetime | None = None
    known_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what names a version and a time."""
        if self.version and self.timed:
            raise BadPoint(f"version {self.version}{Point(0, self.as_of, self.known_at).words}: name one of the two")

    @property
    def timed(self) -> bool:
        """Whether it is a place on the time axes."""
        return self.as_of is not None or self.known_at is not None

    @property
    def words(self) -> str:
        """As part of a sentence, with a space before it; empty for the newest version."""
        version = f" in version {self.version}" if self.version else ""
        as_of = f" as of {self.as_of:%Y-%m-%d %H:%M:%S%z}" if self.as_of else ""
        return version + as_of + (f", by what was known at {self.known_at:%Y-%m-%d %H:%M:%S%z}" if self.known_at else "")


class BadPoint(ValueError):
    """Neither a version nor a place on the time axes, or both."""


NEWEST = Point()


@dataclass(frozen=True)
class RollbackInfo:
    """The newest good version, and the newest good one whose desired state is not deployed now; 0: there is none."""

    last_known_good: int
    target: int


class StateReader(Protocol):
    """What is read of one deployment."""

    def version(self, namespace: str, name: str, at: Point = NEWEST) -> Row:
        """The version at a point. Raises StateNotFound."""
        ...

    def last_known_good(self, namespace: str, name: str) -> Row:
        """The newest version whose compliance report passed. Raises StateNotFound."""
        ...

    def ways_back(self, namespace: str, name: str) -> RollbackInfo:
        """Where a rollback could go."""
        ...

    def history(self, namespace: str, name: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """Versions, newest first, and the next cursor. Raises BadCursor."""
        ...

    def resource_history(self, namespace: str, name: str, urn: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """What happened to a resource, newest first, with its `state` and that `before`; and the next cursor.
        Raises StateNotFound, BadCursor."""
        ...

    def resources(self, version: Row, at: Point = NEWEST) -> Sequence[Row]:
        """The resources of a version, or of its deployment at a place on the time axes, by urn."""
        ...

    def urns(self, deployment_id: UUID) -> Sequence[str]:
        """Of all resources that a deployment ever had, in order."""
        ...


class BadFilter(ValueError):
    """A listing cannot be filtered or sorted like that."""


@dataclass(frozen=True)
class Filters:
    """What a row of the inventory is held to; None and empty mean that anything will do."""

    namespace: str = ""
    name: str = ""
    """Of the deployment."""
    type: str | None = None
    provider: str | None = None
    location: str | None = None
    drift: str | None = None
    """drifted, missing, in-sync, or empty: never scanned."""
    criticality: str | None = None
    state: str | None = None
    """managed, missing, unmanaged."""
    tag: str = ""
    """`key=value`, or a key alone."""


@dataclass(frozen=True)
class Counts:
    """How many rows have which value of which facet."""

    total: int
    facets: Mapping[str, Mapping[str, int]]
    exact: bool
    """Counted to the end."""


class InventoryReader(Protocol):
    """What is read over all deployments; `namespaces` are those that the caller may see, None means all."""

    def page(
        self, filters: Filters, namespaces: Sequence[str] | None, size: int = 0, cursor: str = "", sort: str = ""
    ) -> tuple[Sequence[Row], str]:
        """Resources sorted by urn, changed (newest first) or type, and the next cursor. May be shorter than asked
        for while there is a next cursor. Raises BadCursor, BadFilter."""
        ...

    def count(self, filters: Filters, namespaces: Sequence[str] | None) -> Counts:
        """How many there are. Always exact without filters but a namespace; else of a bounded number of rows."""
        ...


class PastInventoryReader(Protocol):
    """The inventory at a place on the time axes."""

    def page(
        self, at: Point, filters: Filters, namespaces: Sequence[str] | None, size: int = 0, cursor: str = ""
    ) -> tuple[Sequence[Row], str]:
        """Managed resources by urn, and the next cursor; pages as those of the present. Raises BadCursor."""
        ...


class RebuildRunning(Exception):
    """Somebody else rebuilds already."""

    def __init__(self) -> None:
        super().__init__("the read models are being rebuilt already; ask for its progress")


class Rebuilds(Protocol):
    """Rebuilds of the read models, done by whichever replica comes first."""

    def ask(self) -> str:
        """Ask for one; its id. Raises RebuildRunning."""
        ...

    def newest(self) -> Row:
        """The newest that was asked for. Raises StateNotFound."""
        ...
