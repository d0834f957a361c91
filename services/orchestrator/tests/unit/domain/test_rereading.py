import pytest
from deployforge_orchestrator.domain.planning import MISSING, NOT_CHECKED, PRESENT, Live, urn
from deployforge_orchestrator.domain.rereading import moved, to_read_again

from .making import a_plan, a_spec, deployed_of, state_of

A = urn("ns", "web", "a")
PLAN = a_plan(
    [a_spec("a", "aws", {"v": 2, "w": 1, "tags": {"x": "1"}}), a_spec("b", "aws", {"v": 1}), a_spec("c", "aws", {})],
    state_of(deployed_of("a", {"v": 1, "w": 1, "tags": {"x": "1"}}), deployed_of("b", {"v": 1})),
)


def _unknown(*_: str) -> None:
    return None


def test_only_what_changes_and_is_there_is_read_again() -> None:
    assert [kept.name for kept in to_read_again(PLAN)] == ["a"]


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (Live(PRESENT, {"v": 1, "w": 1, "tags": {"x": "1"}}), ""),
        (Live(PRESENT, {"v": 7, "w": 1, "tags": {"x": "1"}}), ""),
        (Live(PRESENT, {"v": 2, "w": 1, "tags": {"x": "1"}, "not": "enforced"}), ""),
        (Live(NOT_CHECKED, reason="throttled"), ""),
        (Live(PRESENT, {"v": 1, "w": 9, "tags": {"x": "1"}}), "w of a was changed since"),
        (Live(PRESENT, {"v": 1, "w": 1, "tags": {}}), "tags.x of a was changed since"),
        (Live(MISSING), "a has vanished since"),
    ],
)
def test_what_a_plan_does_not_cover(live: Live, reason: str) -> None:
    assert moved(PLAN, {A: live}, _unknown, {}) == reason


def test_an_unread_resource_is_no_reason() -> None:
    assert moved(PLAN, {}, _unknown, {}) == ""
