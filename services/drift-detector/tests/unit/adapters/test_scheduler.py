"""One process at a time asks for scans."""

import threading

from deployforge_chassis.database import Database
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
