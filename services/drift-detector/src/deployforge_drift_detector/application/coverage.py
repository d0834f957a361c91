"""What came of looking: every desired resource is checked, drifted, or not checked for a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from deployforge_drift_detector.application.ports import Check, CheckState
from deployforge_drift_detector.application.views import ShardCoverage
from deployforge_drift_detector.domain.desired import Desired

NEVER: Final = "no scan has looked at it yet"


def coverage(checks: Sequence[Check], desired: Sequence[Desired]) -> Sequence[ShardCoverage]:
    """By shard. `checks` are the last of each resource, oldest scan first within a shard."""
    looked_at = {check.urn for check in checks}
    never = [one for one in desired if one.urn not in looked_at]
    shards = sorted({check.shard for check in checks} | {one.shard for one in never})
    return [
        _of_shard(
            shard,
            [check for check in checks if check.shard == shard],
            sorted(one.urn for one in never if one.shard == shard),
        )
        for shard in shards
    ]


def _of_shard(shard: str, checks: Sequence[Check], never: Sequence[str]) -> ShardCoverage:
    states = [check.state for check in checks]
    # A resource that was checked may hold values that could not be: its reason says which.
    not_checked = [(one.urn, one.reason) for one in checks if one.state is CheckState.NOT_CHECKED or one.reason]
    scan_id, at = _newest(checks)
    return ShardCoverage(
        shard=shard,
        scan_id=scan_id,
        at=at,
        checked=states.count(CheckState.CHECKED),
        drifted=states.count(CheckState.DRIFTED),
        not_checked=(*not_checked, *((urn, NEVER) for urn in never)),
    )


def _newest(checks: Sequence[Check]) -> tuple[str, datetime | None]:
    return (checks[-1].scan_id, checks[-1].at) if checks else ("", None)
