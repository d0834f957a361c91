"""The desired state is complete before anything is judged, and the newest version counts."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis import topics
from deployforge_chassis.causality import Causality
from deployforge_chassis.facts import Record
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.testing import JsonCodec, until
from deployforge_chassis.wire import Wire
from deployforge_drift_detector.adapters.desired import DesiredReader, desired
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.severity_policy import load
from deployforge_drift_detector.domain.condition import Condition, How
from deployforge_drift_detector.domain.desired import Desired, Reference
from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.priority import Wishes
from deployforge_drift_detector.domain.rules import IgnoreRule, SeverityRule

from ...conftest import ORDERS, SHARD, WEBSHOP, WORKER, World, seen, urn

TOPICS = topics.load()


def value(resource: str = "orders", version: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "deployment_id": str(WEBSHOP), "namespace": "storefront", "name": "webshop", "urn": urn(resource),
        "version": version, "desired_version": 1, "scan_shard": SHARD, "scan_every_seconds": 60,
        "resource": resource, "type": "Queue", "physical_id": "q", "properties_json": '{"visibilityTimeout":30}',
        "set_paths": ["tags"], "depends_on": [], "criticality": "normal", "ignore_json": "[]",
        "severity_json": "[]", "generation": 2, "references": [], "outputs": [], **more,
    }  # fmt: skip


class Topic:
    """The topic, written as the state-manager would."""

    def __init__(self) -> None:
        self.bus = LocalBus(TOPICS)
        self.wire = Wire(JsonCodec(), TOPICS, "drift-detector")
        self.states = DesiredMap()
        self.removed: list[str] = []
        self.complete: list[int] = []
        self.reader = DesiredReader(
            self.bus, self.wire, self.states, self.removed.append, lambda: self.complete.append(len(self.states))
        )

    def say(self, resource: str, body: dict[str, Any] | None) -> None:
        record = Record("state-manager.desired", urn(resource), "DesiredState", body, 1, SHARD)
        message = self.wire.message(
            record, self.wire.partition(record), era=1, notification_id=0, prev=0, cause=Causality("", ""),
            occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        self.bus.produce([message])


@pytest.fixture
def topic() -> Iterator[Topic]:
    topic = Topic()
    yield topic
    topic.reader.stop(5)


def test_everything_is_there_when_start_returns(topic: Topic) -> None:
    for n in range(1200):
        topic.say(f"r{n}", value(f"r{n}"))
    topic.say("r0", None)
    topic.reader.start()
    assert topic.complete == [1199]
    assert topic.states.get(urn("r0")) is None
    assert topic.removed == []


def test_it_follows_and_tells_what_was_removed(topic: Topic) -> None:
    topic.reader.start()
    topic.say("orders", value(version=2))
    topic.say("orders", value(version=1))
    until(lambda: topic.states.get(urn("orders")))
    topic.say("orders", None)
    topic.say("orders", None)
    topic.say("worker", value("worker"))
    until(lambda: topic.states.get(urn("worker")))
    assert topic.removed == [urn("orders")]


def test_what_makes_no_sense_is_left_out_and_the_rest_goes_on(topic: Topic) -> None:
    topic.say("bad", value("bad", properties_json="[]"))
    topic.say("worse", {"urn": "x"})
    topic.say("rules", value("rules", ignore_json='["tags"]'))
    topic.say("deep", value("deep", properties_json='{"a":' + "[" * 100_000 + "]" * 100_000 + "}"))
    topic.say("orders", value())
    topic.reader.start()
    assert len(topic.states) == 1


def test_the_highest_version_wins() -> None:
    states = DesiredMap()
    assert states.put(replace(ORDERS, version=5))
    assert not states.put(replace(ORDERS, version=4))
    found = states.get(ORDERS.urn)
    assert found is not None and found.version == 5


def kind(one: Desired) -> tuple[str, str]:
    return one.type, one.criticality


def test_what_is_known_of_a_deployment() -> None:
    states = DesiredMap()
    states.put(ORDERS)
    states.put(WORKER)
    assert states.reach(ORDERS.urn).ways == ((ORDERS.urn, WORKER.urn),)
    assert states.shards() == {SHARD: Wishes([60], [kind(ORDERS), kind(WORKER)])}
    assert [one.urn for one in states.named("storefront", "")] == [ORDERS.urn, WORKER.urn]
    assert states.named("other", "") == []
    assert states.drop(WORKER.urn) and not states.drop(WORKER.urn)
    assert [one.urn for one in states.named("storefront", "webshop")] == [ORDERS.urn]
    states.drop(ORDERS.urn)
    assert states.of_deployment(WEBSHOP) == []


def test_what_changes_or_goes_leaves_no_trace_in_the_indexes() -> None:
    states = DesiredMap()
    states.put(ORDERS)
    states.put(WORKER)
    states.put(replace(WORKER, version=2, depends_on=(), every_seconds=5, shard="other"))
    assert states.reach(ORDERS.urn).count == 0
    assert states.shards() == {SHARD: Wishes([60], [kind(ORDERS)]), "other": Wishes([5], [kind(WORKER)])}
    states.drop(WORKER.urn)
    assert states.shards() == {SHARD: Wishes([60], [kind(ORDERS)])}


def test_a_resource_that_is_replaced_is_never_seen_to_be_gone() -> None:
    states, seen_gone, over = DesiredMap(), [], threading.Event()
    states.put(ORDERS)

    def look() -> None:
        while not over.is_set():
            if states.get(ORDERS.urn) is None:
                seen_gone.append(True)

    looking = threading.Thread(target=look)
    looking.start()
    for version in range(2, 3000):
        states.put(replace(ORDERS, version=version))
    over.set()
    looking.join()
    assert seen_gone == []


def test_rules_are_read_as_the_manifest_spells_them() -> None:
    one = desired(
        value(
            ignore_json='[{"resource":"*","path":"tags.x/*","reason":"EKS","until":"2027-01-31"},{"path":"size",'
            '"reason":"it scales","when":{"found":"increased","atMost":10,"oneOf":[4,"x",true]}}]',
            severity_json='[{"path":"**.public*","level":"critical"}]',
        )
    )
    assert one.ignore == (
        IgnoreRule("*", "tags.x/*", "EKS", datetime(2027, 1, 31, tzinfo=UTC)),
        IgnoreRule("*", "size", "it scales", when=Condition(How.INCREASED, None, 10, ("4", '"x"', "true"))),
    )
    assert one.severity == (SeverityRule("*", "**.public*", Severity.CRITICAL),)
    assert one.set_paths == {"tags"}


def test_what_it_refers_to_and_what_is_made_of_it() -> None:
    refers = {"path": "deadLetter", "urn": urn("dead"), "attribute": "arn"}
    one = desired(value(references=[refers], outputs=["ordersUrl"]))
    assert one.references == (Reference("deadLetter", urn("dead"), "arn"),)
    assert one.outputs == ("ordersUrl",)


def test_the_operators_policy_goes_with_what_it_concerns_into_the_record(world: World, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('rules: [{name: owners, namespace: "store*", path: tags, level: critical}]')
    mild = '[{"resource":"*","path":"visibilityTimeout","level":"informational"}]'
    told = value(
        urn=ORDERS.urn,
        severity_json=mild,
        set_paths=[],
        properties_json=json.dumps(ORDERS.properties),
        scan_shard=ORDERS.shard,
    )
    world.states.put(
        replace(desired(told, load(file)), deployment_id=ORDERS.deployment_id, version=99, generation=ORDERS.generation)
    )
    world.judge(1, seen(ORDERS, {"tags": {"env": "x"}, "visibilityTimeout": 60}))
    drift = world.app.drift_of(ORDERS.urn)
    assert drift is not None and drift.finding is not None
    assert {one.path: one.rule for one in drift.finding.attributes} == {
        "tags.env": "policy: owners", "visibilityTimeout": "manifest: visibilityTimeout",
    }  # fmt: skip
    assert (drift.finding.severity, drift.finding.rule) == (Severity.CRITICAL, "policy: owners")
