"""Reads that contradict each other: what clouds say a moment after a change may be what was true a moment before it.

An answer of that kind does not count; what a later read says does, whatever it is. Between the two the resource is not
checked. Everything else counts at once, a value that nobody has seen there before in the first place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.ports import CheckState
from deployforge_drift_detector.application.verdicts import Verdict
from deployforge_drift_detector.domain.levels import Kind

AWAITING: Final = "awaiting a second read"
APART: Final = timedelta(seconds=0.5)
"""Two reads that are closer may well come from the same copy that lags behind."""


@dataclass(frozen=True)
class SecondReads:
    """When a first answer counts."""

    seconds: float
    """For how long a second read is asked for, and how long ago a value must have gone to be back for good; 0: every answer
    counts at once."""

    def believed(
        self, batch: ObservationBatch, book: Book, place: int, seen: Observation, found: Verdict, now: datetime
    ) -> Verdict:  # fmt: skip
        """The verdict if it counts, else that a second read is awaited."""
        if not self.seconds or found.state is CheckState.NOT_CHECKED:
            return found
        first = book.doubts.get(seen.urn)
        if first is not None:
            close = batch.observed_at - first < APART and now - first < timedelta(seconds=self.seconds)
            return _awaiting("the last answer was doubtful, and this one came too soon after it") if close else found
        if not book.is_news(seen.urn, found):
            return found
        doubt = self._doubt(book, place, seen, found, now)
        return _awaiting(doubt) if doubt else found

    def _doubt(self, book: Book, place: int, seen: Observation, found: Verdict, now: datetime) -> str:
        if found.finding is not None and found.finding.kind is Kind.MISSING:
            return "it seems to be missing"
        if found.finding is not None and book.is_last(place, seen.digest):
            return "it seems to be as it was before the last change"
        if book.came_back(place, seen.digest, now - timedelta(seconds=self.seconds)):
            return "it seems to be as it was a moment ago"
        return ""


def _awaiting(why: str) -> Verdict:
    return Verdict(CheckState.NOT_CHECKED, f"{AWAITING}: {why}", doubted=True)
