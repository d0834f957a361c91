from dataclasses import replace

import pytest
from deployforge_mcal.domain.pace import Bounds, Pace
from hypothesis import given
from hypothesis import strategies as st

BOUNDS = Bounds(first=8, least=1, most=32, reserve=0.25)
#: What happened: a call that went well while so many were under way, or one that was refused, begun so many cuts ago.
HAPPENED = st.one_of(st.tuples(st.just("well"), st.integers(0, 64)), st.tuples(st.just("refused"), st.integers(0, 3)))


def after(pace: Pace, happened: tuple[str, int]) -> Pace:
    what, number = happened
    if what == "well":
        return pace.succeeded(number, BOUNDS)
    return pace.throttled(max(0, pace.cuts - number), 0.0, BOUNDS)


def test_a_window_of_successes_makes_the_limit_one_larger() -> None:
    pace = Pace(8.0)
    for _ in range(8):
        pace = pace.succeeded(8, BOUNDS)
    assert 8.9 < pace.limit <= 9.0


def test_a_limit_that_nobody_comes_near_stays() -> None:
    assert Pace(8.0).succeeded(5, BOUNDS) == Pace(8.0)


def test_a_refusal_halves_once_for_all_that_was_under_way() -> None:
    pace = Pace(16.0).throttled(0, 0.0, BOUNDS)
    assert (pace.limit, pace.cuts) == (8.0, 1)
    assert pace.throttled(0, 0.0, BOUNDS) == pace
    assert pace.throttled(1, 0.0, BOUNDS).limit == 4.0


def test_a_pause_is_kept_by_whoever_tells_it_first_or_last() -> None:
    pace = Pace(16.0).throttled(0, 30.0, BOUNDS)
    assert pace.not_before == 30.0
    assert pace.throttled(0, 40.0, BOUNDS).not_before == 40.0
    assert pace.throttled(1, 5.0, BOUNDS).not_before == 30.0


def test_scans_leave_the_reserve_free_and_yield_to_deployments() -> None:
    pace = Pace(8.0)
    assert pace.admits_scan(5, 0, BOUNDS)
    assert not pace.admits_scan(6, 0, BOUNDS)
    assert not pace.admits_scan(5, 3, BOUNDS)
    assert Pace(1.0).admits_scan(0, 0, BOUNDS)
    assert not Pace(1.0).admits_scan(0, 1, BOUNDS)


@pytest.mark.parametrize("wrong", [{"first": 64}, {"least": 0}, {"reserve": 1.0}, {"most": 4}])
def test_bounds_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="contradict"):
        replace(BOUNDS, **wrong)


@given(st.lists(HAPPENED, max_size=200))
def test_the_limit_stays_within_its_bounds_and_grows_by_one_at_most(story: list[tuple[str, int]]) -> None:
    pace = Pace(BOUNDS.first)
    for happened in story:
        later = after(pace, happened)
        assert BOUNDS.least <= later.limit <= BOUNDS.most
        assert later.limit <= pace.limit + 1
        assert later.limit >= pace.limit or happened[0] == "refused"
        assert later.cuts >= pace.cuts
        pace = later


@given(st.floats(1, 32), st.integers(0, 40), st.integers(0, 40))
def test_what_is_under_way_never_passes_the_limit_by_a_scan(limit: float, scanning: int, deploying: int) -> None:
    pace = Pace(limit)
    if pace.admits_scan(scanning, deploying, BOUNDS):
        assert scanning + 1 <= pace.scans_at_most(BOUNDS)
        assert scanning + 1 + deploying <= limit


@given(st.floats(1, 32), st.floats(1, 32), st.integers(8, 40))
def test_two_that_share_an_api_come_to_equal_shares(one: float, other: float, bears: int) -> None:
    """Chiu and Jain: each cut halves the distance between them, and growing keeps it."""
    first, second = Pace(one), Pace(other)
    bounds = replace(BOUNDS, first=8, most=64)
    for _ in range(600):
        if first.limit + second.limit > bears:
            first, second = (p.throttled(p.cuts, 0.0, bounds) for p in (first, second))
        else:
            # A window each: a round trip of everybody.
            for _ in range(int(first.limit)):
                first = first.succeeded(int(first.limit), bounds)
            for _ in range(int(second.limit)):
                second = second.succeeded(int(second.limit), bounds)
    assert abs(first.limit - second.limit) < 2.0
