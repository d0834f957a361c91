"""What is said is what the contract says."""

from deployforge_chassis.avro import AvroCodec, MemoryRegistry
from deployforge_drift_detector.adapters.records import records

from ...conftest import ORDERS, SHARD, World, gone, seen


def test_every_event_says_at_most_one_fact_that_its_schema_accepts(world: World) -> None:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    world.judge(2, gone(ORDERS))
    world.judge(3, seen(ORDERS))
    world.app.scan("storefront", "webshop")
    codec = AvroCodec(MemoryRegistry())
    said = [record for event in world.events() for record in records(event)]
    assert [(one.topic, one.key, one.fact) for one in said] == [
        ("drift-detector.drift", ORDERS.urn, "DriftDetected"),
        ("drift-detector.drift", ORDERS.urn, "DriftDetected"),
        ("drift-detector.drift", ORDERS.urn, "DriftResolved"),
        ("drift-detector.scans", SHARD, "ScanRequested"),
    ]
    for one in said:
        assert one.value is not None
        name, value = codec.decode(codec.encode(one.fact, dict(one.value)))
        assert name == one.fact and value.keys() == one.value.keys()
    ids = {one.value["drift_id"] for one in said[:3] if one.value}
    [view] = world.app.page("", "", open_only=False, size=9, cursor="").views
    assert ids == {str(view.drift_id)}
