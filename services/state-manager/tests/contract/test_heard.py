"""What is heard over the bus, in any order that its topics allow, and what is said because of it."""

from itertools import permutations

import pytest
from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.relay import Relay
from deployforge_chassis.testing import a_fact, example, until
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire
from deployforge_state_manager.adapters.records import records
from deployforge_state_manager.entrypoints.stream import heard

from ..conftest import WHERE, Memory, urn

CATALOGUE = topics.load()
CODEC = AvroCodec(MemoryRegistry())


class Speaker:
    """Another service: every message follows the one before it in its partition."""

    def __init__(self, service: str) -> None:
        self._wire = Wire(CODEC, CATALOGUE, service)
        self._last: dict[tuple[str, int], int] = {}
        self._id = 0

    def says(self, topic: str, fact: str, key: str, **changed: object) -> Message:
        value = example(fact, **changed)
        record = Record(topic, value[key], fact, value)
        place = (topic, self._wire.partition(record))
        self._id += 1
        prev, self._last[place] = self._last.get(place, 0), self._id
        told = a_fact(topic, fact, value)
        return self._wire.message(
            record, place[1], era=1, notification_id=self._id, prev=prev, cause=told.cause("test"),
            occurred_at=told.occurred_at,
        )  # fmt: skip


def test_everything_heard_exists_and_names_us_as_its_consumer(memory: Memory) -> None:
    for topic, handlers in heard(memory.app, memory.shredder).items():
        assert handlers.keys() <= set(CATALOGUE[topic].records)
        assert "state-manager" in CATALOGUE[topic].consumers


def _streams() -> list[list[Message]]:
    """Three topics, each in its own order."""
    orchestrator, control, detector = Speaker("orchestrator"), Speaker("control-plane"), Speaker("drift-detector")
    name = {"urn": urn("orders"), "resource": "orders"}
    return [
        [
            orchestrator.says("orchestrator.executions", "ExecutionStarted", "deployment_id"),
            orchestrator.says("orchestrator.executions", "ResourceVerified", "deployment_id", **name),
            orchestrator.says("orchestrator.executions", "ExecutionVerified", "deployment_id"),
        ],
        [control.says("control-plane.deployments", "ComplianceReported", "deployment_id", passed=True)],
        [
            detector.says("drift-detector.drift", "DriftDetected", "urn", urn=urn("orders")),
            detector.says("drift-detector.drift", "DriftResolved", "urn", urn=urn("orders")),
        ],
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_facts_twice_and_topics_in_any_order_make_one_good_version(memory: Memory, order: tuple[int, ...]) -> None:
    bus, wire = LocalBus(CATALOGUE), Wire(CODEC, CATALOGUE, "state-manager")
    relay, inbox = (
        Relay(memory.app, records, bus, wire),
        Inbox(memory.app, bus, wire, {}, heard(memory.app, memory.shredder)),
    )
    relay.start()
    inbox.start()
    streams = _streams()
    try:
        for which in order:
            for message in streams[which]:
                bus.produce([message, message])
        states = (full_name("state-manager.states"), CATALOGUE["state-manager.states"].partition_of(_key(streams)))
        until(lambda: len(bus.log[states]) == 2)
    finally:
        inbox.stop(5)
        relay.stop(5)
    assert [wire.fact(m).type for m in bus.log[states]] == ["StateVersionRecorded", "StateVersionMarkedGood"]
    assert memory.reader.last_known_good(*WHERE)["version"] == 1
    [upsert] = [m for (topic, _), log in bus.log.items() if topic == full_name("state-manager.desired") for m in log]
    value = wire.fact(upsert).value or {}
    assert upsert.partition == CATALOGUE["state-manager.desired"].partition_of(value["scan_shard"])
    assert upsert.key.decode() == urn("orders")


def _key(streams: list[list[Message]]) -> str:
    return streams[0][0].key.decode()
