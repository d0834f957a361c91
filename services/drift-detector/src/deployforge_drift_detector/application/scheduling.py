"""Asking for scans when they are due."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from deployforge_chassis.facts import Effects

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.ports import Scanned
from deployforge_drift_detector.domain.priority import Intervals, Wishes, urgency
from deployforge_drift_detector.domain.schedule import interval_seconds, next_due

_NAMED_AT_MOST: Final = 500


class Scheduling:
    """Used by whoever leads; a second leader by accident does no harm but an extra scan."""

    def __init__(
        self, app: DriftDetector, *, at_least_seconds: int, second_read_seconds: float = 0.0,
        by_type: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        """`by_type`: see Intervals."""
        self._app = app
        self._at_least = at_least_seconds
        self._window = timedelta(seconds=second_read_seconds)
        self._intervals = Intervals(by_type or {})
        self._looked: dict[str, datetime] = {}
        """When the types with an interval of their own were asked for, by shard. Who leads next asks at once."""

    def tick(self) -> int:
        """Ask for every scan that is due now, the most urgent first; how many that were."""
        return self._by_schedule() + self._rechecks() + self._second_reads()

    def _by_schedule(self) -> int:
        now, scanned = self._app.clock.now(), self._app.stores.schedule.scanned()
        whole: list[tuple[int, datetime, str]] = []
        some: list[tuple[int, datetime, str]] = []
        for shard, wishes in self._app.desired.shards().items():
            last = scanned.get(shard) or Scanned(0, None)
            every = interval_seconds(wishes.seconds, self._at_least)
            at = next_due(shard, last.sequence, last.whole_at, every, now)
            if at <= now:
                whole.append((-urgency(wishes.kinds), at, shard))
            elif (sooner := self._sooner(shard, last, wishes, every, now)) is not None:
                some.append((-urgency(wishes.kinds), sooner, shard))
        due = {shard: self._eager(shard) for _, _, shard in sorted(some)} | {shard: () for _, _, shard in sorted(whole)}
        self._looked |= dict.fromkeys(due, now)
        return len(self._app.request_scans(due, "schedule")) if due else 0

    def _sooner(self, shard: str, last: Scanned, wishes: Wishes, every: int, now: datetime) -> datetime | None:
        """When the types with a shorter interval of their own were due, if they are."""
        shortest = self._intervals.shortest(wishes.kinds)
        if shortest is None or max(shortest, self._at_least) >= every or last.whole_at is None:
            return None
        looked = max(last.whole_at, self._looked.get(shard, last.whole_at))
        at = next_due(shard, last.sequence, looked, max(shortest, self._at_least), now)
        return at if at <= now else None

    def _eager(self, shard: str) -> tuple[str, ...]:
        """The resources whose types have an interval of their own."""
        return tuple(one.urn for one in self._app.desired.of_shard(shard)[1] if self._intervals.of(one.type) is not None)

    def _rechecks(self) -> int:
        count = 0
        for deployment_id, at in self._app.stores.schedule.rechecks(self._app.clock.now()):
            by_shard: dict[str, tuple[str, ...]] = {}
            for resource in self._app.desired.of_deployment(deployment_id):
                by_shard[resource.shard] = (*by_shard.get(resource.shard, ()), resource.urn)
            done = Effects(writes=(self._app.stores.schedule.rechecked(deployment_id, at),))
            count += len(self._app.request_scans(by_shard, "recheck", done))
        return count

    def _second_reads(self) -> int:
        """What is gone from the manifest meanwhile waits for nothing."""
        now, schedule = self._app.clock.now(), self._app.stores.schedule
        due = schedule.due(now)
        gone = [doubt.urn for doubt in due if self._app.desired.get(doubt.urn) is None]
        by_shard: dict[str, list[str]] = defaultdict(list)
        for doubt in due:
            if doubt.urn not in gone:
                by_shard[doubt.shard].append(doubt.urn)
        if not due:
            return 0
        # So many are read as fast with all the others of their shard.
        wanted = {shard: tuple(urns) if len(urns) <= _NAMED_AT_MOST else () for shard, urns in by_shard.items()}
        done = Effects(writes=(schedule.settled(gone), schedule.asked_again(now, self._window)))
        return len(self._app.request_scans(wanted, "confirm", done))
