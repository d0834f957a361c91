"""What is news about a resource becomes events; what was known already does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deployforge_chassis.facts import NOTHING, Effects

from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.ports import CheckState
from deployforge_drift_detector.application.verdicts import Verdict
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.drift import AlreadyDecided, Drift, NoOpenDrift, SameDrift
from deployforge_drift_detector.domain.finding import Finding, weighed
from deployforge_drift_detector.domain.impact import Impact, downstream


@dataclass(frozen=True)
class Judged:
    """An observation and its verdict."""

    seen: Observation
    desired: Desired
    place: int
    """Its row in the book."""
    verdict: Verdict


@dataclass
class News:
    """What is to be saved, and what is open once it is."""

    drifts: list[Drift] = field(default_factory=list)
    effects: Effects = NOTHING
    opened: dict[str, str] = field(default_factory=dict)
    """urn → fingerprint."""
    closed: list[str] = field(default_factory=list)


def transitions(
    app: DriftDetector, book: Book, batch: ObservationBatch, judged: Sequence[Judged], now: datetime
) -> News:  # fmt: skip
    """The transitions of one batch; nothing is saved."""
    news, moving = News(), [one for one in judged if _is_news(book, one)]
    # Most that drift do so for the first time: nobody need look for their history.
    known = app.stores.drifts.known([one.seen.urn for one in moving]) if moving else ()
    for one in moving:
        urn, finding = one.seen.urn, one.verdict.finding
        drift = app.drift_of(urn) if urn in known else None
        drift = drift or Drift(urn, one.desired.deployment_id, one.desired.namespace, one.desired.name)
        try:
            _move(app, drift, batch, one, finding, now)
        except (AlreadyDecided, SameDrift, NoOpenDrift):
            # Another process came first; its word stands.
            pass
        else:
            news.drifts.append(drift)
        if drift.open and drift.finding is not None:
            news.opened[urn] = drift.finding.fingerprint
        else:
            news.closed.append(urn)
    if news.drifts:
        news.effects = Effects(tuple(news.drifts), (app.stores.drifts.put(*news.drifts),))
    return news


def _is_news(book: Book, one: Judged) -> bool:
    if one.verdict.state is CheckState.NOT_CHECKED:
        return False
    finding = one.verdict.finding
    return book.open.get(one.seen.urn) != (finding and finding.fingerprint)


def _move(
    app: DriftDetector, drift: Drift, batch: ObservationBatch, one: Judged, finding: Finding | None, now: datetime
) -> None:
    if finding is None:
        same_wish = drift.desired_version == one.desired.desired_version
        how = "observed" if same_wish else "desired-changed"
        drift.resolve(how, scan_id=batch.scan_id, sequence=batch.sequence, now=now)
        return
    impact = downstream(one.seen.urn, app.desired.dependants)
    drift.see(
        weighed(finding, _criticalities(app, impact)),
        impact,
        type=one.desired.type,
        scan_id=batch.scan_id,
        sequence=batch.sequence,
        desired_version=one.desired.desired_version,
        physical_id=one.seen.physical_id or one.desired.physical_id,
        observed_at=batch.observed_at,
        now=now,
    )


def _criticalities(app: DriftDetector, impact: Sequence[Impact]) -> Sequence[str]:
    found = [app.desired.get(one.urn) for one in impact]
    return [one.criticality for one in found if one is not None]
