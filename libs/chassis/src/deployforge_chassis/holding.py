"""Partitions that wait: a message whose time has not come holds back its own partition and no other.

What it waits for often comes through another partition of the same consumer, so nothing may block meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deployforge_chassis.bus import Place
from deployforge_chassis.facts import Message


@dataclass
class _Wait:
    due: float
    messages: list[Message] = field(default_factory=list)


class Holding:
    """The waiting partitions of one consumer; used by one thread. Times are seconds of `now`."""

    def __init__(self, now: Callable[[], float], pauses: Sequence[float]) -> None:
        self._now, self._pauses = now, tuple(pauses)
        self._waits: dict[Place, _Wait] = {}
        self._attempts: dict[Place, int] = {}

    def pause(self, place: Place) -> float | None:
        """How long the partition's next message has to wait now, longer each time; None when it has waited enough."""
        attempt = self._attempts.get(place, 0)
        if attempt == len(self._pauses):
            self.settled(place)
            return None
        self._attempts[place] = attempt + 1
        return self._pauses[attempt]

    def settled(self, place: Place) -> None:
        """The partition's next message was applied or parked: the one after it starts with full patience."""
        self._attempts.pop(place, None)

    def hold(self, place: Place, message: Message, seconds: float) -> None:
        """Keep a message, first of its partition, for so long."""
        self._waits[place] = _Wait(self._now() + seconds, [message])

    def behind(self, place: Place, message: Message) -> bool:
        """Keep a message behind the one its partition waits for; False when that does not wait."""
        if (wait := self._waits.get(place)) is None:
            return False
        wait.messages.append(message)
        return True

    def due(self) -> list[list[Message]]:
        """The messages, in order, of each partition that has waited long enough; they are not kept any longer."""
        now = self._now()
        return [self._waits.pop(place).messages for place in list(self._waits) if self._waits[place].due <= now]

    def drop(self, places: Sequence[Place]) -> None:
        """Partitions that were assigned anew are read anew."""
        for place in places:
            self._waits.pop(place, None)
            self._attempts.pop(place, None)

    def seconds_until_due(self, at_most: float) -> float:
        """Until the first partition has waited long enough."""
        now = self._now()
        return max(0.0, min([at_most, *(wait.due - now for wait in self._waits.values())]))

    def places_above(self, messages: int) -> set[Place]:
        """The waiting partitions that keep more than so many messages."""
        return {place for place, wait in self._waits.items() if len(wait.messages) > messages}

    def __contains__(self, place: object) -> bool:
        return place in self._waits

    def __len__(self) -> int:
        return sum(len(wait.messages) for wait in self._waits.values())
