"""What every bus must do. A test class that inherits `BusContract` and gives it a bus runs the whole suite on it.

Subclasses define two fixtures: `bus` (a Bus) and `topic` (full name of an empty topic with two partitions).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from deployforge_chassis.bus import MESSAGE_BYTES_AT_MOST, Bus, Consumer, Place, ProduceFailed, Start
from deployforge_chassis.facts import Message

_DEADLINE_SECONDS = 30.0


class Member:
    """A consumer that remembers what it was told."""

    def __init__(self, bus: Bus, group: str, topic: str, starts: Mapping[int, int | Start] | None = None) -> None:
        self.owned: set[Place] = set()
        self.got: list[Message] = []
        self._starts = starts or {}
        self.consumer: Consumer = bus.consumer(group, [topic], self._on_assigned, self._on_revoked)

    def _on_assigned(self, places: Sequence[Place]) -> Mapping[Place, int | Start]:
        self.owned.update(places)
        return {place: self._starts.get(place[1], Start.BEGINNING) for place in places}

    def _on_revoked(self, places: Sequence[Place]) -> None:
        self.owned.difference_update(places)

    def values(self, partition: int) -> list[bytes | None]:
        """What came from one partition, in the order in which it came."""
        return [message.value for message in self.got if message.partition == partition]

    def poll(self) -> None:
        """Read what is there."""
        self.got.extend(self.consumer.poll(0.1))

    def poll_for(self, count: int) -> None:
        """Read until `count` messages have come; more fail the test."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while len(self.got) < count:
            assert time.monotonic() < deadline, f"{len(self.got)} of {count} messages came"
            self.poll()
        assert len(self.got) == count


def _message(topic: str, partition: int, value: bytes | None) -> Message:
    return Message(topic, partition, b"key", value, {"id": b"7", "type": b"Said"})


class BusContract:
    """Inherit it, name the class Test…, and define the fixtures `bus` and `topic`."""

    @pytest.fixture
    def group(self) -> str:
        """A group that nobody else uses."""
        return f"contract-{uuid4()}"

    def test_what_is_produced_is_read_in_order_with_all_its_parts(self, bus: Bus, topic: str, group: str) -> None:
        sent = [_message(topic, n % 2, str(n).encode()) for n in range(40)]
        bus.produce(sent)
        member = Member(bus, group, topic)
        member.poll_for(40)
        member.consumer.close()
        for partition in (0, 1):
            here = [message for message in member.got if message.partition == partition]
            wanted = [message for message in sent if message.partition == partition]
            assert [replace(message, offset=-1) for message in here] == wanted
            assert [message.offset for message in here] == list(range(20))

    def test_a_message_without_a_value_stays_one(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, None), _message(topic, 0, b"")])
        member = Member(bus, group, topic)
        member.poll_for(2)
        member.consumer.close()
        assert member.values(0) == [None, b""]

    def test_each_partition_begins_where_its_reader_says(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, n % 2, str(n).encode()) for n in range(10)])
        member = Member(bus, group, topic, {0: 3, 1: Start.BEGINNING})
        member.poll_for(7)
        member.consumer.close()
        assert member.values(0) == [b"6", b"8"]
        assert len(member.values(1)) == 5

    def test_a_reader_that_begins_at_the_end_sees_only_what_comes_after(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, b"old")])
        member = Member(bus, group, topic, {0: Start.END, 1: Start.END})
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not member.got:
            assert time.monotonic() < deadline, "nothing came"
            member.poll()
            # Said again and again: when the end is looked up is the bus's affair.
            if member.owned:
                bus.produce([_message(topic, 0, b"new")])
        member.consumer.close()
        assert set(member.values(0)) == {b"new"}

    def test_a_group_begins_where_the_reader_says_whatever_was_hinted(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, str(n).encode()) for n in range(5)])
        first = Member(bus, group, topic)
        first.poll_for(5)
        first.consumer.hint({(topic, 0): 5})
        first.consumer.close()
        again = Member(bus, group, topic, {0: 2})
        again.poll_for(3)
        again.consumer.close()
        assert again.values(0) == [b"2", b"3", b"4"]

    def test_a_reader_that_waits_is_told_at_once(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, b"first")])
        member = Member(bus, group, topic)
        member.poll_for(1)
        bus.produce([_message(topic, 0, b"second")])
        started = time.monotonic()
        member.got.extend(member.consumer.poll(_DEADLINE_SECONDS))
        member.consumer.close()
        assert member.values(0) == [b"first", b"second"]
        assert time.monotonic() - started < _DEADLINE_SECONDS / 3

    def test_a_reader_can_go_back(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, str(n).encode()) for n in range(4)])
        member = Member(bus, group, topic)
        member.poll_for(4)
        member.consumer.seek((topic, 0), 2)
        member.poll_for(6)
        member.consumer.close()
        assert member.values(0)[4:] == [b"2", b"3"]

    def test_the_ends_are_where_the_next_messages_will_be(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 1, b"x"), _message(topic, 1, b"y")])
        member = Member(bus, group, topic)
        member.poll_for(2)
        assert member.consumer.ends([(topic, 0), (topic, 1)]) == {(topic, 0): 0, (topic, 1): 2}
        member.consumer.close()

    def test_a_paused_partition_gives_nothing_until_it_is_resumed(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, b"a"), _message(topic, 1, b"b")])
        member = Member(bus, group, topic)
        member.poll_for(2)
        member.consumer.pause([(topic, 0)])
        bus.produce([_message(topic, 0, b"c"), _message(topic, 1, b"d")])
        member.poll_for(3)
        for _ in range(5):
            member.poll()
        assert (member.values(0), member.values(1)) == ([b"a"], [b"b", b"d"])
        assert len(member.owned) == 2
        member.consumer.resume([(topic, 0), (topic, 1)])
        member.poll_for(4)
        assert member.values(0) == [b"a", b"c"]
        member.consumer.close()

    def test_the_newest_message_of_each_partition_is_known(self, bus: Bus, topic: str) -> None:
        assert bus.newest([topic]) == {}
        bus.produce([_message(topic, 1, b"x"), _message(topic, 1, b"y")])
        assert {place: message.value for place, message in bus.newest([topic]).items()} == {(topic, 1): b"y"}
        bus.produce([_message(topic, 0, b"z"), _message(topic, 1, None)])
        assert {place: m.value for place, m in bus.newest([topic]).items()} == {(topic, 0): b"z", (topic, 1): None}

    def test_members_share_the_partitions_and_inherit_those_of_one_that_leaves(
        self, bus: Bus, topic: str, group: str
    ) -> None:
        one, two = Member(bus, group, topic), Member(bus, group, topic)
        self._poll_until(one, two, owned=(1, 1))
        assert one.owned.isdisjoint(two.owned)
        two.consumer.close()
        self._poll_until(one, owned=(2,))
        bus.produce([_message(topic, 0, b"a"), _message(topic, 1, b"b")])
        one.poll_for(2)
        one.consumer.close()

    def test_two_groups_read_everything_each(self, bus: Bus, topic: str, group: str) -> None:
        bus.produce([_message(topic, 0, b"x")])
        members = [Member(bus, f"{group}-{n}", topic) for n in range(2)]
        for member in members:
            member.poll_for(1)
            member.consumer.close()

    @pytest.mark.parametrize("what", ["no such partition", "too large"])
    def test_what_cannot_be_appended_fails_and_the_bus_goes_on(self, bus: Bus, topic: str, group: str, what: str) -> None:
        bad = _message(topic, 99, b"x") if what == "no such partition" else _message(topic, 0, b"x" * MESSAGE_BYTES_AT_MOST)
        with pytest.raises(ProduceFailed):
            bus.produce([bad])
        bus.produce([_message(topic, 0, b"good")])
        member = Member(bus, group, topic)
        member.poll_for(1)
        member.consumer.close()
        assert member.values(0) == [b"good"]

    @staticmethod
    def _poll_until(*members: Member, owned: tuple[int, ...]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while tuple(len(member.owned) for member in members) != owned:
            assert time.monotonic() < deadline, "the partitions were not shared out"
            for member in members:
                member.poll()
