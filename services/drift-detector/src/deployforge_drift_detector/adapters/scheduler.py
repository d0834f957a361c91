"""Part: asks for scans when they are due, in one process of this service at a time."""

from collections.abc import Callable
from typing import Final

from deployforge_chassis.database import Database

from deployforge_drift_detector.adapters.leading import Leading

_LEADER_LOCK: Final = 0x4446_5343


class Scheduler(Leading):
    """See Leading."""

    def __init__(self, database: Database, tick: Callable[[], int]) -> None:
        super().__init__("scheduler", _LEADER_LOCK, database, tick)
