"""The inbox: every fact that a service hears takes effect exactly once, in order per key.

A consumer's position lies in its own database and moves, by compare-and-set, in the transaction of the effects. Each
message names the one before it (`prev`), so a lost message is noticed and fetched from its source, and a repeated
one is skipped, whatever the broker does. Kafka's own offsets are only a hint for its tools.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import grpc
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from deployforge_chassis import causality
from deployforge_chassis.bus import Bus, Consumer, Place, Start
from deployforge_chassis.eventstore import Duplicate, EventSourcedApplication, Gap, VersionConflict
from deployforge_chassis.facts import NOTHING, Effects, Fact, Handler, Heard, Message, Move, NotYet
from deployforge_chassis.feed import Feed
from deployforge_chassis.holding import Holding
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.parking import Parking
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.positions import Positions
from deployforge_chassis.registry import RegistryUnavailable, UnknownSchema
from deployforge_chassis.topics import Topic, full_name
from deployforge_chassis.wire import Wire, position_name

log = structlog.get_logger(__name__)

R = TypeVar("R")

_POLL_SECONDS = 0.25
#: Pauses between attempts at a message that a handler refuses; then its key is parked.
_ATTEMPT_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0)
#: Pauses while what a message needs is not known yet; then its key is parked.
_NOT_YET_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Pause while the database, the registry or a source is away: these are nobody's fault, so it goes on for ever.
_OUTAGE_SECONDS = 0.5
_CONFLICTS_AT_MOST = 50
#: So many messages may wait in memory; above that nothing more is read.
_HELD_AT_MOST = 5_000

#: What may pass by itself and says nothing about the message.
_TRANSIENT = (OperationalError, InterfaceError, RegistryUnavailable, UnknownSchema, KeyUnavailable, grpc.RpcError)


class _Stopped(Exception):
    """The process stops; what was under way is begun again after the restart."""


class _Wait(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Observer(Protocol):
    def __call__(self, fact: Fact) -> None: ...


class Inbox(ThreadPart):
    """Consumes what `heard` lists, as one member of the service's consumer group."""

    def __init__(
        self,
        app: EventSourcedApplication,
        bus: Bus,
        wire: Wire,
        feed: Feed,
        heard: Heard,
        *,
        sleep: Callable[[float], object] | None = None,
        now: Callable[[], float] = time.monotonic,
        applied: _Observer | None = None,
    ) -> None:
        super().__init__("inbox")
        self._app, self._bus, self._wire, self._feed = app, bus, wire, feed
        self._heard: Mapping[str, Mapping[str, Handler]] = heard
        self._topics: Mapping[str, Topic] = {full_name(name): wire.topics[name] for name in heard}
        self._parking = Parking(app.database)
        self._sleep = sleep or self.stopping.wait
        self._applied = applied
        self._holding = Holding(now, _NOT_YET_PAUSES)
        self._positions = Positions(app.database)
        self._parked: dict[Place, set[bytes]] = {}
        self._pending: dict[str, Move] = {}

    # --- the loop --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Consume until stopped."""
        consumer = self._bus.consumer(self._wire.service, list(self._topics), self._on_assigned, self._on_revoked)
        try:
            while not self.stopping.is_set():
                self.step(consumer, _POLL_SECONDS)
        except _Stopped:
            log.info("inbox stopped half-way through a message")
        finally:
            consumer.close()

    def step(self, consumer: Consumer, timeout_seconds: float) -> int:
        """Poll once and apply what came; how many messages came or still wait."""
        for waited in self._holding.due():
            for message in waited:
                self._take(message)
        timeout_seconds = self._holding.seconds_until_due(timeout_seconds)
        if len(self._holding) > _HELD_AT_MOST:
            self._sleep(timeout_seconds)
            return len(self._holding)
        messages = consumer.poll(timeout_seconds)
        for message in messages:
            if self.stopping.is_set():
                break
            self._take(message)
        self._flush()
        consumer.hint({(m.topic, m.partition): m.offset + 1 for m in messages})
        return len(messages) + len(self._holding)

    def _take(self, message: Message) -> None:
        place = (message.topic, message.partition)
        if self._holding.behind(place, message):
            return
        try:
            self._receive(message)
        except _Wait as wait:
            self._holding.hold(place, message, wait.seconds)

    def _on_assigned(self, places: Sequence[Place]) -> Mapping[Place, int | Start]:
        self._forget()
        self._holding.drop(places)
        starts: dict[Place, int | Start] = {}
        for topic_name, partition in places:
            topic = self._topics[topic_name]
            self._parked[topic_name, partition] = self._parking.keys(topic_name, partition)
            starts[topic_name, partition] = self._positions.start(topic, partition)
        log.info("partitions assigned", count=len(places))
        return starts

    def _on_revoked(self, places: Sequence[Place]) -> None:
        self._forget()
        self._holding.drop(places)

    def _forget(self) -> None:
        """Positions and moves not yet saved belong to whoever owns the partition next."""
        self._positions.forget_all()
        self._pending.clear()

    # --- one message -----------------------------------------------------------------------------------

    def _receive(self, message: Message) -> None:
        topic = self._topics[message.topic]
        if topic.kind != "fact":
            self._apply(message, moves=())
            if topic.kind == "upsert":
                self._outlast(lambda: self._positions.remember_offset(message, topic))
            return
        head = self._wire.fact(message, decoded=False)
        name = position_name(head.source, head.era, head.topic, head.partition)
        while head.id > (stands_at := self._outlast(lambda: self._positions.of(name, head, topic))):
            try:
                if head.prev > stands_at:
                    self._fill(head, name, message.offset)
                self._apply_chained(message, head, name)
            except (Duplicate, Gap):
                # Another member of the group has moved the position: judge again by what the database says.
                self._positions.forget(name)
                self._pending.pop(name, None)

    def _fill(self, head: Fact, name: str, offset: int) -> None:
        """Fetch and apply what lies between our position and the live message; nothing may follow before that."""
        while (stands_at := self._positions[name]) < head.prev:
            log.warning("gap", topic=head.topic, partition=head.partition, after=stands_at, upto=head.prev)
            for message in self._outlast(
                lambda: self._feed.range(
                    head.source, full_name(head.topic), head.partition, self._positions[name], head.prev
                )
            ):
                # Should we crash here, the live message after the gap must be read again: hence its offset.
                missed = self._wire.fact(message, decoded=False)
                self._apply_chained(replace(message, offset=offset - 1), missed, name)
            if self._positions[name] == stands_at:
                self._pause(_OUTAGE_SECONDS)

    def _apply_chained(self, message: Message, head: Fact, name: str) -> None:
        pending = self._pending.get(name)
        # From where we stand, not from `prev`: a chain may leave out what its source does not publish any more.
        stands_at = pending.prev if pending else self._positions[name]
        move = Move(name, stands_at, head.id, message.offset, head.event_id)
        place = (message.topic, message.partition)
        if message.key in self._parked.get(place, ()):
            self._outlast(lambda: self._app.commit(Effects(writes=(self._parking.park(message, "behind"),)), [move]))
        elif head.type not in self._heard[head.topic]:
            # Nothing to do but to move on; saved together with the next effect, or at the end of the batch.
            self._pending[name] = move
            self._positions[name] = head.id
            return
        else:
            self._apply(message, moves=(move,))
        self._pending.pop(name, None)
        self._positions[name] = head.id

    def _apply(self, message: Message, moves: Sequence[Move]) -> None:
        """Handle and commit; retried, then parked. Raises _Wait, and Duplicate or Gap as `commit` does."""
        place = (message.topic, message.partition)
        pauses, conflicts = list(_ATTEMPT_PAUSES), 0
        while True:
            try:
                self._handle(message, moves)
                self._holding.settled(place)
                return None
            except (Duplicate, Gap):
                raise
            except VersionConflict as conflict:
                conflicts += 1
                if conflicts > _CONFLICTS_AT_MOST:
                    return self._park(message, moves, conflict)
            except NotYet as early:
                if (seconds := self._holding.pause(place)) is None:
                    return self._park(message, moves, early)
                raise _Wait(seconds) from early
            except _TRANSIENT as outage:
                log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
                self._pause(_OUTAGE_SECONDS)
            except Exception as error:
                if not pauses:
                    return self._park(message, moves, error)
                log.warning("handler failed, trying again", type=_type(message), exc_info=error)
                self._pause(pauses.pop(0))

    def _handle(self, message: Message, moves: Sequence[Move]) -> None:
        fact = self._wire.fact(message)
        handler = self._heard[fact.topic].get(fact.type)
        with causality.bound(fact.cause(self._wire.service)):
            effects = handler(fact) if handler is not None else NOTHING
            self._app.commit(effects, moves)
        if self._applied is not None:
            self._applied(fact)

    def _park(self, message: Message, moves: Sequence[Move], why: Exception) -> None:
        log.error("parked", type=_type(message), key=message.key.decode(errors="replace"), exc_info=why)
        write = self._parking.park(message, f"{type(why).__name__}: {why}")
        self._outlast(lambda: self._app.commit(Effects(writes=(write,)), moves))
        self._parked.setdefault((message.topic, message.partition), set()).add(message.key)

    # --- saving -------------------------------------------------------------------------------------

    def _flush(self) -> None:
        moves = list(self._pending.values())
        if not moves:
            return
        try:
            self._outlast(lambda: self._app.commit(NOTHING, moves))
            self._pending.clear()
        except (Duplicate, Gap):
            self._forget()

    def _outlast(self, what: Callable[[], R]) -> R:
        """Do it, however long the database or a source is away; gives up only when the process stops."""
        while True:
            try:
                return what()
            except _TRANSIENT as outage:
                log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
                self._pause(_OUTAGE_SECONDS)

    def _pause(self, seconds: float) -> None:
        self._sleep(seconds)
        if self.stopping.is_set():
            raise _Stopped


def _type(message: Message) -> str:
    return message.headers.get("type", b"?").decode()
