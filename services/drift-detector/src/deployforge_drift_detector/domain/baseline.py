"""What is usual of one resource: how often and when it changes, which of its attributes, by whom, and to which numbers.

Streaming and bounded: a change is taken in once and then forgotten. Kept are numbers, times and digests, never a value
that is text. Of an attribute these are at most 16 gaps and 64 numbers of 8 bytes, with its rhythm about 700 bytes and
its path; of a resource 64 attributes, 16 actors, 168 counts and 8 episodes, the least recently changed give way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from deployforge_drift_detector.domain.robust import Series

GAPS: Final = 16
ATTRIBUTES: Final = 64
ACTORS: Final = 16
EPISODES: Final = 8
HOURS: Final = 168
_COUNTED: Final = 1024
"""When so many changes are counted by hour of the week, all counts are halved, so that old habits fade."""


@dataclass(frozen=True)
class Rhythm:
    """How often something changes."""

    changes: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    gaps: tuple[float, ...] = ()
    """Seconds between the newest changes, oldest first."""

    def gap(self, at: datetime) -> float | None:
        """Seconds since the last change; None before the second."""
        return None if self.last_at is None else max(0.0, (at - self.last_at).total_seconds())

    def then(self, at: datetime) -> "Rhythm":
        """After one more change."""
        gap = self.gap(at)
        gaps = self.gaps if gap is None else (*self.gaps, gap)[-GAPS:]
        return Rhythm(self.changes + 1, self.first_at or at, max(at, self.last_at or at), gaps)


@dataclass(frozen=True)
class Moved:
    """One attribute that changed."""

    path: str
    digest: str
    """Of the value that it has now."""
    expected: float | None = None
    actual: float | None = None
    """Both only where they are numbers."""


@dataclass(frozen=True)
class Change:
    """A resource was found changed; with nothing in `moved` it is gone."""

    at: datetime
    moved: tuple[Moved, ...]
    fingerprint: str
    """Equal fingerprints are the same drift."""
    actor: str = ""
    """Empty where the cloud has not told."""


@dataclass(frozen=True)
class AttributeBaseline:
    """What is usual of one attribute."""

    path: str
    rhythm: Rhythm = Rhythm()
    numbers: Series = field(default_factory=Series)
    """Empty where it never was a number."""
    digest: str = ""
    """Of the value it drifted to last; empty when it is as desired."""

    def then(self, moved: Moved, at: datetime) -> "AttributeBaseline":
        """After one more change. What it should be is the first number of all."""
        numbers = self.numbers
        if moved.actual is not None:
            if not numbers.values and moved.expected is not None:
                numbers = numbers.then(moved.expected, at)
            numbers = numbers.then(moved.actual, at)
        return AttributeBaseline(self.path, self.rhythm.then(at), numbers, moved.digest)


@dataclass(frozen=True)
class ActorBaseline:
    """How often somebody changes a resource."""

    actor: str
    rhythm: Rhythm = Rhythm()


@dataclass(frozen=True)
class Episode:
    """One drift, shortly."""

    fingerprint: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Baseline:
    """What is usual of one resource."""

    rhythm: Rhythm = Rhythm()
    hours: tuple[int, ...] = field(default=(0,) * HOURS)
    """Changes by hour of the week in UTC, from Monday 0:00."""
    attributes: tuple[AttributeBaseline, ...] = ()
    """The most recently changed last."""
    actors: tuple[ActorBaseline, ...] = ()
    episodes: tuple[Episode, ...] = ()
    """The newest last."""

    def attribute(self, path: str) -> AttributeBaseline | None:
        """What is known of an attribute; None when it never changed."""
        return next((one for one in self.attributes if one.path == path), None)

    def news(self, change: Change) -> Change:
        """The change without the attributes that had moved to the same value before and have stayed there."""
        held = {one.path: one.digest for one in self.attributes}
        return replace(change, moved=tuple(one for one in change.moved if held.get(one.path) != one.digest))

    def then(self, change: Change) -> "Baseline":
        """After this change, of which `news` has been taken."""
        at, open_ = change.at, self.episodes[-1:] if self.episodes and self.episodes[-1].ended_at is None else ()
        began = open_[0].began_at if open_ else at
        return Baseline(
            self.rhythm.then(at),
            _counted(self.hours, hour_of_week(at)),
            _recent(self.attributes, [(self.attribute(one.path) or AttributeBaseline(one.path)).then(one, at)
                                      for one in change.moved]),
            self._acted(change),
            (*self.episodes[: len(self.episodes) - len(open_)], Episode(change.fingerprint, began))[-EPISODES:],
        )  # fmt: skip

    def over(self, at: datetime) -> "Baseline":
        """The resource is as desired again."""
        *before, last = self.episodes or (None,)
        if last is None or last.ended_at is not None:
            return self
        attributes = tuple(replace(one, digest="") for one in self.attributes)
        return replace(self, attributes=attributes, episodes=(*before, replace(last, ended_at=at)))

    def returns(self, fingerprint: str) -> int:
        """How many of the last episodes ended and were this very drift."""
        return sum(one.fingerprint == fingerprint and one.ended_at is not None for one in self.episodes)

    def _acted(self, change: Change) -> tuple[ActorBaseline, ...]:
        if not change.actor:
            return self.actors
        known = next((one for one in self.actors if one.actor == change.actor), ActorBaseline(change.actor))
        others = [one for one in self.actors if one.actor != change.actor]
        return (*others, replace(known, rhythm=known.rhythm.then(change.at)))[-ACTORS:]


def hour_of_week(at: datetime) -> int:
    """0 is Monday from 0:00 to 1:00 of the datetime's own zone."""
    return at.weekday() * 24 + at.hour


def _counted(hours: tuple[int, ...], hour: int) -> tuple[int, ...]:
    counts = [count + (at == hour) for at, count in enumerate(hours)]
    return tuple(count // 2 for count in counts) if sum(counts) >= _COUNTED else tuple(counts)


def _recent(known: Iterable[AttributeBaseline], moved: list[AttributeBaseline]) -> tuple[AttributeBaseline, ...]:
    paths = {one.path for one in moved}
    return (*(one for one in known if one.path not in paths), *moved)[-ATTRIBUTES:]
