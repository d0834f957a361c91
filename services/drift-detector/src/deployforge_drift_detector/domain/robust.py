"""Robust statistics of a bounded window of numbers.

Median and median absolute deviation are not moved by a few wild values. A distance from the median in units of the
deviation is Iglewicz and Hoaglin's modified z; 3.5 is where they begin to speak of outliers. (Source: Iglewicz,
Hoaglin, "How to Detect and Handle Outliers", ASQC 1993.)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Final

WINDOW: Final = 64
OUTLIER: Final = 3.5
_RECENT: Final = 8
"""The median of so many newest values tells whether the level has shifted."""
_ERROR: Final = 0.443
"""The standard error of the median of eight values, in standard deviations of a normal distribution."""
_NORMAL: Final = 1.4826
_NORMAL_MEAN: Final = 1.2533
"""Times the median, or the mean, absolute deviation is the standard deviation, of a normal distribution."""
_TINY: Final = 1e-12
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


def deviation(values: Sequence[float]) -> float:
    """The robust standard deviation of at least one value: 1.4826 MAD; where more than half are the same, 1.2533 times the
    mean absolute deviation without the largest twentieth, of three or more without the largest; and no less than a
    twentieth of the median's size (of 1, where the median is 0).
    """
    middle = median(values)
    apart = sorted(abs(value - middle) for value in values)
    trimmed = apart[: len(apart) - max(1, len(apart) // 20)] if len(apart) > 2 else apart
    spread = _NORMAL * median(apart) or _NORMAL_MEAN * fmean(trimmed)
    return max(spread, _LEAST * (abs(middle) or 1.0), _TINY)


def shifted(values: Sequence[float]) -> bool:
    """Whether the newest eight values are on another level than those before: their median lies further from the others'
    than its standard error lets expect, and they agree among themselves, or it would be unrest and no new level.
    """
    earlier, recent = values[:-_RECENT], values[-_RECENT:]
    if len(earlier) < _RECENT:
        return False
    apart = abs(median(recent) - median(earlier))
    error = _ERROR * math.sqrt(1 + _RECENT / len(earlier)) * deviation(earlier)
    return apart > OUTLIER * error and apart > deviation(recent)


def _z(value: float, values: Sequence[float]) -> float:
    return abs(value - median(values)) / deviation(values)
