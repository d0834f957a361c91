"""When a shard is due."""

from datetime import UTC, datetime, timedelta

from deployforge_drift_detector.domain.schedule import interval_seconds, next_due

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_new_shard_is_due_at_once() -> None:
    assert next_due("s", 0, None, 60, NOW) == NOW


def test_later_scans_come_an_interval_apart_less_a_steady_jitter() -> None:
    at = next_due("s", 3, NOW, 60, NOW)
    assert NOW + timedelta(seconds=54) <= at <= NOW + timedelta(seconds=60)
    assert at == next_due("s", 3, NOW, 60, NOW + timedelta(seconds=9))
    assert len({next_due(f"s{n}", 3, NOW, 60, NOW) for n in range(20)}) > 15


def test_the_most_eager_resource_decides() -> None:
    assert interval_seconds([300, 60, 5], 1) == 5
    assert interval_seconds([0], 1) == 1
