"""References inside values."""

import pytest
from deployforge_mcal.domain import references
from deployforge_mcal.domain.references import BadReference, Reference


def test_a_string_is_literals_and_references() -> None:
    assert references.parts("a ${orders-dead.arn} $${b}") == ["a ", Reference("orders-dead", "arn"), " ${b}"]


def test_references_are_found_anywhere() -> None:
    value = {"a": ["x ${one.id}", {"b": "${two.arn}"}], "c": 3}
    assert [str(r) for r in references.of(value)] == ["one.id", "two.arn"]


def test_only_known_references_are_replaced() -> None:
    value = {"a": "${one.id}", "b": "${two.id}", "c": "$${one.id}"}
    assert references.substitute(value, {"one.id": "1"}) == {"a": "1", "b": "${two.id}", "c": "${one.id}"}


@pytest.mark.parametrize("text", ["${}", "${a}", "${A.b}", "${../x.y}", "${a b.c}"])
def test_anything_else_between_braces_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        references.parts(text)
