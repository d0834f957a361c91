"""The inbox: every fact that a service hears takes effect exactly once, in order per key.

A consumer's position lies in its own database and moves, by compare-and-set, in the transaction of the effects. Each
message names the one before it (`prev`), so a lost message is noticed and fetched from its source, and a repeated
one is skipped, whatever the broker does. Kafka's own offsets are only a hint for its tools.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from deployforge_chassis.applying import BATCH_MESSAGES, Applier
from deployforge_chassis.brake import Brake, Limits
from deployforge_chassis.bus import Bus, Consumer, Place, Start
from deployforge_chassis.chain import Chain
from deployforge_chassis.eventstore import Duplicate, EventSourcedApplication, Gap
from deployforge_chassis.facts import Fact, Heard, Message
from deployforge_chassis.feed import Feed
from deployforge_chassis.holding import Holding
from deployforge_chassis.parking import Parking
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.patience import Patience, Stopped
from deployforge_chassis.positions import Positions
from deployforge_chassis.replaying import Replay
from deployforge_chassis.topics import Topic, full_name
from deployforge_chassis.wire import Wire

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.25
#: Pauses while what a message needs is not known yet; then its key is parked.
_NOT_YET_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: So many messages of one partition may wait in memory; above that no more of it are read.
_HELD_AT_MOST = 1_000


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
        applied: Callable[[Fact], object] | None = None,
        batch_messages: int = BATCH_MESSAGES,
        limits: Limits = Limits(),
    ) -> None:
        super().__init__("inbox")
        self._bus, self._wire = bus, wire
        self._topics: Mapping[str, Topic] = {full_name(name): wire.topics[name] for name in heard}
        self._sleep = sleep or self.stopping.wait
        patience = Patience(self._sleep, self.stopping.is_set)
        self._holding = Holding(now, _NOT_YET_PAUSES)
        self._positions = Positions(app.database)
        self._parking = Parking(app.database, app.sealer)
        self.replay = Replay(app, wire, heard, self._parking)
        self.brake = Brake(now, limits)
        self._owned: set[Place] = set()
        self._paused: set[Place] = set()
        self._chain = Chain(wire, feed, self._positions, self._topics, heard, patience)
        self._applier = Applier(
            app, wire, heard, self._positions, self._parking, self._holding, patience, applied or (lambda _: None),
            batch_messages, self.brake,
        )  # fmt: skip

    # --- the loop --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Consume until stopped."""
        consumer = self.join()
        try:
            while not self.stopping.is_set():
                self.step(consumer, _POLL_SECONDS)
        except Stopped:
            log.info("inbox stopped half-way through a message")
        finally:
            consumer.close()

    def join(self) -> Consumer:
        """Become a member of the service's group; `step` then applies what it gets."""
        return self._bus.consumer(self._wire.service, list(self._topics), self._on_assigned, self._on_revoked)

    def step(self, consumer: Consumer, timeout_seconds: float) -> int:
        """Poll once and apply what came; how many messages came or still wait."""
        if not self.brake.is_on():
            self._take([message for waited in self._holding.due() for message in waited])
        self._pause_or_resume(consumer)
        if not self.brake.is_on():
            timeout_seconds = self._holding.seconds_until_due(timeout_seconds)
        messages = consumer.poll(timeout_seconds)
        self._take(messages)
        consumer.hint({(m.topic, m.partition): m.offset + 1 for m in messages})
        return len(messages) + len(self._holding)

    def _pause_or_resume(self, consumer: Consumer) -> None:
        """Read nothing while the brake is on, and nothing of partitions that wait with much in memory already."""
        wanted = self._owned if self.brake.is_on() else self._holding.places_above(_HELD_AT_MOST)
        if resumed := sorted(self._paused - wanted):
            consumer.resume(resumed)
        if paused := sorted(wanted - self._paused):
            consumer.pause(paused)
        self._paused = set(wanted)

    def _take(self, messages: Sequence[Message]) -> None:
        """Apply each, or hold it behind the one that its partition waits for."""
        fresh = [m for m in messages if not self._holding.behind((m.topic, m.partition), m)]
        while fresh:
            try:
                self._applier.apply(self._chain.steps(fresh))
                return
            except (Duplicate, Gap) as moved:
                # Another member of the group has moved a position: judge again by what the database says.
                log.info("positions read again", reason=str(moved))
                self._positions.forget_all()
                fresh = [m for m in fresh if (m.topic, m.partition) not in self._holding]

    def _on_assigned(self, places: Sequence[Place]) -> Mapping[Place, int | Start]:
        self._positions.forget_all()
        self._holding.drop(places)
        starts: dict[Place, int | Start] = {}
        for place in places:
            self._applier.begin(place)
            self._owned.add(place)
            self._paused.discard(place)
            starts[place] = self._positions.start(self._topics[place[0]], place[1])
        log.info("partitions assigned", count=len(places))
        return starts

    def _on_revoked(self, places: Sequence[Place]) -> None:
        self._positions.forget_all()
        self._holding.drop(places)
        self._owned.difference_update(places)
        self._paused.difference_update(places)
