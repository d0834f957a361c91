from datetime import UTC, datetime

from deployforge_chassis.clock import Clock, FixedClock, SystemClock


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 11, 1, tzinfo=UTC))
    assert (clock.now(), clock.now()) == (datetime(2026, 11, 1, tzinfo=UTC),) * 2
    clock.advance(90)
    assert clock.now() == datetime(2026, 11, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == 90


def test_the_system_clock_is_aware() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
