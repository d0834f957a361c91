"""The inbox: every fact that a service hears takes effect exactly once, in order per key.

A consumer's position lies in its own database and moves, by compare-and-set, in the transaction of the effects. Each
message names the one before it (`prev`), so a lost message is noticed and fetched from its source, and a repeated
one is skipped, whatever the broker does. Kafka's own offsets are only a hint for its tools.
"""

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
from deployforge_chassis.parking import Parking
from deployforge_chassis.part import ThreadPart
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

#: What may pass by itself and says nothing about the message.
_TRANSIENT = (OperationalError, InterfaceError, RegistryUnavailable, UnknownSchema, grpc.RpcError)


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
        applied: _Observer | None = None,
    ) -> None:
        super().__init__("inbox")
        self._app, self._bus, self._wire, self._feed = app, bus, wire, feed
        self._heard: Mapping[str, Mapping[str, Handler]] = heard
        self._topics: Mapping[str, Topic] = {full_name(name): wire.topics[name] for name in heard}
        self._parking = Parking(app.database)
        self._sleep = sleep or self.stopping.wait
        self._applied = applied
        self._positions: dict[str, int] = {}
        self._parked: dict[Place, set[bytes]] = {}
        self._pending: dict[str, Move] = {}

    # --- the loop --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Consume until stopped."""
        consumer = self._bus.consumer(self._wire.service, list(self._topics), self._on_assigned, self._on_revoked)
        try:
            while not self.stopping.is_set():
                self.step(consumer, _POLL_SECONDS)
        finally:
            consumer.close()

    def step(self, consumer: Consumer, timeout_seconds: float) -> int:
        """Poll once and apply what came; how many messages that were."""
        messages = consumer.poll(timeout_seconds)
        for message in messages:
            if self.stopping.is_set():
                break
            self._receive(message, consumer)
        self._flush()
        consumer.hint({(m.topic, m.partition): m.offset + 1 for m in messages})
        return len(messages)

    def _on_assigned(self, places: Sequence[Place]) -> Mapping[Place, int | Start]:
        self._forget()
        starts: dict[Place, int | Start] = {}
        for topic_name, partition in places:
            topic = self._topics[topic_name]
            self._parked[topic_name, partition] = self._parking.keys(topic_name, partition)
            row = self._app.database.one(
                "SELECT message_offset FROM positions WHERE name LIKE %s ORDER BY message_offset DESC LIMIT 1",
                (f"%#{topic.name}#{partition}",),
            )
            if row is not None and topic.kind != "telemetry":
                starts[topic_name, partition] = row["message_offset"] + 1
            else:
                starts[topic_name, partition] = Start.END if topic.starts == "now" else Start.BEGINNING
        log.info("partitions assigned", count=len(places))
        return starts

    def _on_revoked(self, places: Sequence[Place]) -> None:
        self._forget()

    def _forget(self) -> None:
        """Positions and moves not yet saved belong to whoever owns the partition next."""
        self._positions.clear()
        self._pending.clear()

    # --- one message -----------------------------------------------------------------------------------

    def _receive(self, message: Message, consumer: Consumer | None) -> None:
        topic = self._topics[message.topic]
        if topic.kind != "fact":
            self._apply(message, moves=())
            if topic.kind == "upsert":
                self._remember_offset(message, topic)
            return
        head = self._wire.fact(message, decoded=False)
        name = position_name(head.source, head.era, head.topic, head.partition)
        stands_at = self._position(name, head, topic)
        if head.id <= stands_at:
            return
        if head.prev > stands_at:
            self._fill(head, stands_at, message.offset)
        self._apply_chained(message, head, name)

    def _fill(self, head: Fact, stands_at: int, offset: int) -> None:
        """Fetch and apply what lies between our position and the live message."""
        log.warning("gap", topic=head.topic, partition=head.partition, after=stands_at, upto=head.prev)
        missed = self._outlast(
            lambda: self._feed.range(head.source, full_name(head.topic), head.partition, stands_at, head.prev)
        )
        for message in missed:
            lost = self._wire.fact(message, decoded=False)
            name = position_name(lost.source, lost.era, lost.topic, lost.partition)
            # Should we crash here, the live message after the gap must be read again.
            self._apply_chained(replace(message, offset=offset - 1), lost, name)

    def _apply_chained(self, message: Message, head: Fact, name: str) -> None:
        pending = self._pending.get(name)
        move = Move(name, pending.prev if pending else head.prev, head.id, message.offset, head.event_id)
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
        """Handle and commit; retried, then parked."""
        pauses, not_yet, conflicts = list(_ATTEMPT_PAUSES), list(_NOT_YET_PAUSES), 0
        while not self.stopping.is_set():
            try:
                self._handle(message, moves)
                return
            except Duplicate:
                return
            except Gap:
                # Another member of the group moved on; what we remember is old.
                self._forget()
                return
            except VersionConflict as conflict:
                conflicts += 1
                if conflicts > _CONFLICTS_AT_MOST:
                    self._park(message, moves, conflict)
                    return
            except NotYet as early:
                if not not_yet:
                    self._park(message, moves, early)
                    return
                self._sleep(not_yet.pop(0))
            except _TRANSIENT as outage:
                log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
                self._sleep(_OUTAGE_SECONDS)
            except Exception as error:
                if not pauses:
                    self._park(message, moves, error)
                    return
                log.warning("handler failed, trying again", type=_type(message), exc_info=error)
                self._sleep(pauses.pop(0))

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

    # --- positions -------------------------------------------------------------------------------------

    def _position(self, name: str, head: Fact, topic: Topic) -> int:
        if name not in self._positions:
            row = self._outlast(lambda: self._app.database.one("SELECT id FROM positions WHERE name = %s", (name,)))
            if row is None and topic.starts == "now":
                # A new consumer that starts now: whatever came before is not for it.
                self._outlast(
                    lambda: self._app.database.query(
                        "INSERT INTO positions (name, id, message_offset) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                        (name, head.prev, head.offset - 1),
                    )
                )
            self._positions[name] = row["id"] if row else (head.prev if topic.starts == "now" else 0)
        return self._positions[name]

    def _remember_offset(self, message: Message, topic: Topic) -> None:
        name = f"upserts#{topic.name}#{message.partition}"
        self._outlast(
            lambda: self._app.database.query(
                "INSERT INTO positions (name, id, message_offset) VALUES (%s, 0, %s) "
                "ON CONFLICT (name) DO UPDATE SET message_offset = EXCLUDED.message_offset",
                (name, message.offset),
            )
        )

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
                if self.stopping.is_set():
                    raise
                log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
                self._sleep(_OUTAGE_SECONDS)


def _type(message: Message) -> str:
    return message.headers.get("type", b"?").decode()
