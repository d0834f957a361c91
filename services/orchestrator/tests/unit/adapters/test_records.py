"""Every fact that the orchestrator may say is said by some story, in the shape of its published schema."""

from collections.abc import Callable

import pytest
from deployforge_chassis import schemas, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.registry import MemoryRegistry
from deployforge_orchestrator.domain.planning import PRESENT, Live

from ..application.conftest import DEPLOYMENT, World, manifest, urn
from ..application.conftest import world as world

TWO_UNITS = manifest(("dead", "aws", {}), ("jobs", "us", {"dead": "${dead.arn}"}))


def _life_and_death(world: World) -> None:
    world.applied(TWO_UNITS)
    world.approve(world.request(action="DESTROY"))
    world.operate()


def _failure(world: World) -> None:
    world.broken["aws/0.0"] = {"urn": urn("dead"), "hint": "try another"}
    world.approve(world.request(TWO_UNITS))
    world.operate()


def _no_plan_and_a_stale_one(world: World) -> None:
    world.request(manifest(("a", "aws", {"bad": 1})))
    stale = world.request(manifest(("a", "aws", {"v": 1})))
    world.applied(manifest(("a", "aws", {"v": 2})))
    world.approve(stale)


def _cancelled(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.approve(id)
    world.hear(world.app.cancellation_requested, "CancellationRequested", {"request_id": id, "by": "bob", "reason": None})
    world.operate()


def _not_as_planned(world: World) -> None:
    world.approve(world.request(manifest(("a", "aws", {"v": 1}))))
    world.answer(world.last("OperationRequested"))
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 7}, {}, "phy:a")
    world.work()


STORIES: dict[Callable[[World], None], set[str]] = {
    _life_and_death: {
        "PlanDrafted", "ExecutionStarted", "StepStarted", "OperationRequested", "StepCompleted", "ExecutionCompleted",
        "ResourceVerified", "ResourceRemoved", "ExecutionVerified",
    },
    _failure: {"StepFailed", "StepSkipped", "ExecutionRolledBack"},
    _no_plan_and_a_stale_one: {"PlanFailed", "PlanStale"},
    _cancelled: {"ExecutionCancelled"},
    _not_as_planned: {"VerificationFailed", "ExecutionFailed"},
}  # fmt: skip
OWN = {t.name: t for t in topics.load().values() if t.owner == "orchestrator"}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.strip("_"))
def test_what_is_said_has_the_published_shape(world: World, story: Callable[[World], None]) -> None:
    story(world)
    codec = AvroCodec(MemoryRegistry())
    codec.register("orchestrator")
    for record in world.said():
        assert record.key == str(DEPLOYMENT)
        assert record.fact in OWN[record.topic].records
        assert record.value is not None
        assert (record.value["namespace"], record.value["name"]) == ("ns", "web")
        fact, told = codec.decode(codec.encode(record.fact, dict(record.value)))
        fields = {field["name"] for field in schemas.load().latest(fact).schema["fields"]}
        assert fields == told.keys() == record.value.keys(), "no field is left to its default, none is lost"
    assert {record.fact for record in world.said()} >= STORIES[story]


def test_every_fact_has_a_story() -> None:
    assert set().union(*STORIES.values()) == {fact for topic in OWN.values() for fact in topic.records}


def test_the_facts_of_one_verification_come_in_order(world: World) -> None:
    world.applied(manifest(("a", "aws", {}), ("b", "aws", {})))
    world.approve(world.request(manifest(("a", "aws", {}))))
    world.operate()
    assert world.names()[-4:] == ["ExecutionCompleted", "ResourceVerified", "ResourceRemoved", "ExecutionVerified"]
