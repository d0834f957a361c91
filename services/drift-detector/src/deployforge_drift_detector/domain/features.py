"""The features of a drift, from what was found, what is usual, what happened around it, and who did it."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from deployforge_anomalies.features import Features

from deployforge_drift_detector.domain.actor import NOBODY, Actor
from deployforge_drift_detector.domain.baseline import Baseline, Change, Episode, Moved
from deployforge_drift_detector.domain.baseline_score import haste, outlying, strangeness_of_hour
from deployforge_drift_detector.domain.finding import Attribute, Finding
from deployforge_drift_detector.domain.levels import Kind
from deployforge_drift_detector.domain.surroundings import Around

_EXPOSING: Final = frozenset({"network-opening", "public-exposure", "encryption-off", "iam-widening"})
_LOSING: Final = "data-loss"
#: Words in the last part of a path, in lower case.
_SCALING: Final = (
    "desired", "replica", "taskcount", "nodecount", "instancecount", "capacityunits", "readcapacity", "writecapacity",
    "provisionedthroughput", "maxsize", "minsize", "targetsize", "workers", "concurrency", "throughputunits", "shardcount",
)  # fmt: skip
_VERSIONS: Final = ("version", "imageid", "image", "runtime", "maintenancewindow", "patch", "cacertificate", "platform")
_HOUR: Final = timedelta(hours=1)
_STEPS: Final = 8


def features(
    finding: Finding,
    change: Change,
    usual: Baseline,
    around: Around,
    *,
    again: bool,
    downstream: int,
    actor: Actor = NOBODY,
) -> Features:
    """What the model is told. `change` holds only what has just moved, `usual` is from before it."""
    moved = {one.path for one in change.moved}
    attributes = [one for one in finding.attributes if one.path in moved]
    rules = {one.rule.partition(",")[0] for one in attributes}
    shift = max((_ratio(one) for one in change.moved), key=abs, default=0.0)
    same, known = _last_of(usual.episodes, change.fingerprint), usual.rhythm.changes
    return Features(
        missing=finding.kind is Kind.MISSING,
        attributes=len(attributes),
        absent=_share(not one.actual_json for one in attributes),
        severity=finding.severity.rank,
        exposing=bool(rules & _EXPOSING),
        losing=_LOSING in rules,
        tagging=_share("tags" in one.path.lower().split(".")[:2] for one in attributes),
        scaling=_share(_named(one, _SCALING) for one in attributes),
        versions=_share(_named(one, _VERSIONS) for one in attributes),
        numeric=_share(one.actual is not None for one in change.moved),
        ratio=min(abs(shift), 20.0),
        rising=math.copysign(1, shift) if shift else 0.0,
        outlying=min(outlying(usual, change), 100.0),
        trend=max((_trend(usual, one) for one in change.moved), default=0.0),
        fresh=_share(usual.attribute(one.path) is None for one in change.moved) if known else -1.0,
        hour=change.at.hour,
        weekend=change.at.weekday() >= 5,
        strange_hour=strangeness_of_hour(usual, change),
        gap=_log(usual.rhythm.gap(change.at)),
        haste=min(haste(usual, change), 20.0),
        lately=_lately(usual, change.at),
        known=math.log1p(known),
        returns=usual.returns(change.fingerprint),
        held=_log(_seconds(same.began_at, same.ended_at) if same else None),
        back=_log(_seconds(same.ended_at, change.at) if same else None),
        again=again,
        together=math.log1p(around.together),
        alike=math.log1p(around.alike),
        foreign=math.log1p(around.foreign),
        downstream=math.log1p(downstream),
        person=actor.kind == "person",
        automation=actor.kind == "automation",
        provider=actor.kind == "provider",
        stranger=bool(actor.name and usual.actors and all(one.actor != actor.name for one in usual.actors)),
    )


def _share(marks: Iterable[bool]) -> float:
    found = list(marks)
    return sum(found) / len(found) if found else 0.0


def _named(attribute: Attribute, words: Sequence[str]) -> bool:
    last = attribute.path.lower().rpartition(".")[2]
    return any(word in last for word in words)


def _ratio(moved: Moved) -> float:
    """ln(found / expected), of sizes one apart from nought; 0 where they are no numbers."""
    if moved.expected is None or moved.actual is None:
        return 0.0
    step = math.log1p(abs(moved.actual)) - math.log1p(abs(moved.expected))
    return step if (moved.actual < 0) == (moved.expected < 0) else math.copysign(20, moved.actual)


def _trend(usual: Baseline, moved: Moved) -> float:
    known = usual.attribute(moved.path)
    if known is None or moved.actual is None:
        return 0.0
    values = (*known.numbers.values, moved.actual)[-_STEPS:]
    ways = [after > before for before, after in pairwise(values) if after != before]
    return max(sum(ways), len(ways) - sum(ways)) / len(ways) if len(ways) > 2 else 0.0


def _lately(usual: Baseline, at: datetime) -> int:
    last, count = usual.rhythm.last_at, 0
    if last is None:
        return 0
    for gap in (0.0, *reversed(usual.rhythm.gaps)):
        last -= timedelta(seconds=gap)
        if at - last > _HOUR:
            break
        count += 1
    return count


def _last_of(episodes: Sequence[Episode], fingerprint: str) -> Episode | None:
    return next((one for one in reversed(episodes) if one.fingerprint == fingerprint and one.ended_at), None)


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return max(0.0, (until - since).total_seconds()) if since and until else None


def _log(seconds: float | None) -> float:
    return -1.0 if seconds is None else math.log1p(seconds)
