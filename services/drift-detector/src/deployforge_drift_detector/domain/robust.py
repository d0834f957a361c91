"""Robust statistics of a bounded window of numbers.

Median and median absolute deviation are not moved by a few wild values. A distance from the median in units of the
deviation is Iglewicz and Hoaglin's modified z; 3.5 is where they begin to speak of outliers. (Source: Iglewicz,
Hoaglin, "How to Detect and Handle Outliers", ASQC 1993.)
"""

import math
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

WINDOW: Final = 64
OUTLIER: Final = 3.5
_RECENT: Final = 8
"""A level has shifted when the median of so many newest values is an outlier among the earlier ones."""
_NORMAL: Final = 1.4826
"""Times the MAD is the standard deviation, of a normal distribution."""
_LEAST: Final = 0.05
"""What never varied is given a deviation of this share of its median."""


@dataclass(frozen=True)
class Series:
    """The newest values, oldest first; what came before the level shifted is gone."""

    values: tuple[float, ...] = ()
    shifted_at: datetime | None = None
    """When the level was last seen to have shifted."""

    def then(self, value: float, at: datetime) -> "Series":
        """After one more value. What is not finite is left out."""
        if not math.isfinite(value):
            return self
        values = (*self.values, value)[-WINDOW:]
        return Series(values[-_RECENT:], at) if shifted(values) else Series(values, self.shifted_at)

    @property
    def middle(self) -> float | None:
        """The median; None of nothing."""
        return median(self.values) if self.values else None

    @property
    def spread(self) -> float | None:
        """The robust standard deviation, never 0; None of nothing."""
        return deviation(self.values) if self.values else None

    def outlying(self, value: float) -> float:
        """The modified z of a value, 0 where nothing is known or it is not finite."""
        return _z(value, self.values) if self.values and math.isfinite(value) else 0.0


def deviation(values: tuple[float, ...]) -> float:
    """1.4826 MAD of at least one value, and no less than a twentieth of the median's size."""
    middle = median(values)
    spread = _NORMAL * median(abs(value - middle) for value in values)
    return max(spread, _LEAST * abs(middle), 1e-9)


def shifted(values: tuple[float, ...]) -> bool:
    """Whether the newest values have left the earlier ones: of the two windows that ADWIN would find, the second is
    always the newest eight. They agree among themselves, or it would be unrest and no new level.
    """
    earlier, recent = values[:-_RECENT], values[-_RECENT:]
    if len(earlier) < _RECENT:
        return False
    return _z(median(recent), earlier) > OUTLIER and deviation(recent) < abs(median(recent) - median(earlier))


def _z(value: float, values: tuple[float, ...]) -> float:
    return abs(value - median(values)) / deviation(values)
