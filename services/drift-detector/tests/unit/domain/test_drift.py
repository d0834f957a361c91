"""One resource's drift, episode by episode."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from deployforge_drift_detector.domain.drift import AlreadyDecided, Drift, NoOpenDrift, SameDrift, drift_id
from deployforge_drift_detector.domain.finding import Finding
from deployforge_drift_detector.domain.impact import Downstream
from deployforge_drift_detector.domain.levels import Kind, Severity

NOW = datetime(2026, 1, 1, tzinfo=UTC)
URN = "urn:df:storefront:webshop:orders"


def finding(mark: str = "a") -> Finding:
    return Finding(Kind.CHANGED, Severity.DEGRADED, "default", (), mark)


def see(drift: Drift, sequence: int, mark: str = "a") -> None:
    more: dict[str, Any] = {"scan_id": f"s{sequence}", "desired_version": 1, "physical_id": "q", "type": "Queue"}
    drift.see(finding(mark), Downstream(), sequence=sequence, observed_at=NOW, now=NOW, **more)


def resolve(drift: Drift, sequence: int | None, how: str = "observed") -> None:
    drift.resolve(how, scan_id=None, sequence=sequence, now=NOW)


@pytest.fixture
def drift() -> Drift:
    return Drift(URN, UUID(int=7), "storefront", "webshop")


def names(drift: Drift) -> list[str]:
    return [type(event).__name__ for event in drift.collect_events()]


def test_episodes_count_and_each_has_an_id_of_its_own(drift: Drift) -> None:
    see(drift, 1)
    first = drift.id_of_episode
    see(drift, 2, "b")
    assert (drift.episode, drift.id_of_episode) == (1, first)
    resolve(drift, 3)
    see(drift, 4)
    assert (drift.episode, drift.id_of_episode) == (2, drift_id(URN, 2))
    assert names(drift) == ["Watched", "Detected", "Changed", "Resolved", "Detected"]


def test_the_same_drift_is_not_told_twice(drift: Drift) -> None:
    see(drift, 1)
    with pytest.raises(SameDrift):
        see(drift, 2)


def test_what_is_not_newer_changes_nothing(drift: Drift) -> None:
    see(drift, 5)
    for sequence in (5, 4):
        with pytest.raises(AlreadyDecided):
            see(drift, sequence, "b")
        with pytest.raises(AlreadyDecided):
            resolve(drift, sequence)
    assert drift.open


def test_nothing_open_cannot_be_resolved(drift: Drift) -> None:
    with pytest.raises(NoOpenDrift):
        resolve(drift, 1)


def test_a_removal_needs_no_scan(drift: Drift) -> None:
    see(drift, 5)
    resolve(drift, None, "removed")
    assert (drift.open, drift.sequence, drift.how) == (False, 5, "removed")
