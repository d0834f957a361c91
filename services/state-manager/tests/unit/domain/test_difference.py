"""Differences: what was added, removed, changed and moved, down to elements of lists and sets."""

import json
import random
from typing import Any

import pytest
from deployforge_state_manager.domain.difference import between, differences


def _told(before: Any, after: Any, *sets: str) -> dict[str, tuple[str, str]]:
    return {d.path: (d.change, d.from_path) for d in differences(before, after, sets)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2, "b": 3}, {"a": ("changed", ""), "b": ("added", "")}),
        ({"tags": {"x": 1, "k.y/z": 2}}, {"tags": {"x": 1}}, {'tags["k.y/z"]': ("removed", "")}),
        ({"l": [1, 2, 3]}, {"l": [3, 1, 2]}, {"l[0]": ("moved", "l[2]")}),
        ({"l": [1, 2, 3]}, {"l": [1, 3]}, {"l[1]": ("removed", "")}),
        ({"l": [1, 3]}, {"l": [1, 2, 3]}, {"l[1]": ("added", "")}),
        ({"l": [{"p": 1, "q": 2}]}, {"l": [{"p": 1, "q": 3}]}, {"l[0].q": ("changed", "")}),
        ({"l": []}, {"l": [1, 1]}, {"l[0]": ("added", ""), "l[1]": ("added", "")}),
        ({"l": [1]}, {"l": "1"}, {"l": ("changed", "")}),
    ],
)
def test_of_values(before: Any, after: Any, expected: dict[str, tuple[str, str]]) -> None:
    assert _told(before, after) == expected


def test_sets_have_members_and_no_order() -> None:
    assert _told({"s": [1, 2, 3]}, {"s": [3, 2, 1]}, "s") == {}
    assert _told({"s": [1, 2]}, {"s": [2, {"p": 4}]}, "s") == {"s{1}": ("removed", ""), 's{{"p":4}}': ("added", "")}
    assert _told({"s": [1, 1]}, {"s": [1]}, "s") == {"s{1}": ("removed", "")}


def test_a_list_that_is_too_long_to_search_is_told_as_a_whole() -> None:
    assert _told({"l": list(range(1001))}, {"l": [0]}) == {"l": ("changed", "")}


@pytest.mark.parametrize("seed", range(50))
def test_every_element_of_a_list_is_accounted_for(seed: int) -> None:
    chance = random.Random(seed)
    before, after = ([chance.randint(0, 6) for _ in range(chance.randint(0, 9))] for _ in range(2))
    found = differences({"l": before}, {"l": after})
    assert (not found) == (before == after)
    gone = [d.before for d in found if d.change in ("removed", "changed")]
    come = [d.after for d in found if d.change in ("added", "changed")]
    assert sorted([*before, *come]) == sorted([*after, *gone]), "but for what moved, which is on both sides"
    for d in found:
        if d.change == "moved":
            assert before[int(d.from_path[2:-1])] == d.before == d.after == after[int(d.path[2:-1])]


def _row(name: str, **changed: Any) -> dict[str, dict[str, Any]]:
    row = {
        "urn": name, "unit_id": "aws/0.0", "physical_id": f"phy-{name}", "provider_type": "aws", "account": "0",
        "location": "eu", "native_type": "Queue", "set_paths": [], "desired_json": '{"v":1}', **changed,
    }  # fmt: skip
    return {name: row}


def test_of_resources() -> None:
    old = {**_row("same"), **_row("gone"), **_row("changed"), **_row("elsewhere"), **_row("replaced"), **_row("old-name")}
    new = {
        **_row("same"), **_row("new"), **_row("changed", desired_json='{"v":2}', unit_id="aws/1.0"),
        **_row("elsewhere", unit_id="aws/1.0"), **_row("replaced", physical_id="other"),
        **_row("new-name", physical_id="phy-old-name", desired_json='{"v":1}'),
    }  # fmt: skip
    told = {d.urn: (d.change, d.from_urn, [x.path for x in d.differences]) for d in between(old, new)}
    assert told == {
        "gone": ("removed", "", ["(physical id)", "v"]),
        "new": ("added", "", ["(physical id)", "v"]),
        "changed": ("changed", "", ["(unit)", "v"]),
        "elsewhere": ("moved", "", ["(unit)"]),
        "replaced": ("moved", "", ["(physical id)"]),
        "new-name": ("moved", "old-name", []),
    }
    assert between(new, new) == []


def test_a_set_on_either_side_is_compared_as_one() -> None:
    old, new = _row("a", desired_json=json.dumps({"s": [1, 2]})), _row("a", desired_json=json.dumps({"s": [2, 1]}))
    assert len(between(old, new)[0].differences) == 1
    assert between(old, {"a": {**new["a"], "set_paths": ["s"]}}) == []
