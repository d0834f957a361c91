"""Every published fact fits its schema, and only own facts are published."""

from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.registry import MemoryRegistry
from deployforge_state_manager.adapters.records import DESIRED, STATES

from ...conftest import Memory


def test_every_fact_fits_its_schema(memory: Memory) -> None:
    execution = memory.executed({"orders": {}, "mail": {}})
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=True)
    memory.executed({}, removed=("orders", "mail"), action="DESTROY", manifest_digest=None)
    codec, catalogue, said = AvroCodec(MemoryRegistry()), topics.load(), set()
    for record in memory.said():
        said.add(record.fact)
        if record.value is not None:
            name, value = codec.decode(codec.encode(record.fact, dict(record.value)))
            assert name == record.fact
            assert record.key == (value["urn"] if record.topic == DESIRED else value["deployment_id"])
    assert said == {*catalogue[DESIRED].records, *catalogue[STATES].records} - {"DeploymentShredded"}
    last = memory.said()[-1]
    gone = [r.value or {} for r in memory.said() if r.fact == "StateVersionRecorded"][-1]
    assert (gone["gone"], gone["resources"], gone["removed"]) == (True, 0, 2), last
