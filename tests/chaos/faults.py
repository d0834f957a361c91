"""Faults: each is asked for, seen to happen, and healed; what was seen is written down."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from deployforge_local import system
from deployforge_local.pids import Pid
from deployforge_local.settings import LocalSettings

from tests.chaos.history import Fault
from tests.chaos.linked import Linked
from tests.chaos.plan import PlannedFault

_DIES_SECONDS: Final = 20.0
"""Longest time from a signal to the end of a process; SIGTERM lets it drain for 10 s."""
_BACK_SECONDS: Final = 180.0
"""The supervisor gives up on a start after 90 s, and tries once more."""
_SIGNALS: Final = {
    "kill": signal.SIGKILL,
    "restart": signal.SIGTERM,
    "kill-broker": signal.SIGKILL,
    # What `pg_ctl stop -m immediate` sends: the server ends without writing anything down, and recovers from its log.
    "restart-database": signal.SIGQUIT,
}


class Faults:
    """Fires the faults of one system."""

    def __init__(self, settings: LocalSettings, linked: Linked, say: Callable[[str], None]) -> None:
        self._settings, self._linked, self._say = settings, linked, say
        self.giving_up = threading.Event()
        """Ends the fault that is under way, healed."""

    def fire(self, planned: PlannedFault, fired: Callable[[], None]) -> Fault:
        """Do it and heal it; `fired` is called in between, as soon as it was seen."""
        self._say(f"fault {planned.number}: {describe(planned)}")
        asked = time.time()
        match planned.kind:
            case "stop":
                fault = self._stop(planned, asked, fired)
            case "cut":
                fault = self._cut(planned, asked, fired)
            case _:
                fault = self._end(planned, asked, fired)
        self._say(f"fault {planned.number}: {fault.evidence or 'DID NOT FIRE'}, over after {time.time() - asked:.1f} s")
        return fault

    # --- one per kind -----------------------------------------------------------------------------------

    def _end(self, planned: PlannedFault, asked: float, fired: Callable[[], None]) -> Fault:
        """End a process by a signal; healed when the one that follows it is ready."""
        pid = self._running(planned.target)
        if pid is None:
            return _fault(planned, asked, 0.0, "")
        number = _SIGNALS[planned.kind]
        pid.signal(number)
        gone = pid.wait(_DIES_SECONDS)
        fired_at = time.time()
        if not gone:
            return _fault(planned, asked, 0.0, "")
        fired()
        evidence = f"{planned.target} pid {pid.pid} ended by {number.name} after {fired_at - asked:.1f} s"
        new = self._ready_again(planned.target, pid)
        return _fault(planned, asked, fired_at, f"{evidence}, pid {new.pid if new else '-'} follows it")

    def _stop(self, planned: PlannedFault, asked: float, fired: Callable[[], None]) -> Fault:
        """Stop a process for a while; it does not notice, everybody else does."""
        pid = self._running(planned.target)
        if pid is None:
            return _fault(planned, asked, 0.0, "")
        pid.signal(signal.SIGSTOP)
        try:
            stopped = _until(lambda: pid.state() == "T", 5)
            fired_at = time.time() if stopped else 0.0
            if stopped:
                fired()
                self.giving_up.wait(planned.seconds)
        finally:
            pid.signal(signal.SIGCONT)
        _until(lambda: pid.state() != "T", 5)
        seen = f"{planned.target} pid {pid.pid} stood still for {time.time() - fired_at:.1f} s" if stopped else ""
        return _fault(planned, asked, fired_at, seen)

    def _cut(self, planned: PlannedFault, asked: float, fired: Callable[[], None]) -> Fault:
        """Cut a link of one process, or of everybody."""
        pid = self._running(planned.target) if planned.target else None
        if planned.target and pid is None:
            return _fault(planned, asked, 0.0, "")
        cut = self._linked.cut(planned.link, [pid.pid] if pid else [], planned.mode)
        fired()
        try:
            self.giving_up.wait(planned.seconds)
        finally:
            met = self._linked.heal()
        if not met:
            return _fault(planned, asked, 0.0, "")
        return _fault(planned, asked, asked, f"{cut} connections met at once, {met} in all, {planned.mode}")

    # --- processes --------------------------------------------------------------------------------------

    def _running(self, name: str) -> Pid | None:
        """The process as soon as it is ready: what is still starting would not notice."""
        ready = _until(lambda: self._is_ready(name), _BACK_SECONDS)
        return Pid.read(self._settings.run_dir / f"{name}.pid") if ready else None

    def _is_ready(self, name: str) -> bool:
        return any(row.name == name and row.state == "ready" for row in system.rows(self._settings))

    def _ready_again(self, name: str, old: Pid) -> Pid | None:
        def follows() -> bool:
            pid = Pid.read(self._settings.run_dir / f"{name}.pid")
            return pid is not None and pid != old and self._is_ready(name)

        return Pid.read(self._settings.run_dir / f"{name}.pid") if _until(follows, _BACK_SECONDS) else None


def describe(fault: PlannedFault) -> str:
    """In words."""
    if fault.kind == "cut":
        return f"cut {fault.target or 'everybody'} off {fault.link} ({fault.mode}) for {fault.seconds:g} s"
    return f"{fault.kind} {fault.target}" + (f" for {fault.seconds:g} s" if fault.seconds else "")


def _fault(planned: PlannedFault, asked: float, fired_at: float, evidence: str) -> Fault:
    target = f"{planned.target or 'everybody'} from {planned.link}" if planned.kind == "cut" else planned.target
    return Fault(planned.number, planned.kind, target, asked, fired_at, evidence, time.time())


def _until(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
