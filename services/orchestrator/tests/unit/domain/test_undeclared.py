"""What nobody declared is told apart from what somebody did."""

from typing import Any

import pytest
from deployforge_orchestrator.domain.undeclared import left_default
from hypothesis import given
from hypothesis import strategies as st

VERIFIED = {"delay": 0, "tags": {"env": "t", "owner": "a"}, "rules": [1], "size": 3}


@pytest.mark.parametrize(
    ("desired", "live", "paths"),
    [
        ({}, VERIFIED, []),
        ({"delay": 0}, {**VERIFIED, "delay": 9}, []),
        ({"delay": 0}, {**VERIFIED, "size": 4}, ["size"]),
        ({"tags": {"env": "t"}}, {**VERIFIED, "tags": {"env": "x", "owner": "b", "new": "c"}}, ["tags.new", "tags.owner"]),
        ({"rules": [1]}, {**VERIFIED, "rules": [2]}, []),
        ({}, {**VERIFIED, "rules": [2]}, ["rules"]),
        ({}, {key: value for key, value in VERIFIED.items() if key != "size"}, ["size"]),
        ({"tags": {"a.b": "1"}}, {**VERIFIED, "tags": {**VERIFIED["tags"], "a.b": "2", "a": "3"}}, ["tags.a"]),
    ],
)
def test_only_what_nobody_declared_is_told(desired: dict[str, Any], live: dict[str, Any], paths: list[str]) -> None:
    assert sorted(one.path for one in left_default(desired, VERIFIED, live)) == paths


VALUES = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(OBJECTS, OBJECTS)
def test_what_is_declared_as_a_whole_is_never_told(verified: dict[str, Any], live: dict[str, Any]) -> None:
    assert left_default({**dict.fromkeys("abc", 0)}, verified, live) == []
    assert left_default({}, live, live) == []
