"""What is usual of a resource, and what is unusual of a change."""

from datetime import UTC, datetime, timedelta

from deployforge_drift_detector.domain.baseline import (
    ACTORS,
    ATTRIBUTES,
    EPISODES,
    GAPS,
    HOURS,
    Baseline,
    Change,
    Moved,
    hour_of_week,
)
from deployforge_drift_detector.domain.baseline_score import Score, score
from deployforge_drift_detector.domain.numbers import number
from hypothesis import given
from hypothesis import strategies as st

MONDAY_NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def change(at: datetime = MONDAY_NINE, value: float = 60, path: str = "visibilityTimeout", actor: str = "") -> Change:
    return Change(at, (Moved(path, f"of {value}", 30, value),), f"{path}={value}", actor)


def after(*changes: Change, usual: Baseline = Baseline()) -> Baseline:
    """Each is over when the next begins."""
    for one in changes:
        usual = usual.then(usual.news(one)).over(one.at + timedelta(minutes=1))
    return usual


def weekly(weeks: int, value: float = 60, actor: str = "") -> list[Change]:
    return [change(MONDAY_NINE + timedelta(weeks=n, minutes=n % 3), value + n % 4, actor=actor) for n in range(weeks)]


def names(found: Score) -> list[str]:
    return [reason.name for reason in found.reasons]


def test_nothing_is_unusual_about_the_first_change() -> None:
    assert score(Baseline(), change()) == score(Baseline(), change(actor="ada")) == Score(0.0, ())
    nameless = after(*weekly(30))
    assert score(nameless, change(MONDAY_NINE + timedelta(weeks=30), 61, actor="ada")).value < 0.1


def test_what_happens_every_week_is_usual() -> None:
    usual = after(*weekly(30))
    again = change(MONDAY_NINE + timedelta(weeks=30), 61)
    assert score(usual, again).value < 0.1


def test_a_wild_number_is_unusual_and_said_so() -> None:
    found = score(after(*weekly(30)), change(MONDAY_NINE + timedelta(weeks=30), 3600))
    assert found.value > 0.7
    assert names(found)[0] == "value"
    assert "visibilityTimeout is 3600, usually 61" in found.reasons[0].words


def test_an_hour_in_which_nothing_happens_a_burst_a_new_attribute_and_a_stranger_are_unusual() -> None:
    usual = after(*weekly(30, actor="ada"))
    at = MONDAY_NINE + timedelta(weeks=30)
    assert names(score(usual, change(at + timedelta(days=2), 61, actor="ada"))) == ["hour"]
    assert names(score(usual, change(at - timedelta(weeks=1) + timedelta(seconds=130), 61, actor="ada"))) == ["rate"]
    assert names(score(usual, change(at, 61, "retention", actor="ada"))) == ["attribute"]
    stranger = score(usual, change(at, 61, actor="mallory"))
    assert names(stranger) == ["actor"]
    assert "mallory has made none of 30 changes" in stranger.reasons[0].words


def test_only_what_moved_counts_while_a_drift_is_open() -> None:
    two = Change(MONDAY_NINE, (Moved("a", "1"), Moved("b", "1")), "f")
    usual = Baseline().then(two)
    three = Change(MONDAY_NINE, (Moved("a", "1"), Moved("b", "2")), "g")
    usual = usual.then(usual.news(three))
    assert [(one.path, one.rhythm.changes) for one in usual.attributes] == [("a", 1), ("b", 2)]
    assert [one.fingerprint for one in usual.episodes] == ["g"]
    usual = usual.over(MONDAY_NINE)
    assert len(usual.news(three).moved) == 2
    assert usual.over(MONDAY_NINE) == usual
    assert (usual.returns("g"), usual.returns("f")) == (1, 0)


def test_a_gone_resource_is_a_change_of_no_attribute() -> None:
    usual = Baseline().then(Change(MONDAY_NINE, (), "missing"))
    assert (usual.rhythm.changes, usual.attributes) == (1, ())
    assert Baseline().over(MONDAY_NINE) == Baseline()


def test_hours_of_the_week_grow_old() -> None:
    usual = after(*[change(MONDAY_NINE, n) for n in range(1023)])
    assert usual.hours[hour_of_week(MONDAY_NINE)] == 1023
    assert after(change(), usual=usual).hours[hour_of_week(MONDAY_NINE)] == 512


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(0, 200), st.floats(allow_nan=True), st.integers(0, 40)), max_size=120
    )
)
def test_bounded_and_between_nought_and_one_whatever_happens(steps: list[tuple[int, int, float, int]]) -> None:
    usual = Baseline()
    for seconds, path, value, actor in steps:
        one = usual.news(change(MONDAY_NINE + timedelta(seconds=seconds), value, f"p{path}", f"a{actor}"))
        assert 0 <= score(usual, one).value <= 1
        usual = usual.then(one)
        assert len(usual.attributes) <= ATTRIBUTES and len(usual.actors) <= ACTORS and len(usual.hours) == HOURS
        assert len(usual.rhythm.gaps) <= GAPS and len(usual.episodes) <= EPISODES


def test_numbers_among_json_values() -> None:
    texts = ("30", "-1.5", "1e3", '"30"', "true", "null", "", "[1]", "1e999", "9" * 400)
    assert [number(text) for text in texts] == [30, -1.5, 1000, None, None, None, None, None, None, None]
