"""Rollback to a version, heals by rollback, and what destruction and providers refuse."""

from typing import Any

import pytest
from deployforge_orchestrator.application.effects import DRAFT_ATTEMPTS
from deployforge_orchestrator.domain.planning import NOT_CHECKED, PRESENT, Live

from .conftest import World, manifest, urn


def test_a_rollback_brings_an_earlier_version_back(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1})))
    world.applied(manifest(("a", "aws", {"v": 2}), ("b", "aws", {})))
    world.approve(world.request(action="ROLLBACK", to_version=1))
    assert {c.name: c.action for c in world.plan().changes} == {"a": "update", "b": "delete"}
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"v": 1}
    assert (world.last("ExecutionVerified")["action"], world.last("ResourceRemoved")["urn"]) == ("ROLLBACK", urn("b"))


def test_a_rollback_to_a_targeted_version_brings_back_what_was_deployed_not_what_was_declared(world: World) -> None:
    world.approve(world.request(manifest(("a", "aws", {"v": 1}), ("b", "aws", {"v": 1})), targets=["a"]))
    world.operate()
    world.remember()
    world.applied(manifest(("a", "aws", {"v": 2}), ("b", "aws", {"v": 2})))
    world.request(action="ROLLBACK", to_version=1)
    assert {c.name: c.action for c in world.plan().changes} == {"a": "update", "b": "delete"}


def test_there_must_be_a_version_to_go_back_to(world: World) -> None:
    world.applied(manifest(("a", "aws", {})))
    world.request(action="ROLLBACK", to_version=7)
    assert world.last("PlanFailed")["reason"] == "there is no version 7 to go back to"


@pytest.mark.parametrize("good", [1, 2])
def test_a_heal_by_rollback_applies_the_last_good_version(world: World, good: int) -> None:
    world.applied(manifest(("a", "aws", {"v": 1})))
    world.applied(manifest(("a", "aws", {"v": 2})))
    world.good = good
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 9}, {}, "phy:a")
    world.approve(world.request(action="HEAL", origin="HEALER", remedy="rollback", urns=[urn("a")]))
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"v": good}
    assert world.last("ExecutionVerified")["desired_changed"] is (good == 1)


def test_a_heal_of_what_cannot_be_read_is_tried_again_and_then_refused(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1})))
    world.cloud.live[urn("a")] = Live(NOT_CHECKED, reason="unit is being changed")
    world.ask(action="HEAL", origin="HEALER", remedy="correct", urns=[urn("a")])
    world.turn()
    assert "PlanFailed" not in world.names()
    world.turn(DRAFT_ATTEMPTS)
    assert world.last("PlanFailed")["reason"] == "no answer: a could not be read: unit is being changed"


def test_a_heal_of_what_is_no_longer_deployed_is_stale(world: World) -> None:
    world.applied(manifest(("a", "aws", {})))
    world.request(action="HEAL", origin="HEALER", remedy="correct", urns=[urn("gone")])
    assert world.last("PlanFailed")["stale"] is True


def test_a_destruction_of_some_resources_is_refused_rather_than_taking_all(world: World) -> None:
    world.applied(manifest(("a", "aws", {}), ("b", "aws", {})))
    world.request(action="DESTROY", targets=["a"])
    [problem] = world.last("PlanFailed")["problems"]
    assert (problem["path"], problem["message"]) == ("targets.a", "a destruction takes everything")


def test_a_provider_cannot_move_away_from_what_it_holds(world: World) -> None:
    world.applied(manifest(("a", "aws", {})))
    moved: dict[str, Any] = manifest(("a", "aws", {}))
    moved["providers"]["aws"]["location"] = "ap"
    world.request(moved)
    [problem] = world.last("PlanFailed")["problems"]
    assert (problem["path"], problem["message"]) == (
        "providers.aws", "has resources in 1/eu and cannot move to 1/ap",
    )  # fmt: skip


def test_other_credentials_for_the_same_place_are_no_move(world: World) -> None:
    world.applied(manifest(("a", "aws", {})))
    renewed: dict[str, Any] = manifest(("a", "aws", {}))
    renewed["providers"]["aws"]["credentialRef"] = "other"
    world.request(renewed)
    assert world.names()[-1] == "PlanDrafted"


def test_a_fault_of_our_own_ends_the_request_too(world: World) -> None:
    world.ask({"providers": {}, "resources": [{"name": "a"}]})
    world.turn(DRAFT_ATTEMPTS)
    failed = world.last("PlanFailed")
    assert (failed["reason"], failed["problems"][0]["message"]) == ("internal error", "internal error: KeyError")
