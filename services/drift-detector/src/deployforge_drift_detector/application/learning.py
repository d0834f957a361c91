"""Learning what is usual from the drift that this service has recorded, behind the recording of it.

The service's own event log is followed from a position that moves in the transaction of what was learned, so every
transition is learned from once, whatever happens, and nobody who judges observations waits for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from deployforge_chassis.canonical import digest
from deployforge_chassis.eventstore import Duplicate, Gap, VersionConflict
from deployforge_chassis.facts import Effects, Move
from deployforge_chassis.sealing import NewerEvent, Shredded, Tampered
from eventsourcing.persistence import StoredEvent

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.views import BaselineView
from deployforge_drift_detector.domain.baseline import Baseline, Change, Moved
from deployforge_drift_detector.domain.baseline_score import score
from deployforge_drift_detector.domain.drift import Drift
from deployforge_drift_detector.domain.finding import Finding
from deployforge_drift_detector.domain.numbers import number

log = structlog.get_logger(__name__)

POSITION: Final = "drift-detector#own-events#baselines"
_PAGE: Final = 500


class Learning:
    """Used by one thread of one process at a time; another that thinks the same is found out by the position."""

    def __init__(self, app: DriftDetector) -> None:
        self._app, self._stores = app, app.stores
        self._position: int | None = None
        self._saved = 0

    def tick(self) -> int:
        """Learn from all that is new; how many transitions that was."""
        learned = 0
        while (count := self._page()) is not None:
            learned += count
        return learned

    def _page(self) -> int | None:
        if self._position is None:
            self._position = self._saved = self._stores.baselines.position(POSITION)
        page = self._app.recorder.select_notifications(self._position, _PAGE, inclusive_of_start=False)
        if not page:
            return None
        events = [event for event in map(self._opened, page) if isinstance(event, Drift.Seen | Drift.Resolved)]
        try:
            if events or len(page) == _PAGE:
                self._app.commit(self._learned(events), [Move(POSITION, self._saved, page[-1].id)])
                self._saved = page[-1].id
        except (Duplicate, Gap, VersionConflict) as moved:
            log.info("learning reads its position again", reason=str(moved))
            self._position = None
            return None
        self._position = page[-1].id
        return len(events)

    def _opened(self, stored: Any) -> Any:
        """The event, or None where nothing can be learned from it: one that nobody may read, or nobody can."""
        try:
            return self._app.sealed.to_domain_event(
                StoredEvent(stored.originator_id, stored.originator_version, stored.topic, stored.state)
            )
        except Shredded:
            return None
        except (Tampered, NewerEvent) as unreadable:
            log.error("nothing is learned from an event", reason=str(unreadable))
            return None

    def _learned(self, events: Sequence[Drift.Seen | Drift.Resolved]) -> Effects:
        known: dict[str, BaselineView] = dict(self._stores.baselines.of({event.urn for event in events}))
        gone: dict[str, None] = {}
        for event in events:
            if self._app.desired.get(event.urn) is None:
                known.pop(event.urn, None)
                gone[event.urn] = None
                continue
            after = learned(event, known)
            if after is not None:
                known[event.urn] = after
        forgotten = tuple(self._stores.baselines.forget(urn) for urn in gone)
        return Effects(writes=(*forgotten, *self._stores.baselines.put(list(known.values()))))


def learned(event: Drift.Seen | Drift.Resolved, known: Mapping[str, BaselineView]) -> BaselineView | None:
    """What is usual of the event's resource after it; None where nothing is known of it still."""
    before = known.get(event.urn)
    if isinstance(event, Drift.Resolved):
        if before is None:
            return None
        return before.then(before.baseline.over(event.resolved_at), before.score, before.at)
    usual = before.baseline if before else Baseline()
    change = usual.news(change_of(event.finding, event.observed_at))
    view = before or BaselineView(event.urn, event.deployment_id, event.namespace, event.name, event.type)
    return view.then(usual.then(change), score(usual, change), event.observed_at)


def change_of(finding: Finding, at: datetime, actor: str = "") -> Change:
    """A finding as baselines see it: paths, digests and numbers."""
    return Change(at, tuple(_moved(finding)), finding.fingerprint, actor)


def _moved(finding: Finding) -> Iterable[Moved]:
    for one in finding.attributes:
        yield Moved(one.path, digest(one.actual_json), number(one.expected_json), number(one.actual_json))
