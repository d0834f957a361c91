"""Respelling a value or permuting a set never changes what is compared."""

import json
from typing import Any

import pytest
from deployforge_mcal.domain import normalise
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.normalise import NotCanonical
from deployforge_mcal.domain.references import Unresolved
from hypothesis import given
from hypothesis import strategies as st

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
WORDS = st.text("abcdef:*", min_size=1, max_size=6)


@given(st.integers(0, 10_000), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "]))
def test_a_duration_is_seconds_however_it_is_written(number: int, unit: str, space: str) -> None:
    assert normalise.duration(f"{number}{space}{unit}") == number * UNITS[unit]
    assert normalise.duration(number * UNITS[unit]) == normalise.duration(str(number * UNITS[unit]))


def test_sizes_of_either_family_are_bytes() -> None:
    assert normalise.size("20Gi") == normalise.size("20480MiB") == normalise.size(20 * 2**30)
    assert normalise.size("256KB") == 256_000


@pytest.mark.parametrize("value", ["soon", "30 parsecs", None, True, 1.5, "-3s", ""])
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        normalise.duration(value)


@given(st.sampled_from([True, "true", "True", "yes", "on"]))
def test_true_has_many_spellings(word: Any) -> None:
    assert normalise.boolean(word) is True


@given(st.dictionaries(WORDS, WORDS), st.randoms())
def test_tags_are_a_mapping_however_they_come(tags: dict[str, str], random: Any) -> None:
    listed = [{"Key": k, "Value": v} for k, v in tags.items()]
    random.shuffle(listed)
    assert normalise.tags(listed) == normalise.tags(tags) == tags


def test_a_network_loses_its_host_bits() -> None:
    assert normalise.cidr("1.2.3.4/8") == "1.0.0.0/8"
    assert normalise.cidr("2001:DB8::1/32") == "2001:db8::/32"


@given(st.lists(WORDS, min_size=1), st.randoms())
def test_a_set_does_not_care_for_order_or_repetition(items: list[str], random: Any) -> None:
    other = [*items, random.choice(items)]
    random.shuffle(other)
    rule = normalise.as_set(normalise.text)
    assert rule(items) == rule(other)


@given(st.lists(st.tuples(st.lists(WORDS, min_size=1), st.lists(WORDS, min_size=1)), min_size=1, max_size=4), st.randoms())
def test_a_policy_is_the_same_however_it_is_written(statements: list[Any], random: Any) -> None:
    def written(actions: list[str], resources: list[str]) -> dict[str, Any]:
        shuffled = random.sample(actions, len(actions))
        single = len(set(actions)) == 1 and random.random() < 0.5
        return {"Resource": random.sample(resources, len(resources)), "Effect": "Allow",
                "Action": shuffled[0] if single else shuffled}  # fmt: skip

    one = {"Version": "2012-10-17", "Statement": [written(a, r) for a, r in statements]}
    two = {"Statement": random.sample([written(a, r) for a, r in statements], len(statements)), "Version": "2012-10-17"}
    assert normalise.policy(one) == normalise.policy(two) == normalise.policy(json.dumps(two))


def test_a_reference_is_left_alone() -> None:
    assert normalise.known(normalise.duration)("${timing.timeout}") == "${timing.timeout}"


@given(st.lists(st.integers(), unique=True), st.randoms())
def test_permuting_a_set_is_no_difference(items: list[int], random: Any) -> None:
    other = random.sample(items, len(items))
    assert differing({"rules": items}, {"rules": other}, ["rules"]) == []


def test_only_enforced_paths_are_compared_and_extra_tags_are_nobodys_business() -> None:
    desired = {"tags": {"env": "a"}, "delay": 3, "to": Unresolved("${later.arn}")}
    live = {"tags": {"env": "b", "other": "x"}, "delay": 3, "unasked": True, "to": "somewhere"}
    assert differing(desired, live, []) == ["tags.env"]


def test_an_extra_member_of_a_set_and_a_value_that_is_gone_are_differences() -> None:
    assert differing({"in": [1], "x": 1}, {"in": [1, 2]}, ["in"]) == ["in", "x"]
