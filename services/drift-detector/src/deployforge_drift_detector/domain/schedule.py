"""When a shard is scanned next."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

_JITTER: Final = 0.1
"""Up to a tenth of the interval earlier, so that shards which began together do not stay together."""


def interval_seconds(wishes: Iterable[int], at_least: int) -> int:
    """How often a shard is scanned whose resources want it every so many seconds: as the most eager one wants."""
    return max(at_least, min(wishes))


def next_due(shard: str, sequence: int, last: datetime | None, every_seconds: int, now: datetime) -> datetime:
    """At once for a shard that was never scanned; otherwise an interval after the last, less a jitter that is the
    same wherever it is computed.
    """
    if last is None:
        return now
    share = crc32(f"{shard}#{sequence}".encode()) / 0xFFFFFFFF
    return last + timedelta(seconds=every_seconds * (1 - _JITTER * share))
