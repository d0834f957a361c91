"""What a resource should be, as far as drift is concerned."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from deployforge_drift_detector.domain.compare import ambiguous
from deployforge_drift_detector.domain.rules import IgnoreRule, PolicyRule, SeverityRule


@dataclass(frozen=True)
class Reference:
    """A declared property that takes its value, or a part of it, from another resource."""

    path: str
    urn: str
    attribute: str


@dataclass(frozen=True)
class Desired:
    """One resource's newest desired state."""

    urn: str
    deployment_id: UUID
    namespace: str
    name: str
    version: int
    """Of this resource; grows with everything that is said about it, rules included."""
    desired_version: int
    shard: str
    every_seconds: int
    resource: str
    type: str
    physical_id: str
    criticality: str
    generation: int
    properties: dict[str, Any]
    set_paths: frozenset[str] = frozenset()
    depends_on: tuple[str, ...] = ()
    ignore: tuple[IgnoreRule, ...] = ()
    severity: tuple[SeverityRule, ...] = field(default=())
    policy: tuple[PolicyRule, ...] = ()
    """Those that concern this resource."""
    references: tuple[Reference, ...] = ()
    outputs: tuple[str, ...] = ()
    """Names of its deployment's outputs that are made of it."""

    ambiguous: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """See compare.agrees_at_a_glance."""

    def __post_init__(self) -> None:
        # Of a million resources there are some dozen kinds.
        object.__setattr__(self, "ambiguous", _shared(ambiguous(self.properties)))

    def ignoring(self, now: datetime) -> tuple[IgnoreRule, ...]:
        """The ignore rules that hold now."""
        return tuple(rule for rule in self.ignore if rule.active(now))


@lru_cache(maxsize=4096)
def _shared(keys: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for all that are equal."""
    return keys
