"""Waiting for what is nobody's fault: the database, the registry or a source that is away."""

from collections.abc import Callable
from typing import Final, TypeVar

import grpc
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from deployforge_chassis.database import CommitUnknown
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.registry import RegistryUnavailable, UnknownSchema

log = structlog.get_logger(__name__)

R = TypeVar("R")

#: Pause between attempts; they go on for ever.
OUTAGE_SECONDS: Final = 0.5

#: What may pass by itself and says nothing about the message.
TRANSIENT: Final = (
    OperationalError, InterfaceError, CommitUnknown, RegistryUnavailable, UnknownSchema, KeyUnavailable, grpc.RpcError,
)  # fmt: skip


class Stopped(Exception):
    """The process stops; what was under way is begun again after the restart."""


class Patience:
    """How one consumer waits; `sleep` takes seconds and returns early when `stopping` comes true."""

    def __init__(self, sleep: Callable[[float], object], stopping: Callable[[], bool]) -> None:
        self._sleep, self._stopping = sleep, stopping

    def go_on(self) -> None:
        """Raises Stopped once the process stops."""
        if self._stopping():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait. Raises Stopped."""
        self._sleep(seconds)
        self.go_on()

    def wait_out(self, outage: Exception) -> None:
        """Say what is waited for, and wait a little. Raises Stopped."""
        log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
        self.pause(OUTAGE_SECONDS)

    def outlast(self, what: Callable[[], R]) -> R:
        """Do it, however long something is away. Raises Stopped."""
        while True:
            try:
                return what()
            except TRANSIENT as outage:
                self.wait_out(outage)
