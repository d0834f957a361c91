"""What `Watch` tells: versions, passed reports and drift, in the order of the event log."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.sealing import Shredded
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import get_topic

from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.resource import Resource

#: Classes of events are made by decorators, which no type checker follows.
_OF_DEPLOYMENT: Final[Any] = Deployment
_OF_RESOURCE: Final[Any] = Resource
_TOLD: Final = (_OF_DEPLOYMENT.VersionRecorded, _OF_DEPLOYMENT.VersionMarkedGood, _OF_RESOURCE.DriftNoted)
_PAGE: Final = 200


@dataclass(frozen=True)
class Change:
    """One event, where it stands in the log, and whose it is."""

    position: int
    event: Any
    namespace: str
    name: str


class Changes:
    """Reads the log. Nothing is kept for a watcher: who reads slowly is told slowly."""

    def __init__(self, app: EventSourcedApplication) -> None:
        self._app = app
        self._topics = [get_topic(kind) for kind in _TOLD]

    def end(self) -> int:
        """The position of the newest event."""
        return self._app.recorder.max_notification_id() or 0

    def after(
        self, position: int, namespace: str = "", name: str = "", reach: Collection[str] | None = None
    ) -> Iterator[Change]:
        """What came after `position`, as far as it is asked for and within reach (None: everywhere); ends at the end."""
        recorder = self._app.recorder
        while page := recorder.select_notifications(position, _PAGE, topics=self._topics, inclusive_of_start=False):
            for n in page:
                position = n.id
                try:
                    stored = StoredEvent(n.originator_id, n.originator_version, n.topic, n.state)
                    change = _change(position, self._app.sealed.to_domain_event(stored))
                except Shredded:
                    continue
                wanted = (not namespace or change.namespace == namespace) and (not name or change.name == name)
                if wanted and (reach is None or change.namespace in reach):
                    yield change


def _change(position: int, event: Any) -> Change:
    match event:
        case _OF_DEPLOYMENT.VersionRecorded():
            return Change(position, event, event.verified.namespace, event.verified.name)
        case _OF_DEPLOYMENT.VersionMarkedGood():
            return Change(position, event, event.namespace, event.name)
        case _:
            # urn:df:<namespace>:<deployment>:<resource>
            _, _, namespace, name, _ = event.urn.split(":", 4)
            return Change(position, event, namespace, name)
