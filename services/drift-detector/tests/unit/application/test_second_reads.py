"""Reads that contradict each other are confirmed by a second read before they count."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.application.messages import Observation
from deployforge_drift_detector.application.scheduling import Scheduling

from ...conftest import ORDERS, SHARD, START, WORKER, World, batch, gone, seen, urn

SECONDS = 10.0


class Doubting:
    """A detector that asks twice, and whose scans are asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.scheduling = Scheduling(world.app, at_least_seconds=1, second_read_seconds=SECONDS)
        self.restart()
        self.scheduling.tick()
        self.sequence = 1_000

    def restart(self) -> None:
        books = Books(self.world.app, fresh_seconds=0)
        self.world.judging = Judging(self.world.app, books, second_read_seconds=SECONDS)

    def look(self, *observations: Observation, after: float = 1.0) -> None:
        """A scan so many seconds later."""
        self.world.clock.advance(after)
        self.sequence += 1
        at = self.world.clock.now()
        self.world.judge(self.sequence, *observations, observed_at=at)

    def drifts(self) -> list[str]:
        return [name for name in self.world.happened() if name in ("Detected", "Changed", "Resolved")]

    def waiting(self) -> dict[str, str]:
        return self.world.coverage()[2]

    def asked(self) -> list[tuple[str, ...]]:
        """What second reads are asked for now."""
        before = len(self.world.events())
        self.scheduling.tick()
        return [event.urns for event in self.world.events()[before:] if event.cause == "confirm"]


@pytest.fixture
def doubting(world: World) -> Doubting:
    return Doubting(world)


def test_what_is_missing_counts_when_a_second_read_says_so_too(doubting: Doubting) -> None:
    doubting.look(seen(ORDERS), seen(WORKER))
    doubting.look(gone(ORDERS), seen(WORKER))
    assert doubting.drifts() == []
    assert doubting.world.coverage() == (1, 0, {ORDERS.urn: "awaiting a second read: it seems to be missing"})
    assert doubting.asked() == []
    doubting.world.clock.advance(0.5)
    assert doubting.asked() == [(ORDERS.urn,)]
    doubting.look(gone(ORDERS), after=0.1)
    assert doubting.drifts() == ["Detected"]
    assert doubting.world.coverage() == (1, 1, {})
    doubting.world.clock.advance(5)
    assert doubting.asked() == []


def test_what_is_there_after_all_is_no_drift(doubting: Doubting) -> None:
    for _ in range(3):
        doubting.look(gone(ORDERS))
        doubting.look(seen(ORDERS))
        assert (doubting.drifts(), doubting.waiting()) == ([], {})
    assert doubting.world.app.stores.schedule.doubts(SHARD) == {}


def test_a_value_that_nobody_has_seen_there_counts_at_once(doubting: Doubting) -> None:
    doubting.look(seen(ORDERS))
    doubting.look(seen(ORDERS, {"visibilityTimeout": 60}))
    doubting.look(seen(ORDERS, {"visibilityTimeout": 90}))
    assert doubting.drifts() == ["Detected", "Changed"]


def test_a_value_that_comes_back_a_moment_later_is_read_again(doubting: Doubting) -> None:
    doubting.look(seen(ORDERS))
    doubting.look(seen(ORDERS, {"visibilityTimeout": 60}))
    doubting.look(seen(ORDERS))
    assert doubting.waiting() == {ORDERS.urn: "awaiting a second read: it seems to be as it was a moment ago"}
    assert doubting.drifts() == ["Detected"]
    doubting.look(seen(ORDERS, {"visibilityTimeout": 60}))
    assert (doubting.drifts(), doubting.world.coverage()[1]) == (["Detected"], 1)
    doubting.look(seen(ORDERS), after=SECONDS + 1)
    assert doubting.drifts() == ["Detected", "Resolved"]


def test_what_it_was_before_a_change_from_here_is_read_again(doubting: Doubting) -> None:
    doubting.look(seen(ORDERS))
    wanted = replace(ORDERS, version=2, generation=3, properties={**ORDERS.properties, "visibilityTimeout": 45})
    doubting.world.states.put(wanted)
    stale = replace(seen(ORDERS), generation=3)
    doubting.look(stale)
    assert doubting.waiting() == {ORDERS.urn: "awaiting a second read: it seems to be as it was before the last change"}
    doubting.look(seen(wanted))
    assert doubting.drifts() == []
    doubting.look(stale)
    doubting.look(stale)
    assert doubting.drifts() == ["Detected"]


def test_what_is_healed_is_healed_at_once(doubting: Doubting) -> None:
    doubting.look(seen(ORDERS))
    doubting.look(seen(ORDERS, {"visibilityTimeout": 60}))
    healed = replace(ORDERS, version=2, generation=3)
    doubting.world.states.put(healed)
    doubting.look(seen(healed))
    assert doubting.drifts() == ["Detected", "Resolved"]


def test_a_second_read_comes_long_enough_after_the_first(doubting: Doubting) -> None:
    doubting.look(gone(ORDERS))
    doubting.look(gone(ORDERS), after=0.4)
    doubting.look(seen(ORDERS), after=0.05)
    assert (doubting.drifts(), list(doubting.waiting())) == ([], [ORDERS.urn])
    doubting.look(gone(ORDERS), after=0.1)
    assert doubting.drifts() == ["Detected"]


def test_what_could_not_be_read_is_no_second_read(doubting: Doubting) -> None:
    doubting.look(gone(ORDERS))
    doubting.look(seen(ORDERS, presence="NOT_CHECKED", reason="throttled", properties_json=b""))
    assert doubting.waiting() == {ORDERS.urn: "throttled"}
    doubting.look(gone(ORDERS))
    assert doubting.drifts() == ["Detected"]


def test_a_restart_forgets_no_doubt(doubting: Doubting) -> None:
    doubting.look(gone(ORDERS))
    doubting.restart()
    doubting.look(gone(ORDERS))
    assert doubting.drifts() == ["Detected"]


def test_it_is_asked_for_ever_more_seldom_until_the_window_ends_and_the_next_look_counts(doubting: Doubting) -> None:
    doubting.look(gone(ORDERS))
    times = []
    for tick in range(1, 240):
        doubting.world.clock.advance(0.25)
        if doubting.asked():
            times.append(tick / 4)
    assert times == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
    doubting.look(gone(ORDERS))
    assert doubting.drifts() == ["Detected"]


def test_mass_deletion_is_read_again_as_a_whole_and_all_of_it_found(doubting: Doubting) -> None:
    many = [replace(ORDERS, urn=urn(f"q{n:04}"), resource=f"q{n:04}") for n in range(600)]
    for one in many:
        doubting.world.states.put(one)
    doubting.look(*map(seen, many))
    doubting.look(*map(gone, many))
    assert doubting.drifts() == []
    doubting.world.clock.advance(0.5)
    assert doubting.asked() == [()]
    doubting.look(*map(gone, many))
    assert len(doubting.world.app.stores.drifts.open_urns()) == 600


def test_what_is_not_desired_any_more_waits_for_nothing(doubting: Doubting) -> None:
    doubting.look(gone(ORDERS), gone(WORKER))
    doubting.world.states.drop(ORDERS.urn)
    doubting.world.app.removed(ORDERS.urn)
    doubting.world.states.drop(WORKER.urn)
    doubting.world.clock.advance(0.5)
    assert doubting.asked() == []
    assert doubting.world.app.stores.schedule.doubts(SHARD) == {}


def test_messages_that_wait_together_doubt_as_one_by_one(doubting: Doubting) -> None:
    def at(seconds: float) -> Any:
        return START + timedelta(seconds=seconds)

    doubting.world.asked(SHARD, 9)
    doubting.world.clock.advance(5)
    with doubting.world.judging.held():
        doubting.world.judging.judge(batch(5, gone(ORDERS), gone(WORKER), observed_at=at(1)))
        doubting.world.judging.judge(batch(6, gone(ORDERS), seen(WORKER), observed_at=at(2)))
    assert doubting.drifts() == ["Detected"]
    assert doubting.world.app.stores.schedule.doubts(SHARD) == {}


def test_without_a_window_every_answer_counts(world: World) -> None:
    world.judge(1, seen(ORDERS))
    world.judge(2, gone(ORDERS))
    assert "Detected" in world.happened()
