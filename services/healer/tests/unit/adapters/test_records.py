"""Every published fact fits its schema, and only own facts are published."""

from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.registry import MemoryRegistry
from deployforge_healer.adapters.records import INCIDENTS

from ...conftest import World

_OTHER = "a1b2c3d4-0000-5000-8000-00000000000b"


def test_every_fact_fits_its_schema(world: World) -> None:
    world.policy()
    world.drift()
    world.asked()
    world.rejected(by="bob")
    world.started()
    world.verified()
    world.resolved()
    world.policy('{"mode":"off"}', version=3)
    world.drift(drift_id=_OTHER)
    codec, said = AvroCodec(MemoryRegistry()), set()
    for record in world.records():
        name, value = codec.decode(codec.encode(record.fact, dict(record.value or {})))
        assert (name, record.topic, record.key) == (record.fact, INCIDENTS, value["incident_id"])
        assert (value["namespace"], value["name"]) == ("storefront", "webshop")
        said.add(name)
    assert said == set(topics.load()[INCIDENTS].records)
