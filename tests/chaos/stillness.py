"""A system that stands still: its services have ended in order, what they left can be read and does not change."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from deployforge_chassis.identity import DRIFT_DETECTOR, SERVICES
from deployforge_local import system
from deployforge_local.pids import Pid
from deployforge_local.processes import member_name
from deployforge_local.settings import LocalSettings

from tests.chaos.quiet import unfinished

_DRAINS_SECONDS: Final = 20.0
_SCANS_END_SECONDS: Final = 10.0


@contextlib.contextmanager
def still(settings: LocalSettings, say: Callable[[str], None]) -> Iterator[float]:
    """Within the block no service runs; broker, databases and cloud do. Afterwards the system can only be stopped.

    Yields when the services were asked to end: what became due later was left alone, as it should be.
    """
    supervisor = system.supervisor(settings)
    if supervisor is not None:
        # Stopped, it starts nothing again.
        supervisor.signal(signal.SIGSTOP)
    try:
        # First who asks for scans without end, so that what was asked for last is still done.
        _end(settings, [DRIFT_DETECTOR], say)
        deadline = time.monotonic() + _SCANS_END_SECONDS
        while any(unfinished(settings)) and time.monotonic() < deadline:
            time.sleep(0.5)
        asked = time.time()
        _end(settings, [s for s in SERVICES if s != DRIFT_DETECTOR], say)
        say("all services have ended")
        yield asked
    finally:
        if supervisor is not None:
            # In this order: it finds that it is to stop before it finds what has ended.
            supervisor.signal(signal.SIGTERM)
            supervisor.signal(signal.SIGCONT)


def _end(settings: LocalSettings, services: Sequence[str], say: Callable[[str], None]) -> None:
    names = [member_name(service, replica) for service in services for replica in range(1, settings.replicas + 1)]
    running = [(name, pid) for name in names if (pid := Pid.read(settings.run_dir / f"{name}.pid"))]
    for _, pid in running:
        pid.signal(signal.SIGTERM)
    for name, pid in running:
        if not pid.wait(_DRAINS_SECONDS):
            say(f"{name} did not end within {_DRAINS_SECONDS:g} s of SIGTERM, killed")
            pid.end(1, signal.SIGKILL)
