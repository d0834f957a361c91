from typing import Any

from deployforge_orchestrator.domain.references import escaped, is_unresolved, read, references, resolve, settled
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text(alphabet="${}ab.", max_size=12)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans(), lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXTS, v, max_size=3)
)


def test_references_are_found_wherever_strings_are() -> None:
    value = {"a": "${x.arn}", "b": ["-${y.id}-${z.url}"], "c": 5, "d": "$${not.one}"}
    assert list(references(value)) == [("x", "arn"), ("y", "id"), ("z", "url")]


def test_known_references_are_replaced_and_unknown_ones_stay() -> None:
    assert resolve({"a": "${x.arn}/${y.id}"}, lambda n, a: "X" if n == "x" else None) == {"a": "X/${y.id}"}
    assert is_unresolved(read({"a": ["${y.id}"]}))


def test_an_escaped_reference_is_literal() -> None:
    assert read(resolve("$${x.arn}", lambda *_: "X")) == "${x.arn}"
    assert not is_unresolved(read("$${x.arn}"))


@given(VALUES)
def test_values_are_read_as_they_were_spelt(value: Any) -> None:
    assert read(escaped(value)) == value
    assert not is_unresolved(read(escaped(value)))


@given(TEXTS)
def test_what_a_reference_gives_is_a_value_whatever_it_looks_like(given: str) -> None:
    found = read(resolve("<${x.arn}>", lambda *_: given))
    assert (found, is_unresolved(found)) == (f"<{given}>", False)


def test_a_property_is_filled_in_once_all_that_it_refers_to_is_known() -> None:
    desired = {"timeout": "${a.seconds}", "both": ["${a.id}", "${b.id}"], "plain": "$${c.d}", "other": "${a.id}"}
    lookup = lambda name, attribute: "30s" if name == "a" else None  # noqa: E731
    found = settled(desired, lookup, {"timeout": 30, "both": ["30s", "?"], "plain": "${c.d}"})
    assert found == {"timeout": 30, "both": ["30s", "${b.id}"], "plain": "${c.d}", "other": "30s"}
    assert [name for name, value in found.items() if is_unresolved(value)] == ["both"]
