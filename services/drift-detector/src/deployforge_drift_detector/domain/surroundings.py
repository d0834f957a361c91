"""What else drifts at the time: many at once, or the same in many places, tells another story than one alone."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

_MINUTE: Final = 60
_WHILE: Final = 600
_AT_MOST: Final = 50_000
"""Sightings that are remembered; in a storm that is larger the rest is not counted."""

_Kind = tuple[str, frozenset[str]]


@dataclass(frozen=True)
class Around:
    """Of one drift, without itself."""

    together: int = 0
    """Other resources of its deployment in the same minute, the one before or the one after."""
    alike: int = 0
    """Others of its type that moved in the same attributes in these ten minutes or the ten before, in any deployment."""
    foreign: int = 0
    """Other deployments among these."""


@dataclass(frozen=True)
class Sighting:
    """One drift as others see it."""

    at: datetime
    urn: str
    deployment_id: UUID
    type: str
    paths: frozenset[str]

    @property
    def kind(self) -> _Kind:
        """Equal for what drifts alike."""
        return self.type, self.paths


class Surroundings:
    """Counts by the clock, so that one of thousands at once costs no more than one alone. Of the newest half hour."""

    def __init__(self) -> None:
        self._together: dict[int, dict[UUID, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._alike: dict[int, dict[_Kind, dict[str, UUID]]] = defaultdict(lambda: defaultdict(dict))
        self._deployments: dict[int, dict[_Kind, set[UUID]]] = defaultdict(lambda: defaultdict(set))
        self._newest = self._count = 0

    def add(self, sighting: Sighting) -> None:
        """One more."""
        minute, while_ = _clock(sighting.at)
        if while_ > self._newest:
            self._forget(while_)
        if self._count >= _AT_MOST or while_ < self._newest - 1:
            return
        self._count += 1
        self._together[minute][sighting.deployment_id].add(sighting.urn)
        self._alike[while_][sighting.kind][sighting.urn] = sighting.deployment_id
        self._deployments[while_][sighting.kind].add(sighting.deployment_id)

    def around(self, of: Sighting) -> Around:
        """What is near one of them."""
        minute, while_ = _clock(of.at)
        near = [self._together[at][of.deployment_id] for at in range(minute - 1, minute + 2) if at in self._together]
        same = [self._alike[at][of.kind] for at in (while_ - 1, while_) if at in self._alike]
        where = [self._deployments[at][of.kind] for at in (while_ - 1, while_) if at in self._deployments]
        return Around(
            sum(len(urns) - (of.urn in urns) for urns in near),
            sum(len(urns) - (of.urn in urns) for urns in same),
            len(set().union(*where) - {of.deployment_id}),
        )

    def _forget(self, while_: int) -> None:
        self._newest = while_
        for counts, oldest in ((self._together, (while_ - 2) * _WHILE // _MINUTE), (self._alike, while_ - 2),
                               (self._deployments, while_ - 2)):  # fmt: skip
            for at in [at for at in counts if at < oldest]:
                del counts[at]
        self._count = sum(len(urns) for kinds in self._alike.values() for urns in kinds.values())


def _clock(at: datetime) -> tuple[int, int]:
    seconds = int(at.timestamp())
    return seconds // _MINUTE, seconds // _WHILE
