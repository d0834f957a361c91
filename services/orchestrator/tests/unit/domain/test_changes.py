from dataclasses import replace
from typing import Any

import pytest
from deployforge_chassis.jsondiff import OPEN_ITEMS
from deployforge_orchestrator.domain.changes import change_of, delete_of, heal_of
from deployforge_orchestrator.domain.planning import MISSING, NOT_CHECKED, PRESENT, Deployed, Live
from hypothesis import given
from hypothesis import strategies as st

from .making import compiled_of, deployed_of

_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text("abc", max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("pqr"), inner, min_size=1, max_size=3)),
    max_leaves=6,
)  # fmt: skip
_objects = st.dictionaries(st.sampled_from(["a", "b", "tags", "rules", "fifo"]), _values, max_size=4)


def _unknown(*_: str) -> None:
    return None


def _change(desired: dict[str, Any], deployed: Deployed | None, live: Live | None = None, import_id: str = "") -> Any:
    return change_of(compiled_of("a", desired), "aws/0.0", (), deployed, live, _unknown, import_id, {})


def _told(change: Any) -> list[tuple[str, str, str]]:
    return [(a.path, a.before_json, a.after_json) for a in change.attributes]


@pytest.mark.parametrize(
    ("desired", "was", "live", "action", "told", "drifted"),
    [
        ({"v": 1}, None, None, "create", [("v", "", "1")], ()),
        ({"v": 1}, {"v": 1}, Live(PRESENT, {"v": 1, "other": 2}), "none", [], ()),
        ({"v": 2}, {"v": 1}, Live(PRESENT, {"v": 1}), "update", [("v", "1", "2")], ()),
        ({"v": 1}, {"v": 1}, Live(PRESENT, {"v": 9}), "update", [("v", "9", "1")], ("v",)),
        ({"v": 2, "w": 1}, {"v": 1, "w": 1}, Live(PRESENT, {"v": 1, "w": 9}), "update", [("v", "1", "2"), ("w", "9", "1")], ("w",)),
        ({"v": 1}, {"v": 1, "w": 2}, Live(PRESENT, {"v": 1, "w": 2}), "update", [("w", "2", "")], ()),
        ({"v": 1}, {"v": 1}, Live(MISSING), "recreate", [("v", "", "1")], ()),
        ({"v": 2}, {"v": 1}, Live(NOT_CHECKED), "update", [("v", "1", "2")], ()),
        ({"rules": [1, 2]}, {"rules": [2, 1]}, None, "none", [], ()),
        ({"list": [1, 2]}, {"list": [2, 1]}, None, "update", [("list", "[2,1]", "[1,2]")], ()),
        ({"fifo": True}, {"fifo": False}, None, "replace", [("fifo", "false", "true")], ()),
        ({"v": "$${x}"}, {"v": "${x}"}, None, "none", [], ()),
    ],
)  # fmt: skip
def test_what_happens_to_a_resource(
    desired: dict[str, Any], was: dict[str, Any] | None, live: Live | None, action: str, told: Any, drifted: Any
) -> None:
    change = _change(desired, None if was is None else deployed_of("a", was), live)
    assert (change.action, _told(change), change.drifted) == (action, told, drifted)


@pytest.mark.parametrize(
    ("desired", "was", "live", "action"),
    [
        ([{"name": "a", "p": 1}], [{"name": "a", "p": 1}], [{"name": "a", "p": 1, "etag": "x"}], "none"),
        ([{"name": "a", "p": 1}], [{"name": "a", "p": 1}], [{"name": "a", "p": 2, "etag": "x"}], "update"),
        ([{"name": "a", "p": 1}], [{"name": "a", "p": 1}], [{"name": "a", "p": 1}, {"name": "b"}], "update"),
        ([{"name": "a"}], [{"name": "a", "p": 1}], [{"name": "a", "p": 1, "etag": "x"}], "update"),
        ([{"name": "a", "p": 1}], [{"name": "a"}], [{"name": "a", "p": 1, "etag": "x"}], "update"),
    ],
)
def test_of_open_items_only_what_is_or_was_declared_is_compared(desired: Any, was: Any, live: Any, action: str) -> None:
    wanted = replace(compiled_of("a", {"l": desired}), set_paths=(OPEN_ITEMS,))
    deployed = replace(deployed_of("a", {"l": was}), set_paths=(OPEN_ITEMS,))
    change = change_of(wanted, "azure/0.0", (), deployed, Live(PRESENT, {"l": live}), _unknown, "", {})
    assert change.action == action


def test_an_existing_resource_is_adopted() -> None:
    change = _change({"v": 1}, None, import_id="arn:x")
    assert (change.action, change.physical_id) == ("adopt", "arn:x")


def test_a_replacement_gives_the_reason_in_words() -> None:
    change = _change({"fifo": True, "v": 2}, deployed_of("a", {"fifo": False, "v": 1}))
    assert change.replacement_reason == "fifo of AWS::SQS::Queue can only be set at creation"
    assert [a.requires_replacement for a in change.attributes] == [True, False]


def test_a_create_only_value_that_somebody_changed_live_is_no_reason_to_replace() -> None:
    change = _change({"fifo": True}, deployed_of("a", {"fifo": True}), Live(PRESENT, {"fifo": False}))
    assert (change.action, change.replacement_reason) == ("update", "")


def test_what_only_the_execution_will_know_is_unknown() -> None:
    [attribute] = _change({"x": "${b.arn}"}, deployed_of("a", {"x": "arn:old"})).attributes
    assert (attribute.unknown, attribute.before_json, attribute.after_json) == (True, '"arn:old"', "")


def test_a_deletion_tells_what_goes() -> None:
    change = delete_of(deployed_of("a", {"v": 1, "tags": {"x": "1"}}))
    assert (change.action, _told(change)) == ("delete", [("tags.x", '"1"', ""), ("v", "1", "")])


@pytest.mark.parametrize(
    ("live", "recreate", "action", "drifted"),
    [
        (Live(PRESENT, {"v": 1, "other": 3}), False, "none", ()),
        (Live(PRESENT, {"v": 9}), False, "correct", ("v",)),
        (Live(MISSING), False, "recreate", ()),
        (Live(PRESENT, {"v": 1}), True, "recreate", ()),
    ],
)
def test_what_a_heal_does(live: Live, recreate: bool, action: str, drifted: tuple[str, ...]) -> None:
    change = heal_of(deployed_of("a", {"v": 1}), {"v": 1}, live, recreate)
    assert (change.action, change.drifted) == (action, drifted)


@given(_objects, _objects)
def test_nothing_changes_exactly_when_nothing_differs(was: dict[str, Any], desired: dict[str, Any]) -> None:
    def plain(value: dict[str, Any]) -> Any:
        rules = value.get("rules")
        return {**value, "rules": sorted(rules, key=repr)} if isinstance(rules, list) else value

    change = _change(desired, deployed_of("a", was))
    assert (change.action == "none") == (not change.attributes)
    assert (change.action == "none") == (repr(_sorted(plain(was))) == repr(_sorted(plain(desired))))


@given(_objects)
def test_what_is_deployed_as_desired_never_changes(desired: dict[str, Any]) -> None:
    assert _change(desired, deployed_of("a", desired), Live(PRESENT, {**desired, "other": 1})).action == "none"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value
