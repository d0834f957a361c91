"""Messages take effect: many in one transaction where nothing is wrong, one by one where something is.

A batch is one unit of work: handlers run in order, each sees what those before it wrote, and all positions move in the
same transaction. When it fails it leaves no trace and half of it is tried, until what is wrong stands alone.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from deployforge_chassis import causality
from deployforge_chassis.brake import Brake
from deployforge_chassis.bus import Place
from deployforge_chassis.chain import Step
from deployforge_chassis.eventstore import Duplicate, EventSourcedApplication, Gap, VersionConflict
from deployforge_chassis.facts import NOTHING, Effects, Fact, Heard, Message, Move, NotYet, Write
from deployforge_chassis.holding import Holding
from deployforge_chassis.parking import BEHIND, Parking, reason
from deployforge_chassis.patience import TRANSIENT, Patience
from deployforge_chassis.positions import Positions
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.wire import Wire

log = structlog.get_logger(__name__)

#: Messages of one transaction: beyond this the commit costs little beside the rest.
BATCH_MESSAGES = 100
#: A transaction takes no further message after this long: others wait for its locks.
_BATCH_SECONDS = 0.05
#: Pauses between attempts at a message that a handler refuses; then its key is parked.
_ATTEMPT_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0)
_CONFLICTS_AT_MOST = 50


class _Wait(Exception):
    """What the message needs is not known yet."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Applier:
    """Applies the steps of one consumer; used by one thread."""

    def __init__(
        self,
        app: EventSourcedApplication,
        wire: Wire,
        heard: Heard,
        positions: Positions,
        parking: Parking,
        holding: Holding,
        patience: Patience,
        applied: Callable[[Fact], object],
        batch_messages: int,
        brake: Brake,
    ) -> None:
        self._app, self._wire, self._heard = app, wire, heard
        self._positions, self._parking, self._holding = positions, parking, holding
        self._patience, self._applied, self._batch_messages = patience, applied, batch_messages
        self._brake = brake
        self._parked: dict[Place, set[bytes]] = {}

    def begin(self, place: Place) -> None:
        """A partition was assigned."""
        self._parked[place] = self._parking.keys(*place)

    def apply(self, steps: Sequence[Step]) -> None:
        """Apply in order; a partition whose message must wait, or all when too much was parked, is held in memory.

        Raises Duplicate or Gap when another member has moved a position: judge again by what the database says.
        """
        left = list(steps)
        while left:
            self._patience.go_on()
            if self._brake.is_on():
                # Whatever is in hand waits, in its order, until the brake is released.
                left = self._hold(left[0], left[1:], 0)
                continue
            if done := self._together(left[: self._batch_messages]):
                left = left[done:]
                continue
            first, *left = left
            try:
                self._alone(first)
            except _Wait as wait:
                left = self._hold(first, left, wait.seconds)

    def _hold(self, first: Step, left: Sequence[Step], seconds: float) -> list[Step]:
        self._holding.hold(first.place, first.origin, seconds)
        kept = first.origin
        for step in left:
            if step.place == first.place and step.origin is not kept:
                kept = step.origin
                self._holding.behind(first.place, kept)
        return [step for step in left if step.place != first.place]

    # --- many ----------------------------------------------------------------------------------------

    def _together(self, steps: Sequence[Step]) -> int:
        """How many, from the first, were applied in one transaction; 0 when the first must be applied alone."""
        while len(steps) > 1:
            try:
                return self._one_transaction(steps)
            except (Duplicate, Gap):
                raise
            except Exception as error:
                log.info("batch failed, trying half of it", messages=len(steps), reason=reason(error))
                steps = steps[: len(steps) // 2]
        return 0

    def _one_transaction(self, steps: Sequence[Step]) -> int:
        facts = [self._wire.fact(step.message) if step.heard else None for step in steps]
        began, taken = time.monotonic(), 0
        with self._app.unit_of_work() as unit:
            for step, fact in zip(steps, facts, strict=True):
                if taken and time.monotonic() - began > _BATCH_SECONDS:
                    break
                try:
                    if not self._parked_behind(step):
                        self._handle(step, fact)
                except NotYet:
                    break
                taken += 1
            unit.moves = _moves(steps[:taken])
            self._app.commit(Effects(writes=_marks(steps[:taken])))
        self._positions.moved(unit.moves)
        for step, fact in zip(steps[:taken], facts, strict=False):
            self._holding.settled(step.place)
            if fact is not None:
                self._applied(fact)
        return taken

    def _handle(self, step: Step, fact: Fact | None, moves: Sequence[Move] = ()) -> None:
        if fact is not None:
            handler = self._heard[fact.topic].get(fact.type)
            with causality.bound(fact.cause(self._wire.service)):
                self._app.commit(handler(fact) if handler is not None else NOTHING, moves)
        else:
            self._app.commit(NOTHING, moves)

    def _parked_behind(self, step: Step) -> bool:
        """Whether the message had to be parked behind others of its key; in a unit of work."""
        keys, key = self._parked.get(step.place, set()), step.message.key
        if key not in keys:
            return False
        if not self._parking.is_parked((*step.place, key)):
            # Replayed meanwhile, perhaps by another process.
            keys.discard(key)
            return False
        self._app.commit(Effects(writes=self._parking.park(step.message, BEHIND)))
        return True

    # --- one -----------------------------------------------------------------------------------------

    def _alone(self, step: Step) -> None:
        """Handle and commit; retried, then parked. Raises _Wait, and Duplicate or Gap as `commit` does."""
        moves = [step.move] if step.move else []
        pauses, conflicts = list(_ATTEMPT_PAUSES), 0
        while True:
            try:
                if step.message.key in self._parked.get(step.place, ()) and self._alone_behind(step, moves):
                    return None
                fact = self._wire.fact(step.message) if step.heard else None
                self._handle(step, fact, moves)
                self._app.commit(Effects(writes=_marks([step])))
            except (Duplicate, Gap):
                raise
            except VersionConflict as conflict:
                conflicts += 1
                if conflicts > _CONFLICTS_AT_MOST:
                    return self._park(step, moves, conflict)
            except Shredded as gone:
                # It came too late: of that deployment nothing is kept any more, nor may anything be kept again.
                log.info("dropped", type=_type(step.message), reason=str(gone))
                self._patience.outlast(lambda: self._app.commit(Effects(writes=_marks([step])), moves))
                self._positions.moved(moves)
                self._holding.settled(step.place)
                return None
            except NotYet as early:
                if (seconds := self._holding.pause(step.place)) is None:
                    return self._park(step, moves, early)
                raise _Wait(seconds) from early
            except TRANSIENT as outage:
                self._patience.wait_out(outage)
            except Exception as error:
                if not pauses:
                    return self._park(step, moves, error)
                log.warning("handler failed, trying again", type=_type(step.message), exc_info=error)
                self._patience.pause(pauses.pop(0))
            else:
                self._positions.moved(moves)
                self._holding.settled(step.place)
                if fact is not None:
                    self._applied(fact)
                return None

    def _alone_behind(self, step: Step, moves: Sequence[Move]) -> bool:
        with self._app.unit_of_work() as unit:
            if not self._parked_behind(step):
                return False
            unit.moves = moves
            self._app.commit(Effects(writes=_marks([step])))
        self._positions.moved(moves)
        return True

    def _park(self, step: Step, moves: Sequence[Move], why: Exception) -> None:
        message = step.message
        log.error("parked", type=_type(message), key=message.key.decode(errors="replace"), exc_info=why)
        writes = self._patience.outlast(lambda: self._parking.park(message, reason(why)))
        # Before it is saved: who does not learn whether it was must not let a later message of the key pass. Whether
        # the key is parked is asked of the table then.
        self._parked.setdefault(step.place, set()).add(message.key)
        self._patience.outlast(lambda: self._app.commit(Effects(writes=(*writes, *_marks([step]))), moves))
        self._positions.moved(moves)
        self._brake.parked()


def _moves(steps: Sequence[Step]) -> list[Move]:
    """From where each position stands to where the last step puts it."""
    moves: dict[str, Move] = {}
    for step in steps:
        if (move := step.move) is not None:
            first = moves.get(move.name, move)
            moves[move.name] = move._replace(prev=first.prev)
    return list(moves.values())


def _marks(steps: Sequence[Step]) -> list[Write]:
    """How far partitions without a chain were read."""
    return list({step.place: Positions.mark(step.message) for step in steps if step.upsert}.values())


def _type(message: Message) -> str:
    return message.headers.get("type", b"?").decode()
