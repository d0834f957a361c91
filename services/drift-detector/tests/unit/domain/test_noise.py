"""What drifts again and again, and what drifted together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from deployforge_drift_detector.domain.noise import TOGETHER, Episode, groups, noisy
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 1, tzinfo=UTC)


def episode(
    id: str, resource: str, at: float, *changes: tuple[str, str], lasted: float | None = 60, actor: str = ""
) -> Episode:
    detected = START + timedelta(seconds=at)
    over = None if lasted is None else detected + timedelta(seconds=lasted)
    return Episode(id, resource, "Queue", changes, detected, over, actor)


def test_a_habit_is_named_with_the_rule_that_would_silence_it() -> None:
    some = [episode(f"d{n}", f"orders-{n % 2}", n * 600, ("desiredCount", str(n)), lasted=30 + n) for n in range(6)]
    [one] = noisy([*some, episode("x", "other", 0, ("delay", "1"))])
    assert (one.type, one.path, one.episodes, one.resources) == ("Queue", "desiredCount", 6, ("orders-0", "orders-1"))
    assert (one.resource_glob, one.median_seconds, one.still_open) == ("orders-*", 32.5, 0)


def test_four_times_is_no_habit_and_what_is_open_has_no_length() -> None:
    assert not noisy([episode(f"d{n}", "a", n, ("x", "1")) for n in range(4)])
    [one] = noisy([episode(f"d{n}", "a", n, ("x", "1"), lasted=None) for n in range(5)])
    assert (one.median_seconds, one.still_open, one.resource_glob) == (0.0, 5, "a")


def test_the_same_tag_on_many_resources_within_a_minute_is_one_group() -> None:
    rewritten = [episode(f"t{n}", f"r{n}", n * 10, ("tags.env", '"x"')) for n in range(5)]
    [one] = groups(
        [*rewritten, episode("later", "r9", 500, ("tags.env", '"x"')), episode("other", "r8", 5, ("delay", "3"))]
    )
    assert (one.what, one.resources, len(one.drift_ids)) == ("tags.env", ("r0", "r1", "r2", "r3", "r4"), 5)
    assert (one.since, one.until) == (START, START + timedelta(seconds=40))


def test_whatever_one_person_changes_within_a_minute_is_one_group() -> None:
    [one] = groups([
        episode("a", "r1", 0, ("delay", "3"), actor="mallory"), episode("b", "r2", 30, actor="mallory"),
        episode("c", "r3", 20, ("delay", "3")),
    ])  # fmt: skip
    assert (one.actor, one.what, one.drift_ids) == ("mallory", "delay, missing", ("a", "b"))


def test_one_resource_that_flips_is_no_group() -> None:
    assert not groups([episode(f"d{n}", "r", n, ("x", "1")) for n in range(3)])


EPISODES = st.lists(
    st.builds(
        lambda id, resource, at, value, actor: episode(f"d{id}", resource, at, ("x", value), actor=actor),
        st.integers(0, 10**6), st.sampled_from("abc"), st.integers(0, 400), st.sampled_from("12"), st.sampled_from(["", "m"]),
    ),
    unique_by=lambda one: one.drift_id,
    max_size=20,
)  # fmt: skip


@given(EPISODES, st.randoms())
def test_every_drift_is_in_at_most_one_group_whatever_their_order(some: list[Episode], random: object) -> None:
    found = groups(some)
    shuffled = some[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert groups(shuffled) == found
    ids = [id for one in found for id in one.drift_ids]
    assert len(ids) == len(set(ids))
    at = {one.drift_id: one.detected_at for one in some}
    for one in found:
        times = [at[id] for id in one.drift_ids]
        assert all(later - earlier <= TOGETHER for earlier, later in pairwise(times))
