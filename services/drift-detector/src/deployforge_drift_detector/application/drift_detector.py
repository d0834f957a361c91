"""The use cases: batches of observations become transitions, and people ask for scans and records."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from deployforge_chassis.clock import Clock
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import NOTHING, Effects
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import AggregateNotFoundError

from deployforge_drift_detector.application.coverage import coverage
from deployforge_drift_detector.application.ignoring import RuleReport, report
from deployforge_drift_detector.application.impacts import downstream
from deployforge_drift_detector.application.ports import DesiredStates, Stores
from deployforge_drift_detector.application.views import (
    BaselineView,
    DriftNotFound,
    DriftView,
    NoiseReport,
    NotDesired,
    NothingLearned,
    NothingToScan,
    Page,
    ShardCoverage,
)
from deployforge_drift_detector.domain.anomaly import Opinion
from deployforge_drift_detector.domain.drift import Drift, NoOpenDrift
from deployforge_drift_detector.domain.impact import Downstream
from deployforge_drift_detector.domain.noise import Episode, groups, noisy
from deployforge_drift_detector.domain.scan import Scan

_CONFLICTS_AT_MOST = 20
_NOISE_PAGE = 500
_NOISE_AT_MOST = 2_000


class DriftDetector(EventSourcedApplication):
    """The event store of drift and scans, and the commands on it."""

    def __init__(self, database: Database, sealer: Sealer, stores: Stores, desired: DesiredStates, clock: Clock) -> None:
        super().__init__(database, sealer, name="drift-detector")
        self.stores, self.desired, self.clock = stores, desired, clock

    def drift_of(self, urn: str) -> Drift | None:
        """The resource's drift, open or over; None when it never drifted."""
        try:
            return self.repository.get(Drift.create_id(urn))
        except AggregateNotFoundError:
            return None

    def drifts_of(self, urns: Collection[str]) -> Mapping[str, Drift]:
        """Those of many resources that have drifted at any time."""
        found = self.aggregates.get_all([Drift.create_id(urn) for urn in urns])
        return {drift.urn: drift for drift in found.values()}

    # --- scans -----------------------------------------------------------------------------------------

    def scan(self, namespace: str, name: str) -> list[UUID]:
        """Ask for a scan of a deployment now; a scan id per shard. Raises NothingToScan."""
        wanted = self.desired.named(namespace, name) if namespace and name else ()
        if not wanted:
            raise NothingToScan(namespace, name)
        by_shard: dict[str, tuple[str, ...]] = {}
        for resource in wanted:
            by_shard[resource.shard] = (*by_shard.get(resource.shard, ()), resource.urn)
        return self.request_scans(by_shard, "demand")

    def request_scans(self, urns_by_shard: dict[str, tuple[str, ...]], cause: str, done: Effects = NOTHING) -> list[UUID]:
        """Ask for scans, in this order and in one transaction with `done`; no urns means the whole shard."""
        for _ in range(_CONFLICTS_AT_MOST):
            known, now = self.stores.schedule.scanned(), self.clock.now()
            scans, writes = [], []
            for shard, urns in urns_by_shard.items():
                sequence = known[shard].sequence + 1 if shard in known else 1
                scans.append(Scan.request(shard, sequence, urns, cause, now))
                writes.append((shard, self.stores.schedule.put(shard, sequence, None if urns else now)))
            # Rows are written in one order by everybody, so that two who ask at once do not wait for each other for ever.
            rows = tuple(write for _, write in sorted(writes, key=lambda one: one[0]))
            try:
                self.commit(Effects(tuple(scans), rows) + done)
                return [scan.id for scan in scans]
            except VersionConflict as conflict:
                # Somebody else asked for the same scan of a shard first: take the next sequence.
                last = conflict
        raise last

    # --- what is not desired any more ------------------------------------------------------------------

    def removed(self, urn: str) -> None:
        """A resource is gone for good: its drift, if open, is over. Repeating it changes nothing."""
        for _ in range(_CONFLICTS_AT_MOST):
            stores = self.stores
            forgotten = stores.baselines.forget(urn), stores.deeds.forget(urn), stores.hidings.forget(urn)
            effects = Effects(writes=(*forgotten, stores.schedule.settled([urn])))
            drift = self.drift_of(urn) if self.stores.drifts.open([urn]) else None
            if drift is not None:
                try:
                    drift.resolve("removed", scan_id=None, sequence=None, now=self.clock.now())
                    effects += Effects((drift,), (self.stores.drifts.put(drift),))
                except NoOpenDrift:
                    pass
            try:
                self.commit(effects)
                return
            except VersionConflict as conflict:
                last = conflict
        raise last

    def forget_removed(self) -> None:
        """Resolve what was removed while nobody listened. To be called once the desired state is complete."""
        self.commit(Effects(writes=tuple(self.stores.looks.forget_but(list(self.desired.shards())))))
        for urn in self.stores.drifts.open_urns():
            if self.desired.get(urn) is None:
                self.removed(urn)

    # --- reading ---------------------------------------------------------------------------------------

    def get(self, drift_id: str) -> DriftView:
        """One record. Raises DriftNotFound."""
        try:
            found = self.stores.drifts.find(UUID(drift_id))
        except ValueError:
            found = None
        if found is None:
            raise DriftNotFound(drift_id)
        return found

    def page(self, namespace: str, name: str, *, open_only: bool, size: int, cursor: str) -> Page:
        """Records, newest first. Raises BadCursor."""
        return self.stores.drifts.page(namespace, name, open_only=open_only, size=size, cursor=cursor)

    def opinions(self, drift_ids: Collection[UUID]) -> Mapping[UUID, Opinion]:
        """What kind of change each of these drifts is thought to be; a moment after its detection nobody knows yet."""
        return self.stores.anomalies.of(drift_ids)

    def baselines(self, namespace: str, name: str, resource: str, *, size: int, cursor: str) -> Sequence[BaselineView]:
        """What is usual of one resource, or of a deployment's by urn; `cursor` is the last urn of the page before.

        Raises NothingLearned of a single resource.
        """
        if not resource:
            return self.stores.baselines.page(namespace, name, after=cursor, size=size)
        urn = f"urn:df:{namespace}:{name}:{resource}"
        found = self.stores.baselines.of([urn]).get(urn)
        if found is None:
            raise NothingLearned(namespace, name, resource)
        return [found]

    def noise(self, namespace: str, name: str, *, days: int) -> NoiseReport:
        """What drifted again and again, and together, of the newest drifts of that many days."""
        since, views, cursor = self.clock.now() - timedelta(days=days), list[DriftView](), ""
        while len(views) < _NOISE_AT_MOST:
            page = self.page(namespace, name, open_only=False, size=_NOISE_PAGE, cursor=cursor)
            views += [view for view in page.views if view.detected_at >= since]
            cursor = page.next_cursor
            if not cursor or page.views[-1].detected_at < since:
                break
        told = self.opinions([view.drift_id for view in views])
        episodes = [_episode(view, told[view.drift_id].actor if view.drift_id in told else "") for view in views]
        return NoiseReport(noisy(episodes), groups(episodes), len(episodes))

    def impact(self, namespace: str, name: str, resource: str) -> Downstream:
        """What would suffer if a resource went. Raises NotDesired."""
        urn = f"urn:df:{namespace}:{name}:{resource}"
        if self.desired.get(urn) is None:
            raise NotDesired(urn)
        return downstream(self.desired, urn).downstream

    def ignores(self, namespace: str, name: str) -> Sequence[RuleReport]:
        """What each ignore rule hides; no namespace means all, no name all of the namespace."""
        desired = [one for one in self.desired.named(namespace, name) if one.ignore]
        shards = {one.shard for one in desired}
        return report(desired, self.stores.hidings.of(shards), self.stores.looks.of(shards), self.clock.now())

    def coverage(self, namespace: str, name: str) -> Sequence[ShardCoverage]:
        """What came of the last look at each resource, by shard."""
        desired = self.desired.named(namespace, name)
        return coverage(self.stores.looks.of({one.shard for one in desired}), desired, self.clock.now())


def _episode(view: DriftView, actor: str) -> Episode:
    changes = tuple((attribute.path, attribute.actual_json) for attribute in view.attributes)
    resource = view.urn.rpartition(":")[2]
    return Episode(str(view.drift_id), resource, view.type, changes, view.detected_at, view.resolved_at, actor)
