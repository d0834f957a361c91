"""The fast answer is the one that naming the differences gives."""

import json
from typing import Any

import pytest
from deployforge_chassis.jsondiff import OPEN_ITEMS
from deployforge_drift_detector.domain.compare import agrees, agrees_at_a_glance, ambiguous, differences
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = st.sampled_from(["a", "b", "c"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.0, -0.0, 1.0, 1.5, 2**63, 2**64 + 1, float(2**64)]),
    st.sampled_from(["", "a", "true", "1", "${x.y}", "$${x}"]),
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)
PATHS = st.frozensets(st.sampled_from(["a", "b", "a.b", "b.c", "a.b.c", OPEN_ITEMS]))


def held_like(desired: Any) -> st.SearchStrategy[Any]:
    """Mostly what is desired, in some other spelling or with one thing changed."""
    match desired:
        case dict():
            kept = st.fixed_dictionaries({key: held_like(value) for key, value in desired.items()})
            return st.one_of(kept, kept.flatmap(lambda held: OBJECTS.map(lambda more: {**more, **held})), OBJECTS)
        case list():
            alike = st.tuples(*(held_like(item) for item in desired)).map(list)
            return st.one_of(st.permutations(desired), st.just(desired), alike, VALUES)
        case bool() | int() | float():
            return st.sampled_from([desired, float(desired), int(desired), bool(desired), str(desired)])
        case _:
            return st.one_of(st.just(desired), VALUES)


@settings(max_examples=250)
@given(st.data())
def test_it_says_what_the_differences_say(data: st.DataObject) -> None:
    desired = data.draw(OBJECTS)
    observed = data.draw(held_like(desired).filter(lambda held: isinstance(held, dict)))
    set_paths = data.draw(PATHS)
    assert agrees(desired, observed, set_paths) == (not differences(desired, observed, set_paths))
    if agrees_at_a_glance(desired, observed, ambiguous(desired)):
        assert agrees(desired, observed, set_paths)


@given(OBJECTS, OBJECTS)
def test_what_is_spelt_as_desired_agrees_at_a_glance(desired: Any, more: Any) -> None:
    assert agrees_at_a_glance(desired, {**more, **json.loads(json.dumps(desired))}, ambiguous(desired))


def test_of_items_that_are_open_only_what_is_desired_counts() -> None:
    desired = {"rules": [{"name": "a", "port": 1}]}
    shown = {"rules": [{"name": "a", "port": 1, "etag": "x"}]}
    assert agrees(desired, shown, [OPEN_ITEMS])
    assert differences(desired, shown, [OPEN_ITEMS]) == ()
    assert not agrees(desired, shown)
    more = {"rules": [*shown["rules"], {"name": "b", "port": 2}]}
    assert not agrees(desired, more, [OPEN_ITEMS])
    [found] = differences(desired, more, [OPEN_ITEMS])
    assert (found.path, found.actual) == ("rules", [{"name": "a", "port": 1}, {"name": "b", "port": 2}])


@pytest.mark.parametrize(
    ("desired", "observed", "agree"),
    [
        ({"a": True}, {"a": 1}, False),
        ({"a": 0}, {"a": False}, False),
        ({"a": [1, True]}, {"a": [1, 1]}, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 2**64 + 1}, {"a": 2**64}, False),
        ({"a": {"b": 1}}, {"a": None}, False),
        ({"a": {"b": None}}, {}, True),
        ({"a": {}}, {"a": 3}, False),
        ({"a": "${b.c}"}, {}, False),
    ],
)
def test_what_python_would_get_wrong(desired: Any, observed: Any, agree: bool) -> None:
    assert agrees(desired, observed) is agree
    assert agree or not agrees_at_a_glance(desired, observed, ambiguous(desired))
    assert (not differences(desired, observed)) is agree
