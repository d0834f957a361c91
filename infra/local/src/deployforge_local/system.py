"""The system as a whole: up, down, status."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, LOCK_UN, flock

from deployforge_local import processes
from deployforge_local.pids import Pid
from deployforge_local.settings import LocalSettings

Say = Callable[[str], None]
#: Longest start of a whole system, per replica of it.
_UP_SECONDS = 240.0
_DOWN_SECONDS = 45.0
#: A process that died this often in a row will not come up by itself.
_CRASH_LOOP = 5


class DidNotStart(Exception):
    """Some process did not become ready; the message names it and its log."""


class PortTaken(Exception):
    """A port that this system needs is in use by somebody else."""


class LeftBehind(Exception):
    """A process or a port of ours is still there after `down`."""


@dataclass(frozen=True)
class Row:
    """One process as the supervisor last saw it."""

    name: str
    state: str
    restarts: int
    pid: int | None
    ready_seconds: float | None
    last_exit: int | None
    deaths: int = 0
    """How often it ended lately without having been well in between."""
    resident_bytes: int = 0


def table(settings: LocalSettings, only: str | None = None) -> list[processes.Process]:
    """What runs; `only` = "infrastructure" leaves the services out."""
    found = processes.infrastructure(settings)
    return found if only == "infrastructure" else [*found, *processes.services(settings)]


def supervisor(settings: LocalSettings) -> Pid | None:
    """The running supervisor, if there is one."""
    pid = Pid.read(settings.run_dir / "supervisor.pid")
    return pid if pid and pid.is_alive() else None


def up(settings: LocalSettings, say: Say, only: str | None = None) -> bool:
    """Start everything; False when it was up already. Raises DidNotStart or PortTaken."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(settings):
        if supervisor(settings) is not None:
            _wait_until_ready(settings, say)
            return False
        _end_orphans(settings)
        if taken := [port for port in settings.ports if _in_use(port)]:
            listed = ", ".join(map(str, taken))
            raise PortTaken(f"ports {listed} are in use; choose another DEPLOYFORGE_PORT_BASE")
        processes.prepare(settings, say)
        (settings.run_dir / "status.json").unlink(missing_ok=True)
        with (settings.log_dir / "supervisor.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "deployforge_local", "supervise", *(["--only", only] if only else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait_until_ready(settings, say, started)
        return True


def down(settings: LocalSettings, say: Say) -> bool:
    """Stop everything; False when nothing ran. Raises LeftBehind when something is still there."""
    if not settings.run_dir.is_dir():
        return False
    with _one_at_a_time(settings):
        running = supervisor(settings)
        if running is not None:
            say("stopping")
            running.end(_DOWN_SECONDS)
        ended = _end_orphans(settings)
        # A port that was just closed may take the kernel a moment.
        deadline = time.monotonic() + 5
        while (left := [port for port in settings.ports if _in_use(port)]) and time.monotonic() < deadline:
            time.sleep(0.1)
        if left:
            raise LeftBehind(f"ports still in use: {', '.join(map(str, left))}")
        return running is not None or ended


def status(settings: LocalSettings) -> list[Row]:
    """What the supervisor sees, and the memory that each process has; empty when it does not run."""
    return [replace(row, resident_bytes=Pid(row.pid, 0).resident_bytes() if row.pid else 0) for row in rows(settings)]


def rows(settings: LocalSettings) -> list[Row]:
    """What the supervisor sees, without the memory, which costs time to add up; empty when it does not run."""
    if supervisor(settings) is None:
        return []
    try:
        written = json.loads((settings.run_dir / "status.json").read_text())
    except (OSError, ValueError):
        return []
    return [Row(**row) for row in written]


def _wait_until_ready(settings: LocalSettings, say: Say, started: "subprocess.Popen[bytes] | None" = None) -> None:
    patience = _UP_SECONDS * settings.replicas
    deadline = time.monotonic() + patience
    told: set[str] = set()
    while time.monotonic() < deadline:
        found = rows(settings)
        for row in found:
            if row.state == "ready" and row.name not in told:
                told.add(row.name)
                say(f"  {row.name} is ready ({row.ready_seconds or 0:.1f} s)")
            if row.state != "ready" and row.deaths >= _CRASH_LOOP:
                raise DidNotStart(f"{row.name} keeps ending; see {settings.log_dir / (row.name + '.log')}")
        if found and all(row.state == "ready" for row in found):
            return
        if started is not None and started.poll() is not None:
            raise DidNotStart(f"the supervisor ended; see {settings.log_dir / 'supervisor.log'}")
        time.sleep(0.1)
    missing = ", ".join(row.name for row in rows(settings) if row.state != "ready")
    raise DidNotStart(f"not ready after {patience:g} s: {missing}; see {settings.log_dir}")


def _end_orphans(settings: LocalSettings) -> bool:
    """End children of a supervisor that was killed; only processes that its pid files name."""
    paths = sorted(settings.run_dir.glob("*.pid"))
    found = {path: pid for path in paths if (pid := Pid.read(path)) and pid.is_alive() and pid.pid != os.getpid()}
    # All are asked before one is waited for: what waits for its clients needs them to be asked too.
    for path, pid in found.items():
        pid.signal(processes.stop_signal(path.stem))
    for path, pid in found.items():
        pid.end(15, processes.stop_signal(path.stem))
    for path in paths:
        path.unlink(missing_ok=True)
    return bool(found)


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        # A port in TIME_WAIT is free to whoever listens with SO_REUSEADDR, as all of ours do.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


@contextlib.contextmanager
def _one_at_a_time(settings: LocalSettings) -> Iterator[None]:
    with (settings.run_dir / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        try:
            yield
        finally:
            flock(lock, LOCK_UN)
