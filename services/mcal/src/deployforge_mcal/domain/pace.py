"""How much is asked of a cloud's API at once: a little more while it bears that, half as soon as it says it is too much.

Additive increase, multiplicative decrease. Source: D. Chiu and R. Jain, "Analysis of the Increase and Decrease Algorithms
for Congestion Avoidance in Computer Networks" (1989): of all linear rules this one leads everybody who shares a
resource, and knows nothing of the others, to fair shares of it. That a window grows by one per window of successes, and
is halved once for all that was under way, is TCP's: RFC 5681, "TCP Congestion Control".
"""

from dataclasses import dataclass, replace
from math import floor


@dataclass(frozen=True)
class Bounds:
    """Of all paces. Raises ValueError for what makes no sense."""

    first: float = 8.0
    """Calls at once before anything is known of an API."""
    least: float = 1.0
    """Below this nothing would ever be read."""
    most: float = 32.0
    """Above this nothing is gained: so many calls are under way at once, at most, in one process."""
    reserve: float = 0.25
    """The share of the limit that scans leave to deployments."""

    def __post_init__(self) -> None:
        if not (1 <= self.least <= self.first <= self.most and 0 <= self.reserve < 1):
            raise ValueError(f"these bounds contradict each other: {self}")


@dataclass(frozen=True)
class Pace:
    """What one API of one account bears, as far as is known."""

    limit: float
    """Calls at once; whole ones count."""
    cuts: int = 0
    """How often it was halved."""
    not_before: float = 0.0
    """Until then no scan calls, because the API asked for it; seconds of the caller's clock."""

    def scans_at_most(self, bounds: Bounds) -> int:
        """How many calls scans may have under way at once."""
        return max(1, floor(self.limit * (1 - bounds.reserve)))

    def admits_scan(self, scanning: int, deploying: int, bounds: Bounds) -> bool:
        """Whether a scan may call now, beside so many calls of scans and of deployments."""
        return scanning < self.scans_at_most(bounds) and scanning + deploying < floor(self.limit)

    def succeeded(self, under_way: int, bounds: Bounds) -> "Pace":
        """After a call that went well while `under_way` were, itself among them. A limit that nobody comes near says
        nothing of what the API bears, and stays."""
        if under_way < self.scans_at_most(bounds):
            return self
        return replace(self, limit=min(bounds.most, self.limit + 1 / self.limit))

    def throttled(self, cuts: int, not_before: float, bounds: Bounds) -> "Pace":
        """After a call that the API refused as too much, and that began when there had been `cuts` cuts: the others that
        were under way with it tell nothing new."""
        later = max(self.not_before, not_before)
        if cuts < self.cuts:
            return replace(self, not_before=later)
        return Pace(max(bounds.least, self.limit / 2), self.cuts + 1, later)
