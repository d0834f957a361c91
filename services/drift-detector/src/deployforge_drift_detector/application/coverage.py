"""What came of looking: every desired resource is checked, drifted, or not checked for a reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from deployforge_chassis import packed

from deployforge_drift_detector.application.looks import Look, State
from deployforge_drift_detector.application.views import ShardCoverage
from deployforge_drift_detector.domain.desired import Desired

NEVER: Final = "no scan has looked at it yet"
_INTERVALS: Final = 3
_MARGIN_SECONDS: Final = 60.0
"""Looks are written down some seconds late, and a scan of a big account takes a while."""


def coverage(looks: Mapping[str, Look], desired: Sequence[Desired], now: datetime) -> Sequence[ShardCoverage]:
    """By shard. What was looked at long ago counts as not checked: longer than three of its intervals and a minute."""
    by_shard: dict[str, list[Desired]] = defaultdict(list)
    for one in desired:
        by_shard[one.shard].append(one)
    return [_of_shard(shard, looks.get(shard), some, now.timestamp()) for shard, some in sorted(by_shard.items())]


def _of_shard(shard: str, look: Look | None, desired: Sequence[Desired], now: float) -> ShardCoverage:
    rows = {} if look is None else {id: row for row, id in enumerate(look.ids.tolist())}
    states = {State.CHECKED: 0, State.DRIFTED: 0, State.NOT_CHECKED: 0}
    not_checked: list[tuple[str, str]] = []
    newest: tuple[float, int] | None = None
    for one in sorted(desired, key=lambda one: one.urn):
        row = rows.get(int.from_bytes(packed.key(one.deployment_id, one.urn), "little"))
        state = State.NEVER if look is None or row is None else State(int(look.states[row]))
        if state is State.NEVER or look is None or row is None:
            not_checked.append((one.urn, NEVER))
            continue
        at = float(look.times[row])
        newest = max(newest or (0.0, 0), (at, int(look.sequences[row])))
        stale = _stale(now - at, one.every_seconds)
        states[State.NOT_CHECKED if stale else state] += 1
        # A resource that was checked may hold values that could not be: its reason says which.
        if reason := "; ".join(filter(None, (stale, look.reason(row)))):
            not_checked.append((one.urn, reason))
    return ShardCoverage(
        shard=shard,
        scan_id=look.scan_id if look is not None and newest else "",
        at=datetime.fromtimestamp(newest[0], UTC) if newest else None,
        checked=states[State.CHECKED],
        drifted=states[State.DRIFTED],
        not_checked=tuple(not_checked),
    )


def _stale(age: float, every: int) -> str:
    """Why an old look does not count; empty where it does. Seconds."""
    if age <= _INTERVALS * every + _MARGIN_SECONDS:
        return ""
    return f"last looked at {_spoken(age)} ago, it should be every {_spoken(every)}"


def _spoken(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
