"""The port to a partitioned log. `KafkaBus` is the real one, `LocalBus` the same in memory for tests."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from deployforge_chassis.facts import Message

#: Key, value and headers of one message together; below what a broker takes by default.
MESSAGE_BYTES_AT_MOST = 1_000_000


class Start(Enum):
    """Where to begin in a partition when no offset is known."""

    BEGINNING = "beginning"
    END = "end"


#: (full topic name, partition)
Place = tuple[str, int]
#: Told which partitions this consumer has got; answers where to begin in each.
Assigned = Callable[[Sequence[Place]], Mapping[Place, int | Start]]
#: Told which partitions it has lost.
Revoked = Callable[[Sequence[Place]], None]


class ProduceFailed(Exception):
    """At least one message was not acknowledged; which ones are in the log is not known."""


class BusAway(Exception):
    """No broker answers."""


class Consumer(Protocol):
    """One member of a consumer group; used by one thread."""

    def poll(self, timeout_seconds: float, limit: int = 500) -> list[Message]:
        """The next messages, in order per partition; empty when none came in time. Calls Assigned and Revoked."""
        ...

    def seek(self, place: Place, offset: int) -> None:
        """Go on at this offset of an assigned partition."""
        ...

    def pause(self, places: Sequence[Place]) -> None:
        """Give no more messages of these assigned partitions, and stay a member of the group; poll goes on."""
        ...

    def resume(self, places: Sequence[Place]) -> None:
        """Go on where these partitions were paused; harmless for one that was not. A new assignment is not paused."""
        ...

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """The offset that the next message of each partition will have."""
        ...

    def hint(self, offsets: Mapping[Place, int]) -> None:
        """Tell the broker how far we are, for its tools to show; never relied upon."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class Bus(Protocol):
    """A partitioned log."""

    def produce(self, messages: Sequence[Message]) -> None:
        """Append, in order per partition; returns when every replica that must has it. Raises ProduceFailed."""
        ...

    def newest(self, topics: Sequence[str]) -> Mapping[Place, Message]:
        """The last message of each partition of these topics (full names) that has one. Raises BusAway."""
        ...

    def consumer(self, group: str, topics: Sequence[str], assigned: Assigned, revoked: Revoked) -> Consumer:
        """Join a group on full topic names."""
        ...

    def close(self) -> None:
        """Give up all connections."""
        ...
