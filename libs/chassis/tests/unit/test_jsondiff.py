from collections.abc import Callable
from typing import Any

import pytest
from deployforge_chassis.jsondiff import ABSENT, OPEN_ITEMS, changes, declared_part
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


def test_of_objects_only_what_is_declared_counts_and_lists_are_held_whole() -> None:
    assert declared_part({"a": {"b": 1}, "gone": 2}, {"a": {"b": 3, "c": 4}}) == {"a": {"b": 3}}
    held = {"l": [{"a": 1, "b": 2}]}
    assert declared_part({"l": [{"a": 1}]}, held) == held
    assert declared_part({"l": [{"a": 1}]}, held, [OPEN_ITEMS, "l"]) == held, "a set is exactly what is declared"
    assert declared_part({"l": [{"a": 1}]}, held, [OPEN_ITEMS]) == {"l": [{"a": 1}]}


@pytest.mark.parametrize(
    ("declared", "held", "part"),
    [
        ([{"name": "a", "p": 1}, {"name": "b"}], [{"name": "b", "id": "1"}, {"name": "a", "p": 1, "q": 2}], None),
        ([{"id": "x"}], [{"id": "x", "name": "added", "properties": {}}], None),
        ([{"p": 1}, {"p": 2}], [{"p": 1, "id": "1", "name": "n"}, {"p": 2, "id": "2", "name": "m"}], None),
        ([{"name": "a", "in": [{"p": 1}]}], [{"name": "a", "in": [{"p": 1, "q": 2}]}], None),
        ([[{"p": 1}]], [[{"p": 1, "q": 2}]], None),
        ([{"name": "a"}], [{"name": "a"}, {"name": "more", "q": 1}], [{"name": "a"}, {"name": "more", "q": 1}]),
        ([{"name": "a"}, {"name": "b"}], [{"name": "b"}], [{"name": "b"}]),
        ([{"p": 1}], [{"p": 1, "q": 2}, {"p": 3}], [{"p": 1}, {"p": 3}]),
        ([{"name": "a", "p": 1}], [{"name": "a", "p": 2, "q": 2}], [{"name": "a", "p": 2}]),
        ([{"name": "a"}], [], []),
        ([], [{"name": "a"}], [{"name": "a"}]),
        ([1, 2], [2, 1], [2, 1]),
    ],
)
def test_items_are_known_by_name_or_id_or_place_and_only_their_declared_part_counts(
    declared: list[Any], held: list[Any], part: list[Any] | None
) -> None:
    assert declared_part(declared, held, [OPEN_ITEMS]) == (declared if part is None else part)


_ITEM = st.fixed_dictionaries(
    {"p": st.integers(0, 3)}, optional={"q": st.lists(st.fixed_dictionaries({"r": st.integers(0, 3)}))}
)
_NAMED = st.dictionaries(st.sampled_from("abcd"), _ITEM, max_size=4).map(lambda d: [{"name": n, **v} for n, v in d.items()])


def _with_more(value: Any, drawn: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """As somebody else shows it: with fields that nobody declared, and named items in another order."""
    if isinstance(value, dict):
        more = drawn(st.dictionaries(st.sampled_from(["id", "etag", "state"]), st.integers(), max_size=2))
        return {**more, **{key: _with_more(inner, drawn) for key, inner in value.items()}}
    if not isinstance(value, list):
        return value
    named = bool(value) and all("name" in item for item in value)
    return [_with_more(item, drawn) for item in (drawn(st.permutations(value)) if named else value)]


@given(st.one_of(_NAMED, st.lists(_ITEM, max_size=4)), st.data())
def test_what_is_added_inside_items_is_no_difference_and_everything_else_is(
    declared: list[Any], data: st.DataObject
) -> None:
    held = _with_more(declared, data.draw)
    assert declared_part(declared, held, [OPEN_ITEMS]) == declared
    assert declared_part(declared, [*held, {"name": "more", "p": 9}], [OPEN_ITEMS]) != declared
    if held:
        at = data.draw(st.integers(0, len(held) - 1))
        changed = [{**item, "p": item["p"] + 1} if i == at else item for i, item in enumerate(held)]
        assert declared_part(declared, changed, [OPEN_ITEMS]) != declared
        assert declared_part(declared, held[:at] + held[at + 1 :], [OPEN_ITEMS]) != declared


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
