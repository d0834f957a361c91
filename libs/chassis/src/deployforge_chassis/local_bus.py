"""A bus in memory, for tests and for thinking: same contract suite as Kafka."""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from deployforge_chassis.bus import MESSAGE_BYTES_AT_MOST, Assigned, BusAway, Place, ProduceFailed, Revoked, Start
from deployforge_chassis.facts import Message
from deployforge_chassis.topics import Topics


class LocalBus:
    """Partitions are lists; groups share them out round robin whenever a member comes or goes."""

    def __init__(self, topics: Topics) -> None:
        self._partitions = {topic.full_name: topic.partitions for topic in topics.values()}
        self.log: dict[Place, list[Message]] = defaultdict(list)
        self._groups: dict[str, list[LocalConsumer]] = defaultdict(list)
        self.changed = threading.Condition()
        self.down = False
        """Set to make every produce fail, as when no broker answers."""

    def produce(self, messages: Sequence[Message]) -> None:
        """See Bus."""
        with self.changed:
            if self.down:
                raise ProduceFailed("the bus is down")
            for message in messages:
                if message.partition not in range(self._partitions.get(message.topic, 0)):
                    raise ProduceFailed(f"unknown topic or partition {message.topic}[{message.partition}]")
                if _size(message) > MESSAGE_BYTES_AT_MOST:
                    raise ProduceFailed(f"a message for {message.topic} is too large: {_size(message)} bytes")
                partition = self.log[message.topic, message.partition]
                partition.append(replace(message, offset=len(partition)))
            self.changed.notify_all()

    def newest(self, topics: Sequence[str]) -> Mapping[Place, Message]:
        """See Bus."""
        with self.changed:
            if self.down:
                raise BusAway("the bus is down")
            return {place: log[-1] for place, log in self.log.items() if log and place[0] in topics}

    def consumer(self, group: str, topics: Sequence[str], assigned: Assigned, revoked: Revoked) -> "LocalConsumer":
        """See Bus."""
        member = LocalConsumer(self, group, topics, assigned, revoked)
        with self.changed:
            self._groups[group].append(member)
            self._share_out(group)
        return member

    def leave(self, member: "LocalConsumer") -> None:
        """Take a member out of its group."""
        with self.changed:
            if member in self._groups[member.group]:
                self._groups[member.group].remove(member)
                self._share_out(member.group)

    def _share_out(self, group: str) -> None:
        members = self._groups[group]
        wanted: dict[LocalConsumer, set[Place]] = {member: set() for member in members}
        for topic, count in self._partitions.items():
            interested = [member for member in members if topic in member.topics]
            for partition in range(count if interested else 0):
                wanted[interested[partition % len(interested)]].add((topic, partition))
        for member, places in wanted.items():
            member.wanted = places
        self.changed.notify_all()

    def close(self) -> None:
        """See Bus."""


def _size(message: Message) -> int:
    headers = sum(len(name) + len(value) for name, value in message.headers.items())
    return len(message.key) + len(message.value or b"") + headers


class LocalConsumer:
    """See Consumer."""

    def __init__(self, bus: LocalBus, group: str, topics: Sequence[str], assigned: Assigned, revoked: Revoked) -> None:
        self._bus, self.group, self.topics = bus, group, tuple(topics)
        self._assigned, self._revoked = assigned, revoked
        self.wanted: set[Place] = set()
        self._next: dict[Place, int] = {}
        self._paused: set[Place] = set()
        self.hints: dict[Place, int] = {}

    def poll(self, timeout_seconds: float, limit: int = 500) -> list[Message]:
        """See Consumer."""
        self._rebalance()
        deadline = time.monotonic() + timeout_seconds
        with self._bus.changed:
            while True:
                if found := self._take(limit):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.wanted != self._next.keys():
                    return []
                self._bus.changed.wait(left)

    def _rebalance(self) -> None:
        wanted = set(self.wanted)
        if lost := sorted(self._next.keys() - wanted):
            for place in lost:
                del self._next[place]
                self._paused.discard(place)
            self._revoked(lost)
        if gained := sorted(wanted - self._next.keys()):
            for place, start in self._assigned(gained).items():
                ends = {Start.BEGINNING: 0, Start.END: len(self._bus.log[place])}
                self._next[place] = ends[start] if isinstance(start, Start) else start

    def _take(self, limit: int) -> list[Message]:
        found: list[Message] = []
        for place, offset in self._next.items():
            if place in self._paused:
                continue
            messages = self._bus.log[place][offset : offset + limit - len(found)]
            found.extend(messages)
            self._next[place] = offset + len(messages)
        return found

    def seek(self, place: Place, offset: int) -> None:
        """See Consumer."""
        self._next[place] = offset

    def pause(self, places: Sequence[Place]) -> None:
        """See Consumer."""
        self._paused.update(places)

    def resume(self, places: Sequence[Place]) -> None:
        """See Consumer."""
        self._paused.difference_update(places)

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """See Consumer."""
        with self._bus.changed:
            return {place: len(self._bus.log[place]) for place in places}

    def hint(self, offsets: Mapping[Place, int]) -> None:
        """See Consumer."""
        self.hints.update(offsets)

    def close(self) -> None:
        """See Consumer."""
        self._bus.leave(self)
