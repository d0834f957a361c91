"""The healing section of a manifest, canonical form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Severities, by number.
LEVELS = ("", "informational", "degraded", "critical")


@dataclass(frozen=True)
class Window:
    """A span of the day, UTC, on some days of the week, in which remedies may start."""

    days: tuple[str, ...]
    start_minute: int
    end_minute: int

    def contains(self, at: datetime) -> bool:
        """Whether `at` lies in it; a window over midnight belongs to the day on which it begins."""
        minute = at.hour * 60 + at.minute
        if self.start_minute <= self.end_minute:
            return _DAYS[at.weekday()] in self.days and self.start_minute <= minute < self.end_minute
        yesterday = _DAYS[(at - timedelta(days=1)).weekday()]
        return (_DAYS[at.weekday()] in self.days and minute >= self.start_minute) or (
            yesterday in self.days and minute < self.end_minute
        )


@dataclass(frozen=True)
class Policy:
    """What healing may do."""

    mode: str = "off"
    max_severity: int = 2
    ladder: tuple[str, ...] = ("retry", "correct", "rollback", "recreate", "alert")
    max_resources: int = 5
    max_percent: int = 10
    """Of the deployment's resources; 0 is no such limit."""
    per_hour: int = 20
    flap_count: int = 3
    flap_within_seconds: int = 1800
    windows: tuple[Window, ...] = ()
    mass_count: int = 50
    """So many resources that drift together are no drift any more; 0 is no such limit."""
    mass_percent: int = 25
    """And so many of a hundred."""
    mass_within_seconds: int = 600

    @classmethod
    def from_json(cls, text: str) -> "Policy":
        """From the canonical manifest's `healing`; what is not there has the default."""
        data: Mapping[str, Any] = json.loads(text or "{}")
        limits: Mapping[str, Any] = data.get("limits") or {}
        flap: Mapping[str, Any] = limits.get("flap") or {}
        mass: Mapping[str, Any] = limits.get("massChange") or {}
        return cls(
            mode=data.get("mode", cls.mode),
            max_severity=LEVELS.index(data.get("maxSeverity", "degraded")),
            ladder=tuple(data.get("ladder") or cls.ladder),
            max_resources=int(limits.get("maxResources", cls.max_resources)),
            max_percent=int(limits.get("maxPercent", cls.max_percent)),
            per_hour=int(limits.get("perHour", cls.per_hour)),
            flap_count=int(flap.get("count", cls.flap_count)),
            flap_within_seconds=int(flap.get("within", cls.flap_within_seconds)),
            windows=_windows(data.get("windows") or ()),
            mass_count=int(mass.get("count", cls.mass_count)),
            mass_percent=int(mass.get("percent", cls.mass_percent)),
            mass_within_seconds=int(mass.get("within", cls.mass_within_seconds)),
        )

    def opens(self, at: datetime) -> datetime | None:
        """None when remedies may start at `at`; otherwise the next minute at which they may."""
        if not self.windows or any(w.contains(at) for w in self.windows):
            return None
        minute = at.replace(second=0, microsecond=0)
        for offset in range(1, 8 * 24 * 60):
            later = minute + timedelta(minutes=offset)
            if any(w.contains(later) for w in self.windows):
                return later
        return at + timedelta(days=8)


def _windows(data: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    return tuple(
        Window(tuple(w.get("days") or _DAYS), _minute(w.get("from", "00:00")), _minute(w.get("to", "23:59"))) for w in data
    )


def _minute(text: str) -> int:
    hours, _, minutes = str(text).partition(":")
    return int(hours) * 60 + int(minutes or 0)
