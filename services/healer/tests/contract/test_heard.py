"""What is heard over the bus, in any order that its topics allow, and what is said because of it."""

import pytest
from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.relay import Relay
from deployforge_chassis.shredding import Shredding
from deployforge_chassis.testing import a_fact, example, until
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire
from deployforge_healer.adapters.ledger import SHREDDED_FIRST
from deployforge_healer.adapters.records import records
from deployforge_healer.entrypoints.stream import heard

from ..conftest import AUTO, World

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


def test_everything_heard_exists_and_names_us_as_its_consumer(world: World) -> None:
    for topic, handlers in heard(world.app, Shredding(world.app.database, world.app.sealer, SHREDDED_FIRST)).items():
        assert handlers.keys() <= set(CATALOGUE[topic].records)
        assert "healer" in CATALOGUE[topic].consumers


#: After ExecutionStarted, in every order that three topics allow: o ends the execution, a is the approval, d the drift.
_ORDERS = ["oad", "oda", "aod", "ado", "doa", "dao"]


@pytest.mark.parametrize("policy_first", [True, False])
@pytest.mark.parametrize("order", _ORDERS)
def test_facts_twice_and_topics_in_any_order_heal_once(world: World, order: str, policy_first: bool) -> None:
    orchestrator, control = Speaker("orchestrator"), Speaker("control-plane")
    detector, states = Speaker("drift-detector"), Speaker("state-manager")
    bus, wire = LocalBus(CATALOGUE), Wire(CODEC, CATALOGUE, "healer")
    relay, inbox = (
        Relay(world.app, records, bus, wire),
        Inbox(world.app, bus, wire, {}, heard(world.app, Shredding(world.app.database, world.app.sealer, SHREDDED_FIRST))),
    )

    def tell(speaker: Speaker, topic: str, *facts: str, key: str = "deployment_id", **changed: object) -> None:
        for fact in facts:
            message = speaker.says(topic, fact, key, **changed)
            bus.produce([message, message])

    def said() -> list[str]:
        found = [m for (topic, _), log in bus.log.items() if topic == full_name("healer.incidents") for m in log]
        return [wire.fact(m).type for m in found]

    parts = [relay, inbox, world.workers]
    for part in parts:
        part.start()
    try:
        first = [
            lambda: tell(states, "state-manager.states", "StateVersionRecorded", healing_json=AUTO),
            lambda: tell(detector, "drift-detector.drift", "DriftDetected", key="urn"),
        ]
        for step in first if policy_first else first[::-1]:
            step()
        until(lambda: world.proposed)
        request = {"request_id": world.proposed[0].request_id}
        tell(control, "control-plane.deployments", "ApprovalRequested", **request)
        until(lambda: world.incident().state == "awaiting-approval")
        tell(orchestrator, "orchestrator.executions", "ExecutionStarted", **request)
        until(lambda: world.incident().executing)
        for which in order:
            match which:
                case "o":
                    tell(orchestrator, "orchestrator.executions", "ExecutionVerified", **request)
                case "a":
                    tell(control, "control-plane.deployments", "PlanApproved", **request)
                case "d":
                    tell(detector, "drift-detector.drift", "DriftResolved", key="urn")
        until(lambda: said()[-1:] == ["IncidentClosed"])
    finally:
        for part in reversed(parts):
            part.stop(5)
    assert [part.failed() for part in parts] == [None] * 3
    assert said() == ["IncidentOpened", "RemedyChosen", "IncidentClosed"]
    assert (world.incident().reason, len(world.proposed)) == ("healed", 1)
