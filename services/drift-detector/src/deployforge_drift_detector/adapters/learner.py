"""Part: learns what is usual from recorded drift, in one process of this service at a time."""

from collections.abc import Callable
from typing import Final

from deployforge_chassis.database import Database

from deployforge_drift_detector.adapters.leading import Leading

_LEADER_LOCK: Final = 0x4446_4C52


class Learner(Leading):
    """See Leading."""

    def __init__(self, database: Database, tick: Callable[[], int]) -> None:
        super().__init__("learner", _LEADER_LOCK, database, tick)
