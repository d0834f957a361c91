"""What happens between the drafting of a plan and its execution."""

from deployforge_orchestrator.application.effects import LOOK_ATTEMPTS, PATIENCE
from deployforge_orchestrator.domain.planning import MISSING, PRESENT, Live, State

from .conftest import World, manifest, urn

V1 = manifest(("a", "aws", {"v": 1, "w": 1}))
V2 = manifest(("a", "aws", {"v": 2, "w": 1}))


def test_a_change_that_nobody_was_shown_makes_a_plan_stale(world: World) -> None:
    world.applied(V1)
    id = world.request(V2)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 1, "w": 9}, {}, "phy:a")
    world.approve(id)
    assert world.last("PlanStale")["request_id"] == id
    assert world.names().count("ExecutionStarted") == 1


def test_a_resource_that_vanished_meanwhile_makes_a_plan_stale(world: World) -> None:
    world.applied(V1)
    id = world.request(V2)
    world.cloud.live[urn("a")] = Live(MISSING)
    world.approve(id)
    assert world.last("PlanStale")["request_id"] == id


def test_a_change_of_what_the_plan_sets_anyway_is_covered(world: World) -> None:
    world.applied(V1)
    id = world.request(V2)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 7, "w": 1}, {}, "phy:a")
    world.approve(id)
    world.operate()
    assert world.names()[-1] == "ExecutionVerified"


def test_an_outage_of_the_cloud_does_not_hold_an_approved_plan_for_ever(world: World) -> None:
    world.applied(V1)
    id = world.request(V2)
    world.cloud.down = True
    world.consent(id)
    world.turn()
    assert world.names().count("ExecutionStarted") == 1
    world.turn(LOOK_ATTEMPTS)
    assert world.names().count("ExecutionStarted") == 2


def _heal(world: World) -> str:
    return world.request(action="HEAL", origin="HEALER", remedy="correct", urns=[urn("a")])


def test_a_deployment_supersedes_a_heal(world: World) -> None:
    world.applied(V1)
    deployment = world.request(V2)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 9, "w": 1}, {}, "phy:a")
    heal = _heal(world)
    world.approve(deployment)
    world.approve(heal)
    assert world.last("PlanStale")["request_id"] == heal
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"v": 2, "w": 1}


def test_a_deployment_waits_for_a_heal_and_is_not_stale_by_it(world: World) -> None:
    world.applied(V1)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 1, "w": 9}, {}, "phy:a")
    deployment, heal = world.request(V2), _heal(world)
    world.approve(heal)
    world.approve(deployment)
    assert world.names().count("ExecutionStarted") == 2
    world.operate()
    world.work()
    world.operate()
    assert world.names().count("ExecutionVerified") == 3
    assert "PlanStale" not in world.names()


def test_a_second_heal_of_what_is_mended_touches_nothing_more(world: World) -> None:
    world.applied(V1)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 1, "w": 9}, {}, "phy:a")
    first, second = _heal(world), _heal(world)
    world.approve(first)
    world.approve(second)
    world.operate()
    world.work()
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"v": 1, "w": 1}
    assert world.names().count("ExecutionVerified") == 3


def test_drafting_waits_for_the_version_before_but_not_for_ever(world: World) -> None:
    world.applied(V1)
    world.state = State()  # The state manager has not heard of it.
    world.ask(V2)
    world.turn()
    assert world.names()[-1] == "ExecutionVerified"
    world.turn(PATIENCE)
    assert world.last("PlanFailed")["reason"] == "waited in vain: version 1 is not remembered yet"
