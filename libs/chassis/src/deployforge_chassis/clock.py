"""Time as a dependency: whoever needs to know the time is given a clock."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; never waits."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow, for measuring durations; the zero point means nothing."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class FixedClock:
    """Stands still until it is moved; both readings move together."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    elapsed_seconds: float = field(default=0.0)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed_seconds

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        self.at += timedelta(seconds=seconds)
        self.elapsed_seconds += seconds
