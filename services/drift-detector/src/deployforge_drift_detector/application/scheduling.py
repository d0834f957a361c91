"""Asking for scans when they are due."""

from collections import defaultdict
from datetime import timedelta
from typing import Final

from deployforge_chassis.facts import Effects

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.domain.schedule import interval_seconds, next_due

_NAMED_AT_MOST: Final = 500


class Scheduling:
    """Used by whoever leads; a second leader by accident does no harm but an extra scan."""

    def __init__(self, app: DriftDetector, *, at_least_seconds: int, second_read_seconds: float = 0.0) -> None:
        self._app = app
        self._at_least = at_least_seconds
        self._window = timedelta(seconds=second_read_seconds)

    def tick(self) -> int:
        """Ask for every scan that is due now; how many that were."""
        return self._whole_shards() + self._rechecks() + self._second_reads()

    def _whole_shards(self) -> int:
        now, scanned = self._app.clock.now(), self._app.stores.schedule.scanned()
        due: dict[str, tuple[str, ...]] = {}
        for shard, wishes in self._app.desired.shards().items():
            last = scanned.get(shard)
            at = next_due(
                shard,
                last.sequence if last else 0,
                last.whole_at if last else None,
                interval_seconds(wishes, self._at_least),
                now,
            )
            if at <= now:
                due[shard] = ()
        return len(self._app.request_scans(due, "schedule")) if due else 0

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
