"""Refusing commands while what was accepted earlier still waits, and telling callers when to come back.

Queues inside a service are bounded by refusing at its edge, before anything is written: whoever is refused has lost
nothing and keeps its request id. Reads are served all the while.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.effect_queue import EffectQueue
from deployforge_chassis.overload import Overloaded

_LOOK_SECONDS: Final = 0.5
_SHORTEST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 10.0
#: Work that waits for less than this is taken up at once by idle workers and says nothing about pressure.
_OVERDUE_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Gauge:
    """How much of one thing waits, and how much may."""

    what: str
    measure: Callable[[], int]
    at_most: int


class Pressure:
    """Judges by gauges, each looked at twice a second at most. Threads may share it."""

    def __init__(self, gauges: Sequence[Gauge], *, now: Callable[[], float] = time.monotonic) -> None:
        self._gauges = gauges
        self._now = now
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._refusal: tuple[str, float] | None = None

    def check(self) -> None:
        """Raises Overloaded while a gauge is above its limit, or whatever measuring raises."""
        with self._lock:
            if self._now() - self._looked_at >= _LOOK_SECONDS:
                self._refusal = self._look()
                self._looked_at = self._now()
            refusal = self._refusal
        if refusal is not None:
            raise Overloaded(*refusal)

    def _look(self) -> tuple[str, float] | None:
        for gauge in self._gauges:
            if (waiting := gauge.measure()) > gauge.at_most:
                # The deeper the queue, the longer it takes to get below the limit.
                pause = min(_LONGEST_PAUSE_SECONDS, max(_SHORTEST_PAUSE_SECONDS, waiting / max(gauge.at_most, 1)))
                return f"{waiting} {gauge.what}, at most {gauge.at_most} may be", round(pause, 1)
        return None


def pressure_of(settings: ServiceSettings, database: Database, queue: EffectQueue | None = None) -> Pressure:
    """The gauges of a service: events not published yet and, where it has a queue, outside work not taken up."""
    gauges = [Gauge("events wait to be published", lambda: unpublished(database), settings.unpublished_at_most)]
    if queue is not None:
        overdue = lambda: queue.overdue(_OVERDUE_SECONDS)  # noqa: E731
        gauges.append(Gauge("pieces of outside work wait", overdue, settings.effects_waiting_at_most))
    return Pressure(gauges)


def unpublished(database: Database) -> int:
    """How many events the relay has not published yet."""
    row = database.one(
        "SELECT greatest(0, coalesce((SELECT max(notification_id) FROM events), 0) "
        "- coalesce((SELECT position FROM relay), 0)) AS waiting"
    )
    assert row is not None
    return int(row["waiting"])
