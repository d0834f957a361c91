"""Nothing is called verified that was not read."""

import json

from deployforge_orchestrator.application.effects import DRAFT_ATTEMPTS, READ_ATTEMPTS
from deployforge_orchestrator.domain.planning import NOT_CHECKED, PRESENT, Live

from .conftest import World, manifest, urn

ONE = manifest(("a", "aws", {"v": 1}))


def _operated(world: World) -> None:
    """Executed, not read back yet."""
    world.approve(world.request(ONE))
    world.answer(world.last("OperationRequested"))
    world.cloud.down = True
    world.turn()
    assert world.names()[-1] == "ExecutionCompleted"


def test_an_outage_while_reading_back_is_waited_for(world: World) -> None:
    _operated(world)
    world.cloud.down = False
    world.work()
    assert world.names()[-1] == "ExecutionVerified"


def test_an_outage_that_does_not_end_is_no_verification(world: World) -> None:
    _operated(world)
    world.turn(DRAFT_ATTEMPTS)
    assert "ExecutionVerified" not in world.names()
    assert world.last("VerificationFailed")["differences"] == [
        {"urn": urn("a"), "path": "(readable)", "expected_json": "true", "actual_json": '"mcal: down"'}
    ]
    assert world.names()[-1] == "ExecutionFailed"


def test_what_could_not_be_read_is_read_again(world: World) -> None:
    _operated(world)
    right = world.cloud.live[urn("a")]
    world.cloud.down = False
    world.cloud.live[urn("a")] = Live(NOT_CHECKED, reason="throttled")
    world.turn()
    assert world.names()[-1] == "ExecutionCompleted"
    world.cloud.live[urn("a")] = right
    world.work()
    assert world.names()[-1] == "ExecutionVerified"
    assert world.last("ResourceVerified")["actual_json"] == '{"v":1}'


def test_what_this_cloud_cannot_read_at_all_is_taken_at_its_word_without_values(world: World) -> None:
    _operated(world)
    world.cloud.down = False
    world.cloud.live[urn("a")] = Live(NOT_CHECKED, reason="no reader")
    world.turn(READ_ATTEMPTS)
    assert world.names()[-1] == "ExecutionVerified"
    assert world.last("ResourceVerified")["actual_json"] == "{}"


def test_a_reference_that_gives_a_duration_verifies_as_the_number_that_the_cloud_holds(world: World) -> None:
    document = manifest(("a", "us", {}), ("b", "aws", {"timeout": "${a.lifetime}"}))
    world.approve(world.request(document))
    while wanted := [
        r.value for r in world.said() if r.fact == "OperationRequested" and r.value["operation_id"] not in world.done
    ]:
        world.answer(wanted[0], lifetime="30s")
        world.work()
    [verified] = [r.value for r in world.said() if r.fact == "ResourceVerified" and r.value["resource"] == "b"]
    assert json.loads(verified["desired_json"]) == {"timeout": 30}
    world.remember()
    world.request(document)
    assert {change.action for change in world.plan().changes} == {"none"}


def test_a_literal_that_looks_like_a_reference_is_a_value_all_the_way(world: World) -> None:
    document = manifest(("a", "aws", {"text": "$${a.b}"}))
    world.applied(document)
    assert world.state.resources["a"].desired == {"text": "${a.b}"}
    world.request(document)
    assert [change.action for change in world.plan().changes] == ["none"]
    world.cloud.live[urn("a")] = Live(PRESENT, {"text": "${a.c}"}, {}, "phy:a")
    world.approve(world.request(None, action="HEAL", origin="HEALER", remedy="correct", urns=[urn("a")]))
    [change] = world.plan().changes
    assert [(a.before_json, a.after_json, a.unknown) for a in change.attributes] == [('"${a.c}"', '"${a.b}"', False)]
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"text": "${a.b}"}
    assert world.last("ExecutionVerified")["action"] == "HEAL"


def test_old_values_are_read_again_until_they_are_new(world: World) -> None:
    _operated(world)
    world.cloud.down = False
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 0}, {}, "phy:a")
    world.turn()
    assert world.names()[-1] == "ExecutionCompleted"
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 1}, {}, "phy:a")
    world.work()
    assert world.names()[-1] == "ExecutionVerified"
