"""What callers are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from deployforge_drift_detector.domain.baseline import Baseline
from deployforge_drift_detector.domain.baseline_score import Score
from deployforge_drift_detector.domain.finding import Attribute
from deployforge_drift_detector.domain.impact import Impact
from deployforge_drift_detector.domain.noise import Group, NoisyAttribute


class DriftNotFound(LookupError):
    """No drift has this id."""

    def __init__(self, drift_id: str) -> None:
        super().__init__(f"there is no drift {drift_id[:60]!r}")


class NothingToScan(LookupError):
    """The deployment has no resources that could be scanned."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"{namespace}/{name} has no deployed resources")


class NothingLearned(LookupError):
    """The resource has never drifted since it is there, or there is no such resource."""

    def __init__(self, namespace: str, name: str, resource: str) -> None:
        super().__init__(f"nothing is known of {resource[:63]!r} in {namespace}/{name}: it has not drifted yet")


class NotDesired(LookupError):
    """No deployment has this resource."""

    def __init__(self, urn: str) -> None:
        super().__init__(f"there is no deployed resource {urn[:200]!r}")


class BadCursor(ValueError):
    """A cursor that no listing gave out."""

    def __init__(self) -> None:
        super().__init__("the cursor is not one that a listing gave out")


@dataclass(frozen=True)
class DriftView:
    """One episode of drift of one resource."""

    drift_id: UUID
    urn: str
    deployment_id: UUID
    namespace: str
    name: str
    type: str
    kind: str
    episode: int
    severity: str
    rule: str
    attributes: tuple[Attribute, ...]
    impact: tuple[Impact, ...]
    detected_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    desired_version: int
    physical_id: str
    affected: int = 0
    """How many are downstream in all."""
    outputs: tuple[str, ...] = ()
    """Those that break, as `deployment.output`."""

    @property
    def state(self) -> str:
        """`open` or `resolved`."""
        return "open" if self.resolved_at is None else "resolved"


@dataclass(frozen=True)
class Page:
    """Some rows and where the next ones begin; an empty cursor means that there are none."""

    views: tuple[DriftView, ...]
    next_cursor: str


@dataclass(frozen=True)
class ShardCoverage:
    """What came of looking at a shard."""

    shard: str
    scan_id: str
    """Of the newest scan; empty when there was none."""
    at: datetime | None
    checked: int
    """As desired."""
    drifted: int
    not_checked: tuple[tuple[str, str], ...]
    """(urn, why)."""


@dataclass(frozen=True)
class BaselineView:
    """What is usual of one resource, and how unusual its last change was."""

    urn: str
    deployment_id: UUID
    namespace: str
    name: str
    type: str
    baseline: Baseline = field(default_factory=Baseline)
    score: Score = field(default_factory=lambda: Score(0.0, ()))
    """Of the last change, against what was usual before it."""
    at: datetime | None = None
    """When that change was observed."""

    def then(self, baseline: Baseline, score: Score, at: datetime | None) -> "BaselineView":
        """The same resource later."""
        return replace(self, baseline=baseline, score=score, at=at)


@dataclass(frozen=True)
class NoiseReport:
    """What drifted again and again, and together."""

    attributes: Sequence[NoisyAttribute]
    groups: Sequence[Group]
    drifts: int
    """How many it is made of."""
