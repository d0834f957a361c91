"""Nothing is called verified that was not read."""

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


def test_old_values_are_read_again_until_they_are_new(world: World) -> None:
    _operated(world)
    world.cloud.down = False
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 0}, {}, "phy:a")
    world.turn()
    assert world.names()[-1] == "ExecutionCompleted"
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 1}, {}, "phy:a")
    world.work()
    assert world.names()[-1] == "ExecutionVerified"
