"""Standing still with work to do is noticed; standing still without is not."""

import pytest
from deployforge_chassis.clock import FixedClock
from deployforge_drift_detector.entrypoints.watchdog import Watchdog, resident_bytes

CAP = 2**30


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def watchdog(clock: FixedClock) -> Watchdog:
    return Watchdog(clock, stall_seconds=30, rss_cap_bytes=CAP)


def watch(watchdog: Watchdog, clock: FixedClock, seconds: int, position: int, end: int, step: int = 0) -> None:
    for _ in range(seconds):
        watchdog.observe({0: position}, {0: end})
        clock.advance(1)
        position += step


def test_still_for_thirty_seconds_with_work(watchdog: Watchdog, clock: FixedClock) -> None:
    watch(watchdog, clock, 29, 5, 9)
    assert watchdog.complaint(0) is None
    assert watchdog.lag == 4
    watch(watchdog, clock, 1, 5, 9)
    assert "stands still" in str(watchdog.complaint(0))


def test_nothing_to_do_is_no_stall_and_work_counts_from_when_it_came(watchdog: Watchdog, clock: FixedClock) -> None:
    watch(watchdog, clock, 300, 5, 5)
    assert watchdog.complaint(0) is None
    watch(watchdog, clock, 29, 5, 6)
    assert watchdog.complaint(0) is None


def test_slow_is_not_still(watchdog: Watchdog, clock: FixedClock) -> None:
    watch(watchdog, clock, 300, 5, 1000, step=1)
    assert watchdog.complaint(0) is None


def test_one_moving_partition_does_not_hide_another(watchdog: Watchdog, clock: FixedClock) -> None:
    for second in range(31):
        watchdog.observe({0: second, 1: 5}, {0: 100, 1: 6})
        clock.advance(1)
    assert "partition 1" in str(watchdog.complaint(0))


def test_a_partition_taken_away_is_no_concern(watchdog: Watchdog, clock: FixedClock) -> None:
    watch(watchdog, clock, 20, 5, 9)
    watchdog.observe({}, {})
    clock.advance(20)
    assert watchdog.complaint(0) is None
    assert watchdog.lag == 0


def test_knowing_nothing_for_long_and_growing_too_big(watchdog: Watchdog, clock: FixedClock) -> None:
    assert watchdog.complaint(CAP) is None
    assert "MiB" in str(watchdog.complaint(CAP + 1))
    clock.advance(120)
    assert "nothing known" in str(watchdog.complaint(0))


def test_it_knows_what_the_process_holds() -> None:
    assert resident_bytes() > 10 * 2**20
