"""Judging batches of observations: each resource's verdict becomes a check, and where it is news, a transition."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.facts import NOTHING, Effects

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.ports import Check, CheckState
from deployforge_drift_detector.application.verdicts import Refused, Verdict, Verdicts
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.drift import AlreadyDecided, Drift, NoOpenDrift, SameDrift
from deployforge_drift_detector.domain.finding import Finding, weighed
from deployforge_drift_detector.domain.impact import Impact, downstream

log = structlog.get_logger(__name__)

PER_TRANSACTION: Final = 500
_CONFLICTS_AT_MOST: Final = 20
_LOOK_AGAIN_SECONDS: Final = 2.0


@dataclass
class Tally:
    """What came of a batch."""

    checked: int = 0
    drifted: int = 0
    not_checked: int = 0
    stale: int = 0
    """Decided upon before."""
    transitions: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(urn, why); those that are ours are among the not checked too."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.checked + other.checked,
            self.drifted + other.drifted,
            self.not_checked + other.not_checked,
            self.stale + other.stale,
            self.transitions + other.transitions,
            self.refused + other.refused,
        )


@dataclass(frozen=True)
class _Judged:
    seen: Observation
    desired: Desired
    verdict: Verdict


class NeverAskedFor(ValueError):
    """A batch of a scan that nobody asked for. Believing it would make every scan until then look old."""

    def __init__(self, shard: str, sequence: int, asked: int) -> None:
        super().__init__(f"scan {sequence} of {shard} was never asked for, the last was {asked}")
        self.shard, self.sequence, self.asked = shard, sequence, asked


class Judging:
    """Used by one thread at a time."""

    def __init__(self, app: DriftDetector, verdicts: Verdicts | None = None) -> None:
        self._app, self._stores = app, app.stores
        self.verdicts = verdicts or Verdicts()
        self._asked: dict[str, int] = {}

    def judge(self, batch: ObservationBatch) -> Tally:
        """Judge and save a batch; a repeated or an older one changes nothing. Raises NeverAskedFor."""
        self._expect(batch)
        total = Tally()
        cause = Causality(batch.scan_id, f"{batch.scan_id}/{batch.batch}", "", "drift-detector")
        with causality.bound(cause):
            for start in range(0, len(batch.observations), PER_TRANSACTION):
                total += self._settle(batch, batch.observations[start : start + PER_TRANSACTION])
        for urn, reason in total.refused:
            log.warning("observation refused", urn=urn, reason=reason, scan_id=batch.scan_id)
        return total

    def _expect(self, batch: ObservationBatch) -> None:
        """The database is asked only about sequences that are new here."""
        if batch.sequence > self._asked.get(batch.shard, 0):
            asked = self._stores.schedule.asked(batch.shard)
            if batch.sequence > asked:
                raise NeverAskedFor(batch.shard, batch.sequence, asked)
            self._asked[batch.shard] = asked

    def _settle(self, batch: ObservationBatch, observations: Sequence[Observation]) -> Tally:
        for _ in range(_CONFLICTS_AT_MOST):
            tally, now = Tally(), self._app.clock.now()
            judged = list(self._verdicts(batch, observations, tally, now))
            if not judged:
                return tally
            effects = self._transitions(batch, judged, tally, now) + self._records(batch, judged, now)
            try:
                self._app.commit(effects)
            except VersionConflict as conflict:
                last = conflict
                continue
            self._forget_removed(judged)
            return tally
        raise last

    def _forget_removed(self, judged: Sequence[_Judged]) -> None:
        """What was removed while it was being judged was told too early to be heard."""
        for one in judged:
            if self._app.desired.get(one.seen.urn) is None:
                self.verdicts.forget(one.seen.urn)
                self._app.removed(one.seen.urn)

    def _verdicts(
        self, batch: ObservationBatch, observations: Sequence[Observation], tally: Tally, now: datetime
    ) -> Iterator[_Judged]:
        newest = {seen.urn: seen for seen in observations}
        for urn in [urn for urn in newest if self._app.desired.get(urn) is None]:
            del newest[urn]
            tally.refused.append((urn, "no such resource is desired"))
        decided = self._stores.checks.sequences(batch.shard, newest)
        changing = self._stores.executions.of({seen.deployment_id for seen in newest.values()})
        for urn, seen in newest.items():
            if batch.sequence <= decided.get(urn, -1):
                tally.stale += 1
                continue
            desired = self._app.desired.get(urn)
            try:
                verdict = self.verdicts.of(batch, seen, desired, changing.get(seen.deployment_id), now)
            except Refused as refusal:
                tally.refused.append((urn, refusal.reason))
                continue
            assert desired is not None
            if verdict.refused:
                tally.refused.append((urn, verdict.reason))
            _count(tally, verdict)
            yield _Judged(seen, desired, verdict)

    def _transitions(self, batch: ObservationBatch, judged: Sequence[_Judged], tally: Tally, now: datetime) -> Effects:
        """What is news becomes events; an unchanged drift only moves its last-seen time."""
        effects, unchanged = NOTHING, []
        opened = self._stores.drifts.open([one.seen.urn for one in judged])
        for one in judged:
            urn, finding = one.seen.urn, one.verdict.finding
            if one.verdict.state is CheckState.NOT_CHECKED:
                continue
            if finding is not None and opened.get(urn) == finding.fingerprint:
                unchanged.append(urn)
                continue
            if finding is None and urn not in opened:
                continue
            drift = self._app.drift_of(urn) or _watched(one.desired)
            try:
                self._move(drift, batch, one, finding, now)
            except (AlreadyDecided, SameDrift, NoOpenDrift):
                # Another process came first; its word stands.
                continue
            tally.transitions += 1
            effects += Effects((drift,), (self._stores.drifts.put(drift),))
        if unchanged:
            effects += Effects(writes=(self._stores.drifts.seen(unchanged, batch.observed_at),))
        return effects

    def _move(self, drift: Drift, batch: ObservationBatch, one: _Judged, finding: Finding | None, now: datetime) -> None:
        if finding is None:
            same_wish = drift.desired_version == one.desired.desired_version
            how = "observed" if same_wish else "desired-changed"
            drift.resolve(how, scan_id=batch.scan_id, sequence=batch.sequence, now=now)
            return
        impact = downstream(one.seen.urn, self._app.desired.dependants)
        drift.see(
            weighed(finding, self._criticalities(impact)),
            impact,
            type=one.desired.type,
            scan_id=batch.scan_id,
            sequence=batch.sequence,
            desired_version=one.desired.desired_version,
            physical_id=one.seen.physical_id or one.desired.physical_id,
            observed_at=batch.observed_at,
            now=now,
        )

    def _criticalities(self, impact: Sequence[Impact]) -> Sequence[str]:
        found = [self._app.desired.get(one.urn) for one in impact]
        return [one.criticality for one in found if one is not None]

    def _records(self, batch: ObservationBatch, judged: Sequence[_Judged], now: datetime) -> Effects:
        checks = [
            Check(
                one.seen.urn, one.desired.deployment_id, one.desired.namespace, one.desired.name, batch.shard,
                batch.scan_id, batch.sequence, one.verdict.state, one.verdict.reason, batch.observed_at,
            )
            for one in judged
        ]  # fmt: skip
        soon = now + timedelta(seconds=_LOOK_AGAIN_SECONDS)
        again: set[UUID] = {one.desired.deployment_id for one in judged if one.verdict.look_again}
        rechecks = [self._stores.schedule.recheck(deployment_id, soon) for deployment_id in sorted(again)]
        return Effects(writes=(self._stores.checks.put(checks), *rechecks))


def _watched(desired: Desired) -> Drift:
    return Drift(desired.urn, desired.deployment_id, desired.namespace, desired.name)


def _count(tally: Tally, verdict: Verdict) -> None:
    match verdict.state:
        case CheckState.CHECKED:
            tally.checked += 1
        case CheckState.DRIFTED:
            tally.drifted += 1
        case CheckState.NOT_CHECKED:
            tally.not_checked += 1
