"""Runs the parts of a process until it is told to stop or one of them dies.

Crash-only: a part that fails ends the process with exit code 1, and whoever supervises it starts it again.

An asked-for stop ends within `drain_seconds` whatever hangs. Parts are stopped one after the other, the gRPC server
first; what will not end is left behind: a call is cut off, outside work is given back to its queue, a message is not
moved past, and each is taken up again by whoever comes next. That is the same as after a crash, so it ends with 0.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final, Protocol

import structlog

from deployforge_chassis.part import Part

_LOOK_SECONDS: Final = 0.2
_KILL_GRACE_SECONDS: Final = 2.0
#: What a part that hangs leaves to each that is stopped after it.
_RESERVED_SECONDS: Final = 0.4
#: Of the time to drain, what is left for the interpreter to end, and what it gets at least.
_LAST_SECONDS: Final = 0.5
_SHORTEST_GRACE_SECONDS: Final = 0.3

log = structlog.get_logger(__name__)


class Health(Protocol):
    """What tells callers whether this process wants their calls."""

    def serving(self) -> None:
        """From now on, report SERVING."""
        ...

    def not_serving(self) -> None:
        """From now on, report NOT_SERVING."""
        ...


def run(
    parts: Sequence[Part],
    health: Health | None = None,
    *,
    drain_seconds: float = 10.0,
    stop: threading.Event | None = None,
    die: Callable[[int], object] = os._exit,
) -> None:
    """Start `parts` in order, wait for SIGTERM or SIGINT (or `stop`), and stop them in reverse order.

    Returns after an asked-for stop in which every part stopped cleanly; otherwise raises SystemExit(1).
    All parts together get `drain_seconds`. Whatever outlives it is left behind by ending the process through `die`:
    with 0 when every part stopped, otherwise 2 s later with 1 (unless the caller brought its own `stop`: then the
    process is the caller's). Signals are handled only in the main thread.
    """
    asked = _Asked(stop)
    _on_signals(asked)
    started: list[Part] = []
    failed = False
    try:
        for part in parts:
            log.info("part starting", part=part.name)
            part.start()
            started.append(part)
            if asked.is_set():
                break
    except Exception:
        log.exception("part did not start", part=part.name)
        failed = True
    if not failed:
        if health is not None and not asked.is_set():
            health.serving()
        log.info("running", parts=[part.name for part in started])
        failed = _watch(started, asked)
    if health is not None:
        health.not_serving()
    # A part that hangs in stop(), or a thread that outlives it, must not keep a dead process in the way.
    last_resort = _die_after(drain_seconds + _KILL_GRACE_SECONDS, die, 1)
    deadline = time.monotonic() + drain_seconds - min(_LAST_SECONDS, drain_seconds / 2)
    drained = _drain(started, deadline)
    log.info("stopped", failed=failed, drained=drained)
    if stop is not None:
        last_resort.cancel()
    elif drained and not failed:
        # Threads of a pool are waited for when the interpreter ends, also those that will never come back.
        last_resort.cancel()
        _die_after(max(_SHORTEST_GRACE_SECONDS, deadline - time.monotonic()), die, 0)
    if failed or not drained:
        raise SystemExit(1)


def _die_after(seconds: float, die: Callable[[int], object], code: int) -> threading.Timer:
    timer = threading.Timer(seconds, die, args=(code,))
    timer.daemon = True
    timer.start()
    return timer


class _Asked:
    """Whether the process has been asked to stop, by a signal or by the caller's event."""

    def __init__(self, event: threading.Event | None) -> None:
        self._event = event or threading.Event()
        # Not the event: a handler runs in the main thread, which may be inside the event's own lock just then,
        # and Event.set() would wait for that lock for ever.
        self.signalled = False

    def is_set(self) -> bool:
        return self.signalled or self._event.is_set()

    def wait(self, seconds: float) -> bool:
        self._event.wait(seconds)
        return self.is_set()


def _on_signals(asked: _Asked) -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def ask(number: int, frame: FrameType | None) -> None:
        asked.signalled = True

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _watch(parts: Sequence[Part], asked: _Asked) -> bool:
    """Block until asked to stop (False) or until a part has failed (True)."""
    while not asked.wait(_LOOK_SECONDS):
        for part in parts:
            if (error := part.failed()) is not None:
                log.error("part failed", part=part.name, exc_info=error)
                return True
    return False


def _drain(started: Sequence[Part], deadline: float) -> bool:
    """Stop in reverse order; whether every part stopped without an error."""
    clean = True
    for number, part in reversed(tuple(enumerate(started))):
        left = deadline - time.monotonic()
        try:
            part.stop(max(0.0, left - number * min(_RESERVED_SECONDS, left / len(started))))
        except Exception:
            log.exception("part did not stop", part=part.name)
            clean = False
    return clean
