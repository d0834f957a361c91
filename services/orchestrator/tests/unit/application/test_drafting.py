"""From a wish to a plan."""

import json

from deployforge_orchestrator.application.effects import DRAFT_ATTEMPTS
from deployforge_orchestrator.domain.planning import MISSING, PRESENT, Live

from .conftest import World, manifest, urn


def test_the_same_manifest_again_changes_nothing(world: World) -> None:
    document = manifest(("a", "aws", {"v": 1}))
    world.applied(document)
    world.request(document)
    assert {c.action for c in world.plan().changes} == {"none"}
    assert world.plan().steps == ()
    assert world.last("PlanDrafted")["base_version"] == 1


def test_a_change_is_told_attribute_by_attribute(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1, "tags": {"x": "1"}})))
    world.request(manifest(("a", "aws", {"v": 2, "tags": {"x": "1", "y": "2"}})))
    [change] = world.plan().changes
    assert change.action == "update"
    assert [(a.path, a.before_json, a.after_json) for a in change.attributes] == [("tags.y", "", '"2"'), ("v", "1", "2")]


def test_a_property_that_is_no_longer_declared_is_a_change(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1, "tags": {"x": "1", "y": "2"}})))
    world.request(manifest(("a", "aws", {"v": 1, "tags": {"x": "1"}})))
    [change] = world.plan().changes
    assert [(a.path, a.before_json, a.after_json) for a in change.attributes] == [("tags.y", '"2"', "")]


def test_a_replacement_says_why_and_what_refers_to_it_is_unknown(world: World) -> None:
    world.applied(manifest(("a", "aws", {"fifo": False}), ("b", "aws", {"x": "${a.arn}"})))
    world.request(manifest(("a", "aws", {"fifo": True}), ("b", "aws", {"x": "${a.arn}"})))
    a, b = world.plan().changes
    assert (a.action, a.replacement_reason) == ("replace", "fifo of AWS::SQS::Queue can only be set at creation")
    assert b.action == "update"
    assert [(x.path, x.unknown) for x in b.attributes] == [("x", True)]


def test_sets_are_compared_as_sets(world: World) -> None:
    world.applied(manifest(("a", "aws", {"rules": [1, 2]})))
    world.cloud.live[urn("a")] = Live(PRESENT, {"rules": [2, 1]}, {}, "phy:a")
    world.request(manifest(("a", "aws", {"rules": [1, 2]})))
    assert [c.action for c in world.plan().changes] == ["none"]


def test_drift_of_a_live_resource_is_corrected_by_an_apply(world: World) -> None:
    document = manifest(("a", "aws", {"v": 1}))
    world.applied(document)
    world.cloud.live[urn("a")] = Live(PRESENT, {"v": 9}, {}, "phy:a")
    world.approve(world.request(document))
    assert [s.verb for s in world.plan().steps] == ["correct"]
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"v": 1}


def test_what_vanished_is_made_again(world: World) -> None:
    document = manifest(("a", "aws", {"v": 1}))
    world.applied(document)
    world.cloud.live[urn("a")] = Live(MISSING)
    world.request(document)
    assert [(c.action) for c in world.plan().changes] == ["recreate"]
    assert [s.verb for s in world.plan().steps] == ["recreate"]


def test_a_heal_touches_only_what_it_was_asked_for(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1}), ("b", "aws", {"v": 1})))
    for name in "ab":
        world.cloud.live[urn(name)] = Live(PRESENT, {"v": 9, "other": 1}, {}, f"phy:{name}")
    world.approve(world.request(action="HEAL", origin="HEALER", remedy="correct", urns=[urn("a")]))
    drafted = world.last("PlanDrafted")
    assert (drafted["corrects"], drafted["unchanged"]) == (1, 0)
    world.operate()
    assert world.cloud.live[urn("a")].properties == {"v": 1}
    assert world.cloud.live[urn("b")].properties == {"v": 9, "other": 1}
    verified = world.last("ExecutionVerified")
    assert (verified["desired_changed"], verified["resources"]) == (False, 1)
    assert json.loads(verified["healing_json"]) == {}


def test_a_heal_of_what_is_missing_makes_it_again(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1})))
    world.cloud.live[urn("a")] = Live(MISSING)
    world.approve(world.request(action="HEAL", origin="HEALER", remedy="recreate", urns=[urn("a")], missing=True))
    world.operate()
    assert world.cloud.live[urn("a")].presence == PRESENT
    assert "ExecutionVerified" in world.names()


def test_problems_of_all_units_are_told(world: World) -> None:
    world.request(manifest(("a", "aws", {"bad": 1}), ("b", "us", {"bad": 1})))
    failed = world.last("PlanFailed")
    assert [p["path"] for p in failed["problems"]] == ["resources.a.properties.bad", "resources.b.properties.bad"]


def test_targets_take_along_what_they_need_and_leave_the_rest(world: World) -> None:
    world.applied(manifest(("a", "aws", {"v": 1}), ("b", "aws", {"v": 1})))
    world.request(manifest(("a", "aws", {"v": 2}), ("b", "aws", {"v": 2}), ("c", "aws", {"x": "${a.arn}"})), targets=["c"])
    assert {c.name: c.action for c in world.plan().changes} == {"a": "update", "b": "none", "c": "create"}


def test_a_protected_resource_is_not_deleted(world: World) -> None:
    document = manifest(("a", "aws", {}), ("b", "aws", {}))
    document["resources"][0]["lifecycle"] = {"protect": True}
    world.applied(document)
    world.request(manifest(("b", "aws", {})))
    assert "is protected" in world.last("PlanFailed")["reason"]


def test_a_cloud_that_does_not_answer_ends_in_a_clear_failure(world: World) -> None:
    world.cloud.down = True
    world.ask(manifest(("a", "aws", {})))
    world.turn()
    assert world.names() == [], "it is tried again first"
    world.turn(DRAFT_ATTEMPTS)
    assert world.last("PlanFailed")["reason"] == "no answer: mcal: down"


def test_a_resource_moves_from_the_unit_of_another_provider(world: World) -> None:
    world.applied(manifest(("a", "aws", {}), ("b", "aws", {})))
    world.approve(world.request(manifest(("a", "us", {}), ("b", "aws", {}))))
    world.operate()
    units = {r.value["resource"]: r.value["unit_id"] for r in world.said() if r.fact == "ResourceVerified"}
    assert units == {"a": "us/0.0", "b": "aws/0.0"}


def test_a_unit_is_split_until_one_credential_has_room_for_its_types(world: World) -> None:
    world.cloud.most_types = 2
    document = manifest(*((n, "aws", {"v": 1}) for n in "abcde"))
    for resource, type in zip(document["resources"], ("Queue", "Topic", "Table", "Role", "Queue"), strict=True):
        resource["type"] = type
    world.applied(document)
    assert {name: r.unit_id for name, r in world.state.resources.items()} == {
        "a": "aws/0.0", "b": "aws/0.0", "c": "aws/0.1", "d": "aws/0.1", "e": "aws/0.0",
    }  # fmt: skip
    # What is deployed stays together, though less would go into one credential by now.
    world.cloud.most_types = 1
    world.request(document)
    assert {c.action for c in world.plan().changes} == {"none"}


def test_a_unit_is_split_until_its_engine_takes_it_and_it_can_grow(world: World) -> None:
    world.cloud.most = 8
    document = manifest(*((n, "aws", {"v": 1}) for n in "abcdefghi"))
    world.applied(document)
    # Nine are refused; four have room to grow.
    assert [(r.unit_id) for _, r in sorted(world.state.resources.items())] == [f"aws/0.{n // 4}" for n in range(9)]
    world.cloud.most = 4
    world.request(document)
    assert {c.action for c in world.plan().changes} == {"none"}


def test_one_resource_that_no_engine_takes_is_refused_with_the_engine_s_words(world: World) -> None:
    world.cloud.most = 0
    world.request(manifest(("a", "aws", {}), ("b", "aws", {})))
    problems = world.last("PlanFailed")["problems"]
    assert [p["message"] for p in problems] == ["1 resources", "1 resources"]


# --- clouds whose schemas do not tell which changes replace -----------------------------------------------


def test_the_cloud_is_asked_what_an_update_would_replace_and_people_see_it(world: World) -> None:
    world.cloud.previews = {}
    world.applied(manifest(("a", "aws", {"v": 1}), ("b", "aws", {"x": "${a.arn}"})))
    assert world.cloud.asked == [], "there is nothing to ask about what is new"
    world.cloud.previews = {urn("a"): "replace", urn("b"): "modify"}
    id = world.request(manifest(("a", "aws", {"v": 2}), ("b", "aws", {"x": "${a.arn}"})))
    a, b = world.plan().changes
    assert (a.action, a.replacement_reason) == ("replace", "AWS::SQS::Queue cannot be changed so in place")
    assert [(x.path, x.before_json, x.after_json) for x in a.attributes] == [("v", "1", "2")]
    assert [(x.path, x.unknown) for x in b.attributes] == [("x", True)]
    assert any("a will be replaced" in warning for warning in world.plan().warnings)
    world.approve(id)
    assert world.last("OperationRequested")["replaces"] == [urn("a")]


def test_what_is_updated_in_place_may_replace_nothing(world: World) -> None:
    world.cloud.previews = {}
    world.applied(manifest(("a", "aws", {"v": 1})))
    assert world.last("OperationRequested")["replaces"] == []
    world.approve(world.request(manifest(("a", "aws", {"v": 2}))))
    assert world.plan().changes[0].action == "update"
    assert world.last("OperationRequested")["replaces"] == []


def test_a_preview_gets_what_is_known_and_waits_for_what_is_not(world: World) -> None:
    world.cloud.previews = {}
    world.applied(manifest(("a", "aws", {"fifo": False}), ("b", "us", {"x": "${a.arn}", "v": 1})))
    world.request(manifest(("a", "aws", {"fifo": False}), ("b", "us", {"x": "${a.arn}", "v": 2})))
    assert world.cloud.asked == [{"a.arn": "arn:a"}]
    world.request(manifest(("a", "aws", {"fifo": True}), ("b", "us", {"x": "${a.arn}", "v": 2})))
    assert world.cloud.asked == [{"a.arn": "arn:a"}]
    assert "whether df-ns-web-us-1-0 is changed in place is known once a.arn is" in world.plan().warnings


def test_a_cloud_that_cannot_be_asked_is_a_warning(world: World) -> None:
    world.cloud.previews = {}
    world.applied(manifest(("a", "aws", {"v": 1})))
    world.cloud.failure = "ACCESS_DENIED: no"
    world.request(manifest(("a", "aws", {"v": 2})))
    assert world.plan().changes[0].action == "update"
    assert "could not be asked: ACCESS_DENIED: no" in world.plan().warnings[0]


def test_what_is_protected_is_not_replaced_by_a_cloud_s_word_either(world: World) -> None:
    world.cloud.previews = {}
    document = manifest(("a", "aws", {"v": 1}))
    document["resources"][0]["lifecycle"] = {"protect": True}
    world.applied(document)
    world.cloud.previews = {urn("a"): "replace"}
    changed = manifest(("a", "aws", {"v": 2}))
    changed["resources"][0]["lifecycle"] = {"protect": True}
    world.request(changed)
    assert "is protected and would be replaced" in str(world.last("PlanFailed"))
