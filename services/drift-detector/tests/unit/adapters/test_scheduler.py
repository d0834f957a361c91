"""One process at a time asks for scans."""

import threading

from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.testing import until
from deployforge_drift_detector.adapters.scheduler import Scheduler


def test_a_second_one_takes_over_when_the_first_stops(fresh_database: Database) -> None:
    ticked = [threading.Event(), threading.Event()]

    def ticking(number: int) -> Scheduler:
        def tick() -> int:
            ticked[number].set()
            return 0

        return Scheduler(fresh_database, tick)

    first, second = ticking(0), ticking(1)
    first.start()
    assert ticked[0].wait(5)
    second.start()
    assert not ticked[1].is_set()
    first.stop(5)
    until(ticked[1].is_set)
    second.stop(5)
    assert (first.failed(), second.failed()) == (None, None)


def test_it_outlives_a_key_provider_that_is_away(fresh_database: Database) -> None:
    ticks: list[int] = []

    def tick() -> int:
        ticks.append(1)
        if len(ticks) == 1:
            raise KeyUnavailable("the token cannot be used")
        return 0

    scheduler = Scheduler(fresh_database, tick)
    scheduler.start()
    until(lambda: len(ticks) > 1)
    scheduler.stop(5)
    assert scheduler.failed() is None
