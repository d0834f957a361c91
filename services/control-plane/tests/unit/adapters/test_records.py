"""Every published fact fits its schema, and only own facts are published."""

from uuid import uuid4

from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.sealing import NOBODY
from deployforge_control_plane.adapters.records import TOPIC, records
from deployforge_control_plane.domain.compliance import Finding
from deployforge_control_plane.domain.shredding import Shredding

from ...conftest import System, allowed


def test_every_fact_fits_its_schema(system: System) -> None:
    codec = AvroCodec(MemoryRegistry())
    approved = system.deployed(approval={"required": 1}).request_id
    rejected = system.submit(approval={"required": 1}, drift={"every": "9s"}).request_id
    system.drafted(rejected)
    system.app.reject(rejected, "bob", "no", allowed("bob", "Deployments.Reject"))
    cancelled = system.submit(drift={"every": "8s"}).request_id
    system.app.cancel(cancelled, "bob", "", allowed("bob", "Deployments.Cancel"))
    found = system.submit(drift={"every": "7s"}).request_id
    system.drafted(found)
    request = system.app.request(found)
    assert request is not None
    request.report_compliance("e", ("org/encryption",), (Finding("org/encryption", "urn", "off"),), system.clock.now())
    system.app.commit(system.app.effects(request))
    shredding = Shredding(
        deployment_id=NOBODY, of=request.deployment_id, request_id=uuid4(), namespace="front", name="shop", by="root", forced=True,
        at=system.clock.now(),
    )  # fmt: skip
    [shred] = records(shredding.pending_events[0])
    assert codec.decode(codec.encode(shred.fact, dict(shred.value or {})))[1]["by"] == "root"
    said = {shred.fact}
    for request_id in (approved, rejected, cancelled, found):
        for event in system.app.events.get(request_id):
            for record in records(event):
                name, value = codec.decode(codec.encode(record.fact, dict(record.value or {})))
                assert (name, record.topic, record.key) == (record.fact, TOPIC, value["deployment_id"])
                assert (value["request_id"], value["namespace"]) == (str(request_id), "front")
                said.add(name)
    assert said == set(topics.load()[TOPIC].records)
