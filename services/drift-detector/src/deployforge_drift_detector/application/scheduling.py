"""Asking for scans when they are due."""

from deployforge_chassis.facts import Effects

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.domain.schedule import interval_seconds, next_due


class Scheduling:
    """Used by whoever leads; a second leader by accident does no harm but an extra scan."""

    def __init__(self, app: DriftDetector, *, at_least_seconds: int) -> None:
        self._app = app
        self._at_least = at_least_seconds

    def tick(self) -> int:
        """Ask for every scan that is due now; how many that were."""
        return self._whole_shards() + self._rechecks()

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
