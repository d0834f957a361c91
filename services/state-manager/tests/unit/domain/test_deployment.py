"""Given versions, when an execution is verified or a report passes, then these events."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from deployforge_state_manager.domain.deployment import Deployment, UnknownExecution, Verified
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FIRST = Verified(
    namespace="front", name="shop", request_id="r", execution_id="e1", plan_id="p", plan_digest="d", action="APPLY",
    author="alice", approvers=("bob",), manifest_digest="m", desired_changed=True, units=(), healing_json="{}",
    healing_policy_digest="h", drift_json="{}", policies_json="[]", outputs_json="{}", effective_at=NOW,
)  # fmt: skip


def _deployment(*verified: Verified) -> Deployment:
    deployment = Deployment(UUID(int=1))
    for each in verified:
        deployment.record(each, {"a": "1"}, 0)
    deployment.collect_events()
    return deployment


def test_a_version_more_for_every_execution() -> None:
    deployment = _deployment(FIRST)
    deployment.record(replace(FIRST, execution_id="e2"), {"a": "2", "b": "1"}, 0)
    [event] = deployment.collect_events()
    assert isinstance(event, Deployment.VersionRecorded)
    assert (event.version, event.desired_version, event.urns) == (2, 2, ("a", "b"))


def test_a_heal_leaves_the_desired_version() -> None:
    deployment = _deployment(FIRST, replace(FIRST, execution_id="e2", action="HEAL", desired_changed=False))
    assert (deployment.latest, deployment.desired_version) == (2, 1)


def test_an_execution_makes_one_version() -> None:
    deployment = _deployment(FIRST)
    deployment.record(FIRST, {"a": "9"}, 0)
    assert not deployment.collect_events()


def test_the_digest_is_of_the_resources_in_any_order() -> None:
    digests = set()
    for resources in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}):
        deployment = Deployment(UUID(int=1))
        deployment.record(FIRST, resources, 0)
        digests |= {e.digest for e in deployment.collect_events() if isinstance(e, Deployment.VersionRecorded)}
    assert len(digests) == 1


def test_a_version_becomes_good_once() -> None:
    deployment = _deployment(FIRST)
    deployment.mark_good("e1")
    deployment.mark_good("e1")
    assert [type(e).__name__ for e in deployment.collect_events()] == ["VersionMarkedGood"]


def test_an_unknown_execution_makes_nothing_good() -> None:
    with pytest.raises(UnknownExecution):
        _deployment(FIRST).mark_good("e2")


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=20))
def test_versions_grow_by_one_and_desired_versions_never_fall(executions: list[tuple[int, bool]]) -> None:
    deployment = Deployment(UUID(int=1))
    for number, moved in executions:
        deployment.record(replace(FIRST, execution_id=f"e{number}", desired_changed=moved), {}, 0)
    events = [e for e in deployment.collect_events() if isinstance(e, Deployment.VersionRecorded)]
    assert [e.version for e in events] == list(range(1, len({n for n, _ in executions}) + 1))
    steps = [b.desired_version - a.desired_version for a, b in pairwise(events)]
    assert steps == [int(e.verified.desired_changed) for e in events[1:]]
