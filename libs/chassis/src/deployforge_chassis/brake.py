"""Stops a consumer that parks too much: then it is not the messages that are wrong, but the consumer.

Parking every message that comes would only turn one fault into thousands of keys to be replayed.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from deployforge_chassis.config import ServiceSettings

log = structlog.get_logger(__name__)

PARKED: Final = Counter("deployforge_inbox_parked", "Messages parked because they could not be applied")
PAUSED: Final = Gauge("deployforge_inbox_paused", "1 while the consumer is paused because it parked too much")

_WITHIN_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Limits:
    """How much may be parked."""

    per_minute: int = 50
    cooldown_seconds: float = 300.0

    @staticmethod
    def of(settings: ServiceSettings) -> "Limits":
        """As the environment says."""
        return Limits(settings.parking_limit, settings.parking_cooldown_seconds)


class Brake:
    """Is on after more messages than the limit were parked within a minute, until the cool-down is over or it is released.

    Times are seconds of `now`. Threads may share it.
    """

    def __init__(self, now: Callable[[], float], limits: Limits) -> None:
        self._now, self._limit, self._cooldown_seconds = now, limits.per_minute, limits.cooldown_seconds
        self._parked: deque[float] = deque(maxlen=limits.per_minute + 1)
        self._until: float | None = None

    def parked(self) -> None:
        """A message was parked."""
        PARKED.inc()
        now = self._now()
        self._parked.append(now)
        if self._until is None and len(self._parked) > self._limit and now - self._parked[0] <= _WITHIN_SECONDS:
            self._until = now + self._cooldown_seconds
            PAUSED.set(1)
            log.error("consumer paused", why=self.reason(), cooldown_seconds=self._cooldown_seconds)

    def release(self) -> None:
        """Let the consumer go on."""
        if self._until is not None:
            self._until = None
            self._parked.clear()
            PAUSED.set(0)
            log.warning("consumer goes on")

    def is_on(self) -> bool:
        """Whether the consumer must stand still; cools down by itself."""
        if self._until is not None and self._now() >= self._until:
            self.release()
        return self._until is not None

    def reason(self) -> str:
        """Why it stands still; empty when it does not."""
        if self._until is None:
            return ""
        return (
            f"more than {self._limit} messages were parked within a minute: find out why they cannot be applied "
            "(deployforge events parked), then replay them, or wait for the cool-down"
        )
