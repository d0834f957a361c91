"""Numbers that wild values do not move."""

import math
from datetime import UTC, datetime

from deployforge_drift_detector.domain.robust import OUTLIER, WINDOW, Series
from hypothesis import given
from hypothesis import strategies as st

AT = datetime(2026, 1, 5, tzinfo=UTC)


def series(*values: float) -> Series:
    found = Series()
    for value in values:
        found = found.then(value, AT)
    return found


def test_a_wild_value_moves_neither_middle_nor_spread() -> None:
    calm = series(*(30, 31, 29, 30, 32, 28) * 3)
    wild = calm.then(10_000, AT)
    assert (calm.middle, wild.middle) == (30, 30)
    assert calm.outlying(10_000) > OUTLIER > calm.outlying(33)
    assert wild.outlying(10_000) > OUTLIER


def test_what_never_varied_is_still_compared_and_nothing_is_known_of_nothing() -> None:
    assert series(30, 30, 30).outlying(31) < OUTLIER < series(30, 30, 30).outlying(40)
    assert Series().outlying(5) == 0
    assert (Series().middle, Series().spread) == (None, None)


def test_where_most_are_the_same_the_others_still_say_how_far_is_far() -> None:
    flat = series(30, 99, 99, 99, 99, 3600)
    assert flat.middle == 99 and 10 < (flat.spread or 0) < 30
    rare = series(*[0.0] * 40, *[1.0, -1.0, 2.0] * 4)
    assert rare.outlying(2) < rare.outlying(40) and rare.outlying(0) == 0 and rare.outlying(2) > OUTLIER


def test_a_new_level_replaces_the_old_one_and_unrest_does_not() -> None:
    moved = series(*[10.0, 11, 9, 10] * 4, *[50.0, 51, 49, 50] * 2)
    assert moved.shifted_at == AT
    assert 49 <= (moved.middle or 0) <= 51
    restless = series(*[10.0, 90, 11, 80] * 8)
    assert restless.shifted_at is None


@given(st.lists(st.floats(), max_size=300))
def test_bounded_and_finite_whatever_comes(values: list[float]) -> None:
    found = series(*values)
    assert len(found.values) <= WINDOW
    assert all(map(math.isfinite, found.values))
    assert found.spread is None or found.spread > 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(-1e6, 1e6))
def test_how_far_out_a_value_is_does_not_depend_on_order_nor_direction(values: list[float], value: float) -> None:
    there, mirrored = Series(tuple(values)), Series(tuple(-one for one in reversed(values)))
    assert math.isclose(there.outlying(value), mirrored.outlying(-value), rel_tol=1e-6, abs_tol=1e-6)
