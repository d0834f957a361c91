"""Parked messages are applied again, key by key and in order, each in a transaction of its own."""

from dataclasses import dataclass
from threading import Lock

import structlog

from deployforge_chassis import causality
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import NOTHING, Effects, Heard
from deployforge_chassis.parking import ParkedKey, Parking, reason
from deployforge_chassis.topics import short_name
from deployforge_chassis.wire import Wire

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Replayed:
    """What became of one key."""

    topic: str
    """Short name."""
    key: str
    applied: int
    left: int
    reason: str = ""


class Replay:
    """Replays the parked messages of one service, by any thread of any replica."""

    def __init__(self, app: EventSourcedApplication, wire: Wire, heard: Heard, parking: Parking) -> None:
        self._app, self._wire, self._heard, self.parking = app, wire, heard, parking
        self._one_at_a_time = Lock()

    def run(self, key: str = "") -> list[Replayed]:
        """Replay all keys, or one; a key stops at the first message that fails again, which keeps the new reason."""
        with self._one_at_a_time:
            return [self._key(parked) for parked in self.parking.every_key(key)]

    def _key(self, key: ParkedKey) -> Replayed:
        applied, why = 0, ""
        try:
            while self._next(key):
                applied += 1
        except Exception as error:
            why = reason(error)
            log.warning("replay failed", topic=key[0], key=key[2].decode(errors="replace"), reason=why)
            self.parking.failed(key, why)
        left = self.parking.count(key)
        log.info("replayed", topic=key[0], key=key[2].decode(errors="replace"), applied=applied, left=left)
        return Replayed(short_name(key[0]), key[2].decode(errors="replace"), applied, left, why)

    def _next(self, key: ParkedKey) -> bool:
        with self._app.unit_of_work():
            found = self.parking.first(key)
            if found is None:
                return False
            id, message = found
            fact = self._wire.fact(message)
            handler = self._heard.get(fact.topic, {}).get(fact.type)
            with causality.bound(fact.cause(self._wire.service)):
                self._app.commit(handler(fact) if handler is not None else NOTHING)
            self._app.commit(Effects(writes=(self.parking.applied(id),)))
        return True
