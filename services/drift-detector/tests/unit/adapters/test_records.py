"""What is said is what the contract says."""

from deployforge_chassis.avro import AvroCodec, MemoryRegistry
from deployforge_drift_detector.adapters.classifier import LazyClassifier
from deployforge_drift_detector.adapters.records import records
from deployforge_drift_detector.application.learning import Learning

from ...conftest import ORDERS, SHARD, World, gone, seen


def test_every_event_says_at_most_one_fact_that_its_schema_accepts(world: World) -> None:
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}))
    world.judge(2, gone(ORDERS))
    world.judge(3, seen(ORDERS))
    world.app.scan("storefront", "webshop")
    Learning(world.app, LazyClassifier("", lambda label: None)).tick()
    codec = AvroCodec(MemoryRegistry())
    said = [record for event in world.events() for record in records(event)]
    assert [(one.topic, one.key, one.fact) for one in said] == [
        ("drift-detector.drift", ORDERS.urn, "DriftDetected"),
        ("drift-detector.drift", ORDERS.urn, "DriftDetected"),
        ("drift-detector.drift", ORDERS.urn, "DriftResolved"),
        ("drift-detector.scans", SHARD, "ScanRequested"),
        ("drift-detector.drift", ORDERS.urn, "AnomalyDetected"),
        ("drift-detector.drift", ORDERS.urn, "AnomalyDetected"),
    ]
    for one in said:
        assert one.value is not None
        name, value = codec.decode(codec.encode(one.fact, dict(one.value)))
        assert name == one.fact and value.keys() == one.value.keys()
    ids = {one.value["drift_id"] for one in said if one.value and "drift_id" in one.value}
    [view] = world.app.page("", "", open_only=False, size=9, cursor="").views
    assert ids == {str(view.drift_id)}


def test_every_class_has_a_symbol_of_the_schema(world: World) -> None:
    world.judge(1, gone(ORDERS))
    Learning(world.app, LazyClassifier("", lambda label: None)).tick()
    [said] = [record for event in world.events() for record in records(event) if record.fact == "AnomalyDetected"]
    assert said.value is not None
    codec = AvroCodec(MemoryRegistry())
    _, value = codec.decode(codec.encode(said.fact, dict(said.value)))
    assert len({one["label"] for one in value["likelihoods"]}) == 8
    assert value["label"] == value["likelihoods"][0]["label"] != "UNKNOWN"
