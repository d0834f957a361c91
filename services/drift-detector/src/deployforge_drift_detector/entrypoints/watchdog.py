"""Notices when the processor stands still although there is work, or grows beyond its bounds.

Faust sometimes stops consuming after a rebalance and grows over days. Both have one cure that always works: the
process ends and is started again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deployforge_chassis.clock import Clock

_PAGE_BYTES: Final = 4096
#: How many times longer than a stall nothing may be learnt at all, as while the broker is away.
_DEAF_FACTOR: Final = 4


class Stalled(Exception):
    """The processor must be started again."""


class Watchdog:
    """Told where the processor is and where the partitions end; asked whether that is bearable."""

    def __init__(self, clock: Clock, *, stall_seconds: float, rss_cap_bytes: int) -> None:
        self._clock, self._stall_seconds, self._rss_cap = clock, stall_seconds, rss_cap_bytes
        self._positions: dict[int, int] = {}
        self._since: dict[int, float] = {}
        self._heard_at = clock.monotonic()
        self.lag = 0
        """Messages that wait, as last told."""

    def observe(self, positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """Next offset to handle, and the offset after the last message, of each partition that we have now."""
        now = self._clock.monotonic()
        self._heard_at = now
        since: dict[int, float] = {}
        for partition, position in positions.items():
            behind = ends.get(partition, position) > position
            still = self._positions.get(partition) == position
            # Standing still counts from when there was something to do.
            if behind:
                since[partition] = self._since.get(partition, now) if still else now
        self._since = since
        self._positions = dict(positions)
        self.lag = sum(max(0, ends.get(partition, at) - at) for partition, at in positions.items())

    def complaint(self, rss_bytes: int) -> Stalled | None:
        """Why the process must end, or None."""
        now = self._clock.monotonic()
        for partition, since in self._since.items():
            if now - since >= self._stall_seconds:
                return Stalled(f"partition {partition} has work and stands still for {now - since:.0f} s")
        if now - self._heard_at >= self._stall_seconds * _DEAF_FACTOR:
            return Stalled(f"nothing known of the partitions for {now - self._heard_at:.0f} s")
        if rss_bytes > self._rss_cap:
            return Stalled(f"{rss_bytes // 2**20} MiB resident, {self._rss_cap // 2**20} MiB allowed")
        return None


def resident_bytes() -> int:
    """Memory that this process holds; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
