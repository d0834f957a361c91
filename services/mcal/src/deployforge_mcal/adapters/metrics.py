"""What this service counts, beside what the chassis counts of its calls."""

from typing import Final

from deployforge_chassis.effects import Work, WorkHandler
from deployforge_chassis.facts import Effects
from prometheus_client import Counter, Gauge, Histogram

from deployforge_mcal.application.pacing import Api
from deployforge_mcal.domain.pace import Pace

WORK_SECONDS: Final = Histogram("deployforge_mcal_work_seconds", "Seconds that operations and scans took", ["kind"])
WORK_FAILED: Final = Counter("deployforge_mcal_work_failed", "Attempts that ended in an unexpected error", ["kind"])
_API: Final = ["provider", "account", "api"]
API_LIMIT: Final = Gauge("deployforge_mcal_api_limit", "Calls that this process has under way at once at most", _API)
API_CUTS: Final = Gauge("deployforge_mcal_api_cuts", "How often that was halved, because the cloud said too much", _API)
"""Every metric of this service is in this module."""


def measured(kind: str, handler: WorkHandler) -> WorkHandler:
    """`handler`, timed."""

    def timed(work: Work) -> Effects:
        with WORK_SECONDS.labels(kind).time(), WORK_FAILED.labels(kind).count_exceptions():
            return handler(work)

    return timed


def paced(api: Api, pace: Pace) -> None:
    """What is known now of what an API bears."""
    labels = (api.provider, api.account, api.name)
    API_LIMIT.labels(*labels).set(int(pace.limit))
    API_CUTS.labels(*labels).set(pace.cuts)
