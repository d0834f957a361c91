"""Learning what is usual from the drift that this service has recorded, and telling what kind of change each was, behind
the recording of it.

The service's own event log is followed from a position that moves in the transaction of what was learned, so every
transition is learned from and told of once, whatever happens, and nobody who judges observations waits for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from deployforge_chassis.canonical import digest
from deployforge_chassis.eventstore import Duplicate, Gap, VersionConflict
from deployforge_chassis.facts import Effects, Move
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.sealing import NewerEvent, Shredded, Tampered
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import PersistenceError, StoredEvent
from eventsourcing.utils import get_topic

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.ports import Deed
from deployforge_drift_detector.application.telling import Classifier, Noted, anomaly, opinions
from deployforge_drift_detector.application.views import BaselineView
from deployforge_drift_detector.domain.actor import NOBODY, Actor
from deployforge_drift_detector.domain.anomaly import Anomaly
from deployforge_drift_detector.domain.baseline import Change, Moved
from deployforge_drift_detector.domain.baseline_score import score
from deployforge_drift_detector.domain.drift import Drift, drift_id
from deployforge_drift_detector.domain.features import features
from deployforge_drift_detector.domain.finding import Finding
from deployforge_drift_detector.domain.numbers import number
from deployforge_drift_detector.domain.surroundings import Sighting, Surroundings

log = structlog.get_logger(__name__)

POSITION: Final = "drift-detector#own-events#baselines"
_PAGE: Final = 100
"""Events in a transaction: whoever judges waits for it to end before the next of theirs begins."""
_PAGES: Final = 5
"""In a tick; between two of them the learner looks whether it still leads, or should stop."""
_LOOK_BACK: Final = 5_000
"""Events before the position that are read again at the start, for what happens around the next ones."""

_HELD_AGAINST: Final = timedelta(minutes=15)
"""Whoever changed a resource is thought to have done what is seen so soon afterwards."""
_CLOCKS: Final = timedelta(seconds=30)

_TOPICS: Final = tuple(map(get_topic, (Drift.Detected, Drift.Changed, Drift.Resolved)))

Transition = Drift.Seen | Drift.Resolved


class Learning:
    """Used by one thread of one process at a time; another that thinks the same is found out by the position."""

    def __init__(self, app: DriftDetector, classifier: Classifier) -> None:
        self._app, self._stores, self._classifier = app, app.stores, classifier
        self._surroundings = Surroundings()
        self._position: int | None = None
        self._saved = 0

    def tick(self) -> int:
        """Learn from what is new, the oldest first and not too much at once; how many transitions that was."""
        learned = 0
        for _ in range(_PAGES):
            if (count := self._page()) is None:
                break
            learned += count
        return learned

    def _page(self) -> int | None:
        if self._position is None:
            self._position = self._saved = self._begin()
        # Read first: what is committed later has a higher id. So nobody looks twice at events of other kinds.
        newest = self._app.recorder.max_notification_id() or 0
        page = self._app.recorder.select_notifications(self._position, _PAGE, topics=_TOPICS, inclusive_of_start=False)
        if not page:
            self._position = max(self._position, newest)
            return None
        transitions = self._transitions(page)
        try:
            self._app.commit(self._learned(transitions), [Move(POSITION, self._saved, page[-1].id)])
        except (Duplicate, Gap, VersionConflict, Shredded) as moved:
            log.info("learning reads its position again", reason=str(moved))
            self._position = None
            return None
        self._position = self._saved = page[-1].id
        return len(transitions)

    def _begin(self) -> int:
        """Where to go on; what lies shortly before is looked at again."""
        position = self._stores.baselines.position(POSITION)
        self._surroundings = Surroundings()
        before = self._app.recorder.select_notifications(
            max(0, position - _LOOK_BACK), _LOOK_BACK, stop=position, topics=_TOPICS, inclusive_of_start=False
        )
        self._look_around(self._transitions(before))
        return position

    def _transitions(self, page: Sequence[Any]) -> list[Transition]:
        return [event for event in map(self._opened, page) if isinstance(event, Drift.Seen | Drift.Resolved)]

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

    def _look_around(self, transitions: Iterable[Transition]) -> None:
        for event in transitions:
            if isinstance(event, Drift.Seen):
                self._surroundings.add(_sighting(event))

    def _learned(self, transitions: Sequence[Transition]) -> Effects:
        self._look_around(transitions)
        urns = {event.urn for event in transitions}
        known, deeds = dict(self._stores.baselines.of(urns)), self._stores.deeds.of(urns)
        gone: dict[str, None] = {}
        noted: list[Noted] = []
        for event in transitions:
            if self._app.desired.get(event.urn) is None:
                known.pop(event.urn, None)
                gone[event.urn] = None
            elif isinstance(event, Drift.Seen):
                with _one_alone(event.urn):
                    known[event.urn], note = self._seen(event, known.get(event.urn), _actor(event, deeds.get(event.urn)))
                    noted.append(note)
            elif event.urn in known:
                known[event.urn] = over(known[event.urn], event.resolved_at)
        forgotten = tuple(self._stores.baselines.forget(urn) for urn in gone)
        return self._told(noted) + Effects(writes=(*forgotten, *self._stores.baselines.put(list(known.values()))))

    def _seen(self, event: Drift.Seen, before: BaselineView | None, actor: Actor) -> tuple[BaselineView, Noted]:
        view = before or BaselineView(event.urn, event.deployment_id, event.namespace, event.name, event.type)
        usual = view.baseline
        change = usual.news(change_of(event.finding, event.observed_at, actor.name))
        found = score(usual, change)
        told = features(
            event.finding,
            change,
            usual,
            self._surroundings.around(_sighting(event)),
            again=isinstance(event, Drift.Changed),
            downstream=event.affected,
            actor=actor,
        )
        return view.then(usual.then(change), found, event.observed_at), Noted(event, told, found, actor)

    def _told(self, noted: Sequence[Noted]) -> Effects:
        anomalies: dict[UUID, Anomaly] = {}
        for event, opinion in opinions(self._classifier, noted):
            id = Anomaly.create_id(drift_id(event.urn, event.episode))
            with _one_alone(event.urn):
                anomalies[id] = anomaly(event, opinion, anomalies.get(id) or self._anomaly(id, event))
        found = tuple(anomalies.values())
        return Effects(found, self._stores.anomalies.put(found))

    def _anomaly(self, id: UUID, event: Drift.Seen) -> Anomaly | None:
        if not isinstance(event, Drift.Changed):
            return None
        try:
            return self._app.repository.get(id)
        except AggregateNotFoundError:
            return None


@contextmanager
def _one_alone(urn: str) -> Iterator[None]:
    """Whatever is wrong with one drift must not keep the others from being told of, nor end the process."""
    try:
        yield
    except (PersistenceError, KeyUnavailable):
        raise
    except Exception as error:
        log.error("nothing is learned from a drift", urn=urn, exc_info=error)


def _actor(event: Drift.Seen, deed: Deed | None) -> Actor:
    """Who did it: whoever changed the resource last, not long before it was seen to differ. Clocks differ a little."""
    if deed is None or not -_CLOCKS <= event.observed_at - deed.at <= _HELD_AGAINST:
        return NOBODY
    return deed.actor


def over(view: BaselineView, at: datetime) -> BaselineView:
    """What is usual of a resource after its drift has ended."""
    return view.then(view.baseline.over(at), view.score, view.at)


def change_of(finding: Finding, at: datetime, actor: str = "") -> Change:
    """A finding as baselines see it: paths, digests and numbers."""
    return Change(at, tuple(_moved(finding)), finding.fingerprint, actor)


def _moved(finding: Finding) -> Iterable[Moved]:
    for one in finding.attributes:
        yield Moved(one.path, digest(one.actual_json), number(one.expected_json), number(one.actual_json))


def _sighting(event: Drift.Seen) -> Sighting:
    paths = frozenset(one.path for one in event.finding.attributes)
    return Sighting(event.observed_at, event.urn, event.deployment_id, event.type, paths)
