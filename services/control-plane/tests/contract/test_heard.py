"""Every fact that is heard, as its schema's example says it, is understood and told in one line."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.brake import Limits
from deployforge_chassis.facts import Fact, Message, Record
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.relay import Relay
from deployforge_chassis.testing import until
from deployforge_chassis.wire import Wire
from deployforge_control_plane.adapters.records import records
from deployforge_control_plane.domain.values import RequestState, deployment_id
from deployforge_control_plane.entrypoints.stream import inbox

from ..conftest import PLAN, System

SCHEMAS = Path(__file__).parents[4] / "schemas" / "avro"
EXAMPLES = {path.name.partition(".")[0]: path for path in SCHEMAS.glob("*/*.example.json")}


def test_everything_heard_exists_and_names_us_as_its_consumer(system: System) -> None:
    catalogue = topics.load()
    for topic, handlers in system.heard.items():
        assert handlers.keys() == set(catalogue[topic].records)
        assert "control-plane" in catalogue[topic].consumers


def test_every_example_is_understood(system: System) -> None:
    codec = AvroCodec(MemoryRegistry())
    for topic, handlers in system.heard.items():
        # Nothing is told of a deployment that is shredded.
        for name in handlers.keys() - {"DeploymentShredded"}:
            example = json.loads(EXAMPLES[name].read_text())
            _, value = codec.decode(codec.encode(name, example))
            value.pop("request_id", None)
            system.hear(topic, name, uuid4(), **value)
            told = system.timeline()[-1]
            assert told.type == name
            assert told.summary
            assert told.summary != name
            json.loads(told.fact)


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_a_request_goes_through_the_bus(system: System, times: int) -> None:
    """A wish is published; a plan that comes back over the bus is judged; the approval is published."""
    catalogue = topics.load()
    codec, bus = AvroCodec(MemoryRegistry()), LocalBus(catalogue)
    wire, theirs = Wire(codec, catalogue, "control-plane"), Wire(codec, catalogue, "orchestrator")
    relay, hearing = Relay(system.app, records, bus, wire), inbox(system.app, bus, wire, {}, Limits())
    relay.start()
    hearing.start()
    try:
        request_id = system.submit().request_id
        topic = catalogue["control-plane.deployments"]
        key = str(deployment_id("front", "shop"))
        place = (topic.full_name, topic.partition_of(key))
        until(lambda: len(bus.log[place]) == 1)
        asked = wire.fact(bus.log[place][0])
        assert (asked.type, asked.correlation_id) == ("DeploymentRequested", str(request_id))
        bus.produce([_drafted(theirs, asked, request_id, key)] * times)
        until(lambda: system.app.find(request_id).state is RequestState.APPROVED)
        until(lambda: len(bus.log[place]) == 2)
        assert wire.fact(bus.log[place][1]).type == "PlanApproved"
    finally:
        hearing.stop(5)
        relay.stop(5)


def _drafted(wire: Wire, asked: Fact, request_id: UUID, key: str) -> Message:
    """PlanDrafted as the orchestrator says it."""
    value = {
        **PLAN, "deployment_id": key, "namespace": "front", "name": "shop", "request_id": str(request_id),
        "action": "APPLY", "origin": "USER", "author": "alice", "warnings": [], "drafted_at": asked.occurred_at,
    }  # fmt: skip
    record = Record("orchestrator.executions", key, "PlanDrafted", value)
    cause = asked.cause("orchestrator")
    return wire.message(
        record, wire.partition(record), era=1, notification_id=1, prev=0, cause=cause, occurred_at=asked.occurred_at
    )
