"""What this service counts, beside what the chassis counts of its calls."""

from typing import Final

from deployforge_chassis.effects import Work, WorkHandler
from deployforge_chassis.facts import Effects
from prometheus_client import Counter, Histogram

WORK_SECONDS: Final = Histogram("deployforge_mcal_work_seconds", "Seconds that operations and scans took", ["kind"])
WORK_FAILED: Final = Counter("deployforge_mcal_work_failed", "Attempts that ended in an unexpected error", ["kind"])
"""Every metric of this service is in this module."""


def measured(kind: str, handler: WorkHandler) -> WorkHandler:
    """`handler`, timed."""

    def timed(work: Work) -> Effects:
        with WORK_SECONDS.labels(kind).time(), WORK_FAILED.labels(kind).count_exceptions():
            return handler(work)

    return timed
