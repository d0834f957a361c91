"""Ordering and spelling are never drift; any other enforced value always is."""

import random
from typing import Any

from deployforge_drift_detector.domain.compare import differences
from hypothesis import example, given
from hypothesis import strategies as st

NAMES = st.text("abcdefgh", min_size=1, max_size=4)
SCALARS = st.one_of(st.booleans(), st.integers(-(10**6), 10**6), st.text("xyz019:/-", max_size=8))
LISTS = st.lists(SCALARS, min_size=1, max_size=5)
VALUES = st.recursive(
    st.one_of(SCALARS, LISTS), lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=5)


def leaves(value: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*at, key))]
    return [at]


def shuffled(value: Any, sets: set[str], rng: random.Random, path: str = "") -> Any:
    """The same with keys, and the items of sets, in another order."""
    if isinstance(value, dict):
        keys = rng.sample(list(value), len(value))
        return {key: shuffled(value[key], sets, rng, f"{path}.{key}" if path else key) for key in keys}
    if isinstance(value, list) and path in sets:
        return rng.sample(value, len(value))
    return value


def with_leaf(value: Any, at: tuple[str, ...], new: Any) -> Any:
    return {**value, at[0]: with_leaf(value[at[0]], at[1:], new)} if at else new


@given(OBJECTS, st.randoms(use_true_random=False), st.dictionaries(st.text("Z", min_size=1), SCALARS, max_size=2))
def test_order_and_what_nobody_desired_are_never_drift(
    desired: dict[str, Any], rng: random.Random, more: dict[str, Any]
) -> None:
    sets = {".".join(at) for at in leaves(desired)}
    assert differences(desired, {**more, **shuffled(desired, sets, rng)}, sets) == ()


@given(OBJECTS, st.data())
def test_changing_any_one_enforced_value_is_always_drift(desired: dict[str, Any], data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(leaves(desired)))
    found = differences(desired, with_leaf(desired, at, "something else entirely"))
    assert [difference.path for difference in found] == [".".join(at)]


def test_an_attribute_that_is_gone_is_told_path_by_path() -> None:
    found = differences({"tags": {"a": "1", "b": "2"}, "n": 1}, {"n": 1})
    assert [(difference.path, difference.gone) for difference in found] == [("tags.a", True), ("tags.b", True)]


def test_lists_have_an_order_unless_they_are_sets() -> None:
    assert differences({"l": [1, 2]}, {"l": [2, 1]})[0].path == "l"
    assert differences({"l": [{"a": 1}, {"b": 2}]}, {"l": [{"b": 2.0}, {"a": 1}]}, {"l"}) == ()


def test_absent_null_and_empty_are_the_same_and_so_are_1_and_1_0() -> None:
    assert differences({"a": None, "b": [], "c": {}, "d": 1}, {"d": 1.0}) == ()
    assert [found.path for found in differences({"a": None}, {"a": 1})] == ["a"]


def test_true_is_not_1() -> None:
    assert differences({"a": True}, {"a": 1})


@given(st.text(alphabet="${}a.", max_size=12), st.text(alphabet="${}a.", max_size=12))
@example("${orders.arn}", "arn:1")
@example("$${a.b}", "${a.b}")
def test_text_that_looks_like_a_reference_is_compared_as_text(desired: str, held: str) -> None:
    assert bool(differences({"a": desired, "b": [desired]}, {"a": held, "b": [held]})) == (desired != held)
