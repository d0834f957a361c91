"""References inside values."""

import pytest
from deployforge_mcal.domain import references
from deployforge_mcal.domain.difference import differing, in_types_of
from deployforge_mcal.domain.references import BadReference, Reference, Unresolved
from hypothesis import given
from hypothesis import strategies as st


def test_a_string_is_literals_and_references() -> None:
    assert references.parts("a ${orders-dead.arn} $${b}") == ["a ", Reference("orders-dead", "arn"), " ${b}"]


def test_references_are_found_anywhere() -> None:
    value = {"a": ["x ${one.id}", {"b": "${two.arn}"}], "c": 3}
    assert [str(r) for r in references.of(value)] == ["one.id", "two.arn"]


def test_only_known_references_are_replaced() -> None:
    value = {"a": "${one.id}", "b": "${two.id}", "c": "$${one.id}"}
    found = references.substitute(value, {"one.id": "1"})
    assert found == {"a": "1", "b": "${two.id}", "c": "${one.id}"}
    assert [name for name, text in found.items() if isinstance(text, Unresolved)] == ["b"]


@given(st.text(alphabet="${}a.", max_size=12), st.text(alphabet="${}a.", max_size=12))
def test_values_that_look_like_references_are_values(text: str, held: str) -> None:
    [desired] = references.substitute(references.escaped([text]), {})
    assert desired == text
    assert (differing({"a": desired}, {"a": held}, ()) == ["a"]) == (text != held)
    assert differing(references.substitute({"a": "${b.c}"}, {}), {"a": held}, ()) == []


def test_a_value_is_compared_in_the_type_that_the_cloud_holds() -> None:
    held = {"timeout": 30, "ratio": 0.5, "fifo": True, "name": "7", "rules": [{"port": 80}], "gone": 1}
    desired = {"timeout": "45", "ratio": "0.5", "fifo": "false", "name": "7", "rules": [{"port": "80"}], "new": "1"}
    typed = {"timeout": 45, "ratio": 0.5, "fifo": False, "name": "7", "rules": [{"port": 80}], "new": "1"}
    assert in_types_of(desired, held) == typed
    assert in_types_of({"timeout": "noon", "fifo": "1"}, held) == {"timeout": "noon", "fifo": "1"}
    assert differing(desired, held, ()) == ["fifo", "new", "timeout"]


@pytest.mark.parametrize("text", ["${}", "${a}", "${A.b}", "${../x.y}", "${a b.c}"])
def test_anything_else_between_braces_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        references.parts(text)
