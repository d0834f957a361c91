"""Given what is known of a resource, when something is verified or drifts, then these events."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from deployforge_state_manager.domain.resource import At, Resource, ResourceState, Watching, scan_shard

AT = At(1, 1, datetime(2026, 11, 24, tzinfo=UTC))
STATE = ResourceState(
    urn="urn:df:front:shop:q", resource="q", type="Queue", native_type="AWS::SQS::Queue", provider="aws",
    provider_type="aws", account="0", location="eu-west-1", credential_ref="c", unit_id="aws/0.0", unit_name="u",
    physical_id="p", desired_json="{}", actual_json="{}", attributes_json="{}", spec_json="{}", depends_on=(),
    create_only_paths=(), set_paths=(), criticality="normal", protect=False, retain_on_delete=False, generation=1,
)  # fmt: skip


def _resource() -> Resource:
    resource = Resource(UUID(int=1), "front", "shop", STATE.urn, "shard")
    resource.record(STATE, Watching(), AT)
    resource.collect_events()
    return resource


@pytest.mark.parametrize(
    "changed", [{"desired_json": '{"a":1}'}, {"physical_id": "p2"}, {"generation": 3}, {"unit_id": "u2"}]
)
def test_whatever_is_new_moves_its_version(changed: dict[str, str]) -> None:
    resource = _resource()
    assert resource.record(replace(STATE, **changed), Watching(), AT)
    assert resource.resource_version == 2


def test_new_rules_move_its_version_too() -> None:
    resource = _resource()
    assert resource.record(STATE, Watching(every_seconds=5), AT)
    assert resource.resource_version == 2


def test_nothing_new_changes_nothing() -> None:
    resource = _resource()
    assert not resource.record(STATE, Watching(), At(2, 2, AT.effective_at))
    assert not resource.collect_events()


def test_a_removal_moves_its_version_and_comes_once() -> None:
    resource = _resource()
    assert resource.remove(AT)
    assert not resource.remove(AT)
    assert [type(e).__name__ for e in resource.collect_events()] == ["Removed"]
    assert resource.record(STATE, Watching(), AT)
    assert resource.resource_version == 3


def test_drift_is_noted_when_it_is_news() -> None:
    resource = _resource()
    assert [resource.note_drift(d) for d in ("drifted", "drifted", "missing", "in-sync")] == [True, False, True, True]
    resource.remove(AT)
    assert not resource.note_drift("drifted")


def test_drift_that_was_noted_before_its_time_was_kept_is_read_as_such() -> None:
    state: dict[str, object] = {"urn": STATE.urn, "drift": "drifted"}
    Resource.DriftNoted.upcast_v1_v2(state)
    assert state == {"urn": STATE.urn, "drift": "drifted", "since": None}


def test_a_shard_is_the_same_wherever_it_is_computed() -> None:
    shard = scan_shard("aws", "0", "eu-west-1", UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11"))
    assert shard.startswith("aws:0:eu-west-1:")
    assert shard.rpartition(":")[2] in {f"{bucket:02d}" for bucket in range(16)}
    assert shard == scan_shard("aws", "0", "eu-west-1", UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11"))
