"""What is news about a resource becomes events; what was known already does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deployforge_chassis.causality import Causality
from deployforge_chassis.facts import NOTHING, Effects
from deployforge_chassis.stream_repository import because

from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.impacts import downstream
from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.ports import CheckState, Doubt
from deployforge_drift_detector.application.verdicts import Verdict
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.drift import AlreadyDecided, Drift, NoOpenDrift, SameDrift
from deployforge_drift_detector.domain.finding import Finding, dated, weighed


@dataclass(frozen=True)
class Judged:
    """An observation and its verdict."""

    seen: Observation
    desired: Desired
    place: int
    """Its row in the book."""
    verdict: Verdict


@dataclass
class Sheet:
    """The verdicts on one batch, and what is news among them once `transitions` has looked."""

    batch: ObservationBatch
    book: Book
    judged: Sequence[Judged]
    now: datetime
    cause: Causality
    drifts: list[Drift] = field(default_factory=list)
    opened: dict[str, str] = field(default_factory=dict)
    """urn → fingerprint."""
    closed: list[str] = field(default_factory=list)

    def doubts(self) -> list[Doubt]:
        """What waits for a second read from now on."""
        found = (one.seen.urn for one in self.judged if one.verdict.doubted)
        return [Doubt(urn, self.book.shard, self.batch.observed_at) for urn in found if urn not in self.book.doubts]

    def settled(self) -> list[str]:
        """What waited for a second read and has it."""
        if not self.book.doubts:
            return []
        read = (one.seen.urn for one in self.judged if one.verdict.state is not CheckState.NOT_CHECKED)
        return [urn for urn in read if urn in self.book.doubts]


def transitions(app: DriftDetector, sheets: Sequence[Sheet]) -> Effects:
    """What is news on some sheets, on which no resource stands twice; nothing is saved."""
    moving = [(sheet, one) for sheet in sheets for one in sheet.judged if sheet.book.is_news(one.seen.urn, one.verdict)]
    if not moving:
        return NOTHING
    histories = app.drifts_of([one.seen.urn for _, one in moving])
    for sheet, one in moving:
        _note(app, sheet, one, histories.get(one.seen.urn))
    drifts = [drift for sheet in sheets for drift in sheet.drifts]
    return Effects(tuple(drifts), (app.stores.drifts.put(*drifts),)) if drifts else NOTHING


def _note(app: DriftDetector, sheet: Sheet, one: Judged, history: Drift | None) -> None:
    urn = one.seen.urn
    drift = history or Drift(urn, one.desired.deployment_id, one.desired.namespace, one.desired.name)
    try:
        _move(app, drift, sheet, one, one.verdict.finding)
    except (AlreadyDecided, SameDrift, NoOpenDrift):
        # Another process came first; its word stands.
        pass
    else:
        because(drift, sheet.cause)
        sheet.drifts.append(drift)
    if drift.open and drift.finding is not None:
        sheet.opened[urn] = drift.finding.fingerprint
    else:
        sheet.closed.append(urn)


def _move(app: DriftDetector, drift: Drift, sheet: Sheet, one: Judged, finding: Finding | None) -> None:
    batch, now = sheet.batch, sheet.now
    if finding is None:
        same_wish = drift.desired_version == one.desired.desired_version
        how = "observed" if same_wish else "desired-changed"
        drift.resolve(how, scan_id=batch.scan_id, sequence=batch.sequence, now=now)
        return
    suffering = downstream(app.desired, one.seen.urn)
    finding = dated(finding, drift.finding if drift.open else None, sheet.book.good_at(one.place))
    drift.see(
        weighed(finding, suffering.criticalities),
        suffering.downstream,
        type=one.desired.type,
        scan_id=batch.scan_id,
        sequence=batch.sequence,
        desired_version=one.desired.desired_version,
        physical_id=one.seen.physical_id or one.desired.physical_id,
        observed_at=batch.observed_at,
        now=now,
    )
