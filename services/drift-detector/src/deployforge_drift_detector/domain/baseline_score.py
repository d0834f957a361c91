"""How unusual a change is, against what is usual of its resource: a number from 0 to 1, and why, in words.

Each reason is a part from 0 to 1: how far something is from the usual, times how much is known about the usual. So the
first change of a resource is never called unusual, and no reason speaks before it has seen a few changes. Together
they are one minus the product of what each leaves over, as if they were independent.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from deployforge_drift_detector.domain.baseline import HOURS, Baseline, Change, hour_of_week
from deployforge_drift_detector.domain.robust import OUTLIER, deviation

_TOP: Final = 3
_WORTH_SAYING: Final = 0.05
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Reason:
    """One part of a score."""

    name: str
    """value, rate, hour, attribute or actor."""
    part: float
    words: str


@dataclass(frozen=True)
class Score:
    """How unusual a change was."""

    value: float
    reasons: tuple[Reason, ...]
    """The top ones, the heaviest first."""


def score(usual: Baseline, change: Change) -> Score:
    """The score of a change against what was usual before it."""
    parts = [part for part in _parts(usual, change) if part.part >= _WORTH_SAYING]
    left = math.prod(1 - part.part for part in parts)
    return Score(round(1 - left, 4), tuple(sorted(parts, key=lambda part: -part.part)[:_TOP]))


def outlying(usual: Baseline, change: Change) -> float:
    """The largest modified z of the numbers that changed, 0 where there are none."""
    return max((z for _, z, _ in _outliers(usual, change)), default=0.0)


def haste(usual: Baseline, change: Change) -> float:
    """How much sooner than usual this change comes after the last, in robust deviations of the gaps' logarithms."""
    gap, gaps = usual.rhythm.gap(change.at), usual.rhythm.gaps
    if gap is None or len(gaps) < 3:
        return 0.0
    logs = tuple(math.log1p(one) for one in gaps)
    middle = sorted(logs)[len(logs) // 2]
    return max(0.0, (middle - math.log1p(gap)) / max(deviation(logs), 0.3))


def strangeness_of_hour(usual: Baseline, change: Change) -> float:
    """1 where nothing ever changed within an hour of this hour of the week, 0 where it is as likely as any, or more."""
    around = sum(usual.hours[(hour_of_week(change.at) + by) % HOURS] for by in (-1, 0, 1))
    expected = 3 / HOURS
    return max(0.0, 1 - (around + 1) / (sum(usual.hours) * expected + 1))


def _parts(usual: Baseline, change: Change) -> Iterator[Reason]:
    known = usual.rhythm.changes
    for path, z, words in _outliers(usual, change):
        yield Reason("value", 0.9 * _far(z) * _sure(_seen(usual, path), 4), words)
    hurry, gap = haste(usual, change), usual.rhythm.gap(change.at)
    if gap is not None:
        usually = sorted(usual.rhythm.gaps)[len(usual.rhythm.gaps) // 2] if usual.rhythm.gaps else gap
        words = f"{_span(gap)} after the last change, usually {_span(usually)}"
        yield Reason("rate", 0.6 * _far(hurry) * _sure(len(usual.rhythm.gaps), 4), words)
    when = f"{_DAYS[change.at.weekday()]} {change.at.hour:02}:00 UTC"
    yield Reason("hour", 0.5 * strangeness_of_hour(usual, change) * _sure(known, 20), f"it seldom changes {when}")
    for moved in change.moved:
        if usual.attribute(moved.path) is None:
            yield Reason("attribute", 0.5 * _sure(known, 10), f"{moved.path} has not changed in {known} changes")
    if change.actor and all(one.actor != change.actor for one in usual.actors):
        acted = sum(one.rhythm.changes for one in usual.actors)
        yield Reason("actor", 0.7 * _sure(acted, 5), f"{change.actor} has made none of {acted} changes")


def _outliers(usual: Baseline, change: Change) -> Iterator[tuple[str, float, str]]:
    for moved in change.moved:
        known = usual.attribute(moved.path)
        if moved.actual is None or known is None or not known.numbers.values:
            continue
        numbers = known.numbers
        words = f"{moved.path} is {moved.actual:g}, usually {numbers.middle:g} ± {numbers.spread:.3g}"
        yield moved.path, numbers.outlying(moved.actual), words


def _seen(usual: Baseline, path: str) -> int:
    known = usual.attribute(path)
    return len(known.numbers.values) if known else 0


def _far(z: float) -> float:
    """0 at the median, a half where outliers begin, towards 1."""
    return z * z / (z * z + OUTLIER * OUTLIER)


def _sure(seen: int, half: int) -> float:
    """0 where nothing was seen, a half at `half`, towards 1."""
    return seen / (seen + half)


def _span(seconds: float) -> str:
    """`40 s`, `12 min`, `5 h`, `3 days`: the largest unit of which there are two."""
    for size, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} s"
