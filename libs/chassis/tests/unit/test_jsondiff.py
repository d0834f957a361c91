from typing import Any

from deployforge_chassis.jsondiff import ABSENT, changes
from hypothesis import given
from hypothesis import strategies as st

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def _paths(before: Any, after: Any, *sets: str) -> list[tuple[str, Any, Any]]:
    return [(c.path, c.before, c.after) for c in changes(before, after, sets)]


def test_objects_are_compared_key_by_key() -> None:
    assert _paths({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3, "d": 4}}) == [("b.c", 2, 3), ("b.d", ABSENT, 4)]


def test_an_object_that_appears_is_told_attribute_by_attribute() -> None:
    assert _paths({}, {"tags": {"x": 1, "y": 2}}) == [("tags.x", ABSENT, 1), ("tags.y", ABSENT, 2)]


def test_lists_are_compared_in_order_unless_they_are_sets() -> None:
    assert _paths({"l": [1, 2]}, {"l": [2, 1]}) == [("l", [1, 2], [2, 1])]
    assert _paths({"l": [1, 2]}, {"l": [2, 1]}, "l") == []


def test_a_key_with_a_dot_is_quoted() -> None:
    assert _paths({"t": {"a.b": 1}}, {"t": {"a.b": 2}}) == [('t["a.b"]', 1, 2)]


def test_true_is_not_one() -> None:
    assert _paths({"a": True}, {"a": 1}) == [("a", True, 1)]


@given(_json)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert changes(value, value) == []


@given(_json, _json)
def test_what_changes_one_way_changes_back_the_other(one: Any, other: Any) -> None:
    there = [(c.path, c.before_json, c.after_json) for c in changes(one, other)]
    back = [(c.path, c.after_json, c.before_json) for c in changes(other, one)]
    assert there == back
