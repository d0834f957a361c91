"""From messages as they come to messages as they are to be applied: nothing twice, nothing left out.

Each message of a source names the one before it in its partition. What lies before our position was applied already;
what is missing between our position and a message is fetched from the source and comes first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from deployforge_chassis.bus import Place
from deployforge_chassis.facts import Fact, Heard, Message, Move
from deployforge_chassis.feed import Feed
from deployforge_chassis.patience import OUTAGE_SECONDS, Patience
from deployforge_chassis.positions import Positions
from deployforge_chassis.topics import Topic, full_name
from deployforge_chassis.wire import Wire, position_name

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Step:
    """A message whose turn it is, once those before it are applied."""

    message: Message
    origin: Message
    """What was read from the bus: the message itself, or the one after the gap in which it was missing."""
    move: Move | None
    """Of the position; None outside a chain."""
    heard: bool
    """Whether there is a handler for it."""
    upsert: bool = False

    @property
    def place(self) -> Place:
        """Where it was read."""
        return (self.origin.topic, self.origin.partition)


class Chain:
    """The chains that one consumer follows; used by one thread."""

    def __init__(
        self, wire: Wire, feed: Feed, positions: Positions, topics: Mapping[str, Topic], heard: Heard, patience: Patience
    ) -> None:
        self._wire, self._feed, self._positions = wire, feed, positions
        self._topics, self._heard, self._patience = topics, heard, patience

    def steps(self, messages: Sequence[Message]) -> list[Step]:
        """What is to be applied because of these messages, in order; fills gaps, however long their source is away."""
        standing: dict[str, int] = {}
        return [step for message in messages for step in self._steps(message, standing)]

    def _steps(self, message: Message, standing: dict[str, int]) -> Iterator[Step]:
        topic = self._topics[message.topic]
        head = self._wire.fact(message, decoded=False)
        heard = head.type in self._heard[head.topic] or topic.kind != "fact"
        if topic.kind != "fact":
            yield Step(message, message, None, heard, upsert=topic.kind == "upsert")
            return
        name = position_name(head.source, head.era, head.topic, head.partition)
        if name not in standing:
            standing[name] = self._patience.outlast(lambda: self._positions.of(name, head, topic))
        if head.prev > standing[name]:
            yield from self._missing(message, head, name, standing)
        if head.id > standing[name]:
            yield self._step(message, message, head, name, standing)

    def _missing(self, live: Message, head: Fact, name: str, standing: dict[str, int]) -> Iterator[Step]:
        """What lies between our position and the live message; nothing may follow before that."""
        while (stands_at := standing[name]) < head.prev:
            log.warning("gap", topic=head.topic, partition=head.partition, after=stands_at, upto=head.prev)
            for message in self._patience.outlast(lambda: self._range(head, standing[name])):
                # Should we crash here, the live message after the gap must be read again: hence its offset.
                missed = self._wire.fact(message, decoded=False)
                if missed.id > standing[name] and not _of_a_later_era(missed, head):
                    yield self._step(replace(message, offset=live.offset - 1), live, missed, name, standing)
            if standing[name] == stands_at:
                self._patience.pause(OUTAGE_SECONDS)

    def _range(self, head: Fact, after: int) -> list[Message]:
        return self._feed.range(head.source, full_name(head.topic), head.partition, after, head.prev)

    def _step(self, message: Message, origin: Message, head: Fact, name: str, standing: dict[str, int]) -> Step:
        # From where we stand, not from `prev`: a chain may leave out what its source does not publish any more.
        move = Move(name, standing[name], head.id, message.offset, head.event_id)
        standing[name] = head.id
        return Step(message, origin, move, head.type in self._heard[head.topic])


def _of_a_later_era(missed: Fact, head: Fact) -> bool:
    """Whether the source, restored since, tells of something else that has the id of what it has lost."""
    shared = missed.shared_with(head.era)
    return shared is not None and missed.id > shared
