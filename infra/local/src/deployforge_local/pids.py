"""Processes by pid and start time, so that a reused pid is never taken for ours."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM


@dataclass(frozen=True)
class Pid:
    """One process that was started here."""

    pid: int
    started: int
    """Clock ticks after boot, from /proc/PID/stat."""

    @classmethod
    def of(cls, pid: int) -> "Pid":
        """The process that has this pid now. Raises ProcessLookupError."""
        return cls(pid, _start_ticks(pid))

    @classmethod
    def read(cls, path: Path) -> "Pid | None":
        """From a pid file; None when there is none."""
        try:
            pid, started = path.read_text().split()
            return cls(int(pid), int(started))
        except (OSError, ValueError):
            return None

    def write(self, path: Path) -> None:
        """To a pid file, in one step."""
        part = path.with_suffix(".part")
        part.write_text(f"{self.pid} {self.started}\n")
        part.replace(path)

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        try:
            return _start_ticks(self.pid) == self.started and _state(self.pid) != "Z"
        except ProcessLookupError:
            return False

    def state(self) -> str:
        """As proc_pid_stat(5) has it: R, S, T (stopped), Z …; empty when it is gone."""
        try:
            return _state(self.pid) if _start_ticks(self.pid) == self.started else ""
        except ProcessLookupError:
            return ""

    def signal(self, number: int) -> None:
        """Send a signal, unless the process is gone."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def end(self, seconds: float, first: int = SIGTERM) -> None:
        """Send `first`, and SIGKILL to what is still there after `seconds`."""
        self.signal(first)
        if not self.wait(seconds):
            self.signal(SIGKILL)
            self.wait(5)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def resident_bytes(self) -> int:
        """Memory of the process and its children; what they share is counted once. 0 when it is gone."""
        try:
            rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except OSError:
            return 0
        shares = [line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")]
        return int(shares[0]) * 1024 + sum(Pid(int(child), 0).resident_bytes() for child in children)


def _stat(pid: int) -> list[str]:
    try:
        # The command may contain anything, also spaces and parentheses: count from the last one.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        raise ProcessLookupError(pid) from None


def _start_ticks(pid: int) -> int:
    return int(_stat(pid)[19])


def _state(pid: int) -> str:
    return _stat(pid)[0]
