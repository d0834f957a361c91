"""Conditions of ignore rules, a line each."""

from typing import Any

import pytest
from deployforge_drift_detector.domain.compare import Difference
from deployforge_drift_detector.domain.condition import ALWAYS, Condition, How
from deployforge_drift_detector.domain.rules import IgnoreRule, hiding, hiding_all

GONE = Difference("a", 3, None, gone=True)


@pytest.mark.parametrize(
    ("condition", "expected", "found", "holds"),
    [
        (ALWAYS, 1, 2, True),
        (Condition(How.INCREASED), 2, 3, True),
        (Condition(How.INCREASED), 2, 1, False),
        (Condition(How.INCREASED), "2", "3", False),
        (Condition(How.INCREASED), False, True, False),
        (Condition(How.DECREASED), 2, 1.5, True),
        (Condition(How.DECREASED), 2, 3, False),
        (Condition(How.EXTENDED), ["a"], ["b", "a"], True),
        (Condition(How.EXTENDED), ["a", "c"], ["b", "a"], False),
        (Condition(How.EXTENDED), [{"a": 1}], [{"a": 1.0}, {}], True),
        (Condition(How.EXTENDED), {"a": 1}, {"a": 1, "b": 2}, True),
        (Condition(How.EXTENDED), {"a": 1}, {"a": 2, "b": 2}, False),
        (Condition(How.EXTENDED), "a", "ab", False),
        (Condition(How.GONE), 2, 0, False),
        (Condition(at_least=2, at_most=10), 3, 10, True),
        (Condition(at_least=2, at_most=10), 3, 11, False),
        (Condition(at_least=2), 3, "5", False),
        (Condition(at_least=0), 3, True, False),
        (Condition(How.INCREASED, at_most=10), 3, 11, False),
        (Condition(one_of=("45", '"x"')), 3, 45.0, True),
        (Condition(one_of=("45", '"x"')), 3, "45", False),
        (Condition(one_of=("true",)), False, 1, False),
        (Condition(one_of=()), 3, 4, False),
    ],
)
def test_a_condition_holds_or_not(condition: Condition, expected: Any, found: Any, holds: bool) -> None:
    assert condition.holds(Difference("a", expected, found)) is holds


def test_what_is_gone_has_no_value() -> None:
    assert Condition(How.GONE).holds(GONE)
    assert not any(one.holds(GONE) for one in (Condition(at_most=9), Condition(one_of=("null",)), Condition(How.EXTENDED)))


def test_a_condition_is_told_in_words() -> None:
    assert Condition(How.INCREASED, 2, 10, ("4", '"x"')).words == 'increased, at least 2, at most 10, one of 4, "x"'
    assert ALWAYS.words == ""


def test_the_first_rule_that_hides_a_difference_is_the_one() -> None:
    rules = [IgnoreRule("*", "a", when=Condition(How.GONE)), IgnoreRule("or*", "*"), IgnoreRule("*", "**")]
    assert hiding(rules, "orders", Difference("a", 1, 2)) == rules[1]
    assert hiding(rules, "x", Difference("a", 1, 2)) == rules[2]
    assert hiding(rules, "x", GONE) == rules[0]
    assert hiding(rules[:1], "x", Difference("a", 1, 2)) is None


def test_only_a_rule_without_a_condition_hides_that_a_resource_is_missing() -> None:
    assert hiding_all([IgnoreRule("*", "**", when=Condition(How.GONE)), IgnoreRule("*", "tags")], "orders") is None
    everything = IgnoreRule("o*", "**")
    assert hiding_all([everything], "orders") == everything
    assert hiding_all([everything], "x") is None


def test_a_rule_stays_the_same_one_when_its_reason_or_end_changes() -> None:
    one = IgnoreRule("*", "a", "because")
    assert one.id == IgnoreRule("*", "a", "why").id
    assert (
        len({one.id, IgnoreRule("o", "a").id, IgnoreRule("*", "b").id, IgnoreRule("*", "a", when=Condition(How.GONE)).id})
        == 4
    )
