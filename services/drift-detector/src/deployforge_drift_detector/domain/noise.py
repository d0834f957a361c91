"""What drifts again and again, and what drifted together.

Noise is drift that nobody wants to hear of: an attribute that something else keeps changing. A report names the worst
and the ignore rule that would silence each, for a person to take or leave. Groups are drifts of one cause: the same
change on many resources within a minute, as when somebody rewrites a tag everywhere, or the same person's.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

TOGETHER: Final = timedelta(seconds=60)
"""Changes of one cause follow each other at most this far apart."""
NOISY_AT: Final = 5
"""Fewer episodes than this are no habit."""


@dataclass(frozen=True)
class Episode:
    """One drift, as far as noise and groups go."""

    drift_id: str
    resource: str
    type: str
    changes: tuple[tuple[str, str], ...]
    """(path, value found); none for a resource that is missing."""
    detected_at: datetime
    resolved_at: datetime | None
    actor: str = ""
    """Empty where the cloud did not tell."""


@dataclass(frozen=True)
class NoisyAttribute:
    """An attribute of a type that drifts again and again."""

    type: str
    path: str
    episodes: int
    resources: tuple[str, ...]
    """Those that had it, by name."""
    median_seconds: float
    """How long it usually stays; of those that are over."""
    still_open: int
    resource_glob: str
    """What an ignore rule would have to name to cover these resources and, where names allow, no others."""


@dataclass(frozen=True)
class Group:
    """Drifts of one cause."""

    what: str
    actor: str
    drift_ids: tuple[str, ...]
    resources: tuple[str, ...]
    since: datetime
    until: datetime


def noisy(episodes: Iterable[Episode], *, at_least: int = NOISY_AT) -> Sequence[NoisyAttribute]:
    """The attributes with the most episodes first."""
    by_attribute: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        for path in {path for path, _ in episode.changes}:
            by_attribute[episode.type, path].append(episode)
    found = [_noise(*key, some) for key, some in by_attribute.items() if len(some) >= at_least]
    return sorted(found, key=lambda one: (-one.episodes, one.type, one.path))


def groups(episodes: Iterable[Episode]) -> Sequence[Group]:
    """Newest first; each drift in at most one, and none of a single resource. Who changed it decides where that is known,
    else what it was changed to.
    """
    by_sign: dict[tuple[str, ...], list[list[Episode]]] = defaultdict(list)
    for episode in sorted(episodes, key=lambda one: (one.detected_at, one.drift_id)):
        runs = by_sign[_sign(episode)]
        if runs and episode.detected_at - runs[-1][-1].detected_at <= TOGETHER:
            runs[-1].append(episode)
        else:
            runs.append([episode])
    found = [_group(run) for runs in by_sign.values() for run in runs if len({one.resource for one in run}) > 1]
    return sorted(found, key=lambda one: (one.since, one.drift_ids), reverse=True)


def _noise(type: str, path: str, episodes: Sequence[Episode]) -> NoisyAttribute:
    lasted = [(one.resolved_at - one.detected_at).total_seconds() for one in episodes if one.resolved_at is not None]
    resources = tuple(sorted({one.resource for one in episodes}))
    return NoisyAttribute(
        type,
        path,
        len(episodes),
        resources,
        median(lasted) if lasted else 0.0,
        len(episodes) - len(lasted),
        _glob(resources),
    )


def _glob(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    # Of the first and the last by alphabet, which all others lie between.
    first, last = min(names), max(names)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return f"{first[:same]}*"


def _sign(episode: Episode) -> tuple[str, ...]:
    if episode.actor:
        return ("actor", episode.actor)
    if not episode.changes:
        return ("missing",)
    return ("change", *(part for change in sorted(episode.changes) for part in change))


def _group(run: Sequence[Episode]) -> Group:
    paths = sorted({path for one in run for path, _ in one.changes})
    what = ", ".join(paths) if paths else "missing"
    if paths and any(not one.changes for one in run):
        what += ", missing"
    return Group(
        what, run[0].actor, tuple(one.drift_id for one in run), tuple(sorted({one.resource for one in run})),
        run[0].detected_at, run[-1].detected_at,
    )  # fmt: skip
