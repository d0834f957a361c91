"""Starts every process in order, starts again what dies, and stops all in reverse order.

One thread, so that the kernel can be asked to end the children should the supervisor itself be killed.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from deployforge_local.pids import Pid
from deployforge_local.processes import Process, stop_signal
from deployforge_local.settings import LocalSettings
from deployforge_local.warm import Forked, Warm, WarmFailed, reap_orphans

_LOOK_SECONDS = 0.1
_STOP_SECONDS = 15.0
_BACKOFF_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
#: A process that ran this long is well again: its next death starts the backoff anew.
_WELL_SECONDS = 60.0
_LOG_BYTES = 20 * 1024 * 1024
_LOG_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """A process of the table, and the child that runs it now."""

    process: Process
    popen: "subprocess.Popen[bytes] | Forked | None" = None
    state: str = "waiting"
    restarts: int = 0
    deaths: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0
    ready_seconds: float | None = None
    last_exit: int | None = None


@dataclass
class Supervisor:
    """Runs a table of processes until it is told to stop."""

    settings: LocalSettings
    processes: Sequence[Process]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    look_at_logs_at: float = 0.0
    written: str = ""
    warm: Warm = field(default_factory=Warm)

    def run(self) -> None:
        """Block until SIGTERM or SIGINT; all children are stopped then."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self.children = [Child(process) for process in self.processes]
        try:
            if any(isinstance(process.program, str) for process in self.processes):
                self.warm.begin()
            for stage in sorted({p.stage for p in self.processes}):
                self._start_stage([c for c in self.children if c.process.stage == stage])
            while not self.stopping:
                self._look_after()
                self._write_status()
                time.sleep(_LOOK_SECONDS)
        finally:
            self._stop_all()
            self.warm.close()

    def _on_signal(self, number: int, frame: Any) -> None:
        self.stopping = True

    def _start_stage(self, stage: Sequence[Child]) -> None:
        for child in stage:
            self._start(child)
        while not self.stopping and not all(c.state == "ready" for c in stage):
            self._look_after()
            self._write_status()
            time.sleep(_LOOK_SECONDS)

    def _look_after(self) -> None:
        now = time.monotonic()
        if now >= self.look_at_logs_at:
            self.look_at_logs_at = now + _LOG_SECONDS
            shorten_logs(self.settings.log_dir, _LOG_BYTES)
        reap_orphans({child.popen.pid for child in self.children if child.popen is not None})
        for child in self.children:
            if self.stopping:
                return
            if child.popen is None:
                if child.state == "died" and now >= child.start_again_at:
                    child.restarts += 1
                    self._start(child)
            elif (code := child.popen.poll()) is not None:
                self._died(child, code)
            elif child.state != "starting" or self._becomes_ready(child):
                continue
            elif now - child.started_at > patience_seconds(child):
                # Alive and useless: end it and what it started, so that it is started anew.
                os.killpg(child.popen.pid, signal.SIGKILL)

    def _becomes_ready(self, child: Child) -> bool:
        try:
            if not child.process.is_ready():
                return False
            child.process.once_ready()
        except Exception as error:
            # One process that cannot be used is no reason to end the others.
            self._note(child, f"not usable yet: {error}")
            return False
        child.state = "ready"
        child.ready_seconds = time.monotonic() - child.started_at
        return True

    def _died(self, child: Child, code: int, why: str = "") -> None:
        now = time.monotonic()
        # One that was never ready was not well, however long it ran.
        was_well = child.state != "starting" and now - child.started_at > _WELL_SECONDS
        child.deaths = 1 if was_well else child.deaths + 1
        child.popen, child.state, child.last_exit = None, "died", code
        pause = _BACKOFF_SECONDS[min(child.deaths - 1, len(_BACKOFF_SECONDS) - 1)]
        child.start_again_at = now + pause
        (self.settings.run_dir / f"{child.process.name}.pid").unlink(missing_ok=True)
        self._note(child, f"{why or f'ended with {code}'}, starting again in {pause:g} s")

    def _start(self, child: Child) -> None:
        process = child.process
        environment = {**os.environ, **process.environment, "PYTHONUNBUFFERED": "1"}
        with self._log_path(process.name).open("ab") as output:
            try:
                child.popen = self._started(process, environment, output)
            except WarmFailed as failed:
                self._died(child, 1, str(failed))
                return
        child.state, child.started_at = "starting", time.monotonic()
        Pid.of(child.popen.pid).write(self.settings.run_dir / f"{process.name}.pid")

    def _started(
        self, process: Process, environment: Mapping[str, str], output: IO[bytes]
    ) -> "subprocess.Popen[bytes] | Forked":
        if isinstance(process.program, str):
            return self.warm.start(process.program, f"deployforge {process.name}", environment, output.fileno())
        return subprocess.Popen(
            list(process.program()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd="/" if process.user else None,
            user=process.user,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def _stop_all(self) -> None:
        for stage in sorted({c.process.stage for c in self.children}, reverse=True):
            children = [c for c in self.children if c.process.stage == stage and c.popen is not None]
            for child in children:
                self._terminate(child)
            deadline = time.monotonic() + _STOP_SECONDS
            for child in children:
                self._reap(child, max(0.1, deadline - time.monotonic()))
        self._write_status()

    def _terminate(self, child: Child) -> None:
        assert child.popen is not None
        child.state = "stopping"
        child.popen.send_signal(stop_signal(child.process.name))

    def _reap(self, child: Child, seconds: float) -> None:
        assert child.popen is not None
        try:
            child.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._note(child, "did not stop in time, killed")
            os.killpg(child.popen.pid, signal.SIGKILL)
            child.popen.wait(5)
        child.popen, child.state = None, "stopped"
        (self.settings.run_dir / f"{child.process.name}.pid").unlink(missing_ok=True)

    def _log_path(self, name: str) -> Path:
        return self.settings.log_dir / f"{name}.log"

    def _note(self, child: Child, text: str) -> None:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
        with self._log_path("supervisor").open("a") as log:
            log.write(f"{stamp} {child.process.name}: {text}\n")

    def _write_status(self) -> None:
        status = [
            {
                "name": c.process.name,
                "state": c.state,
                "restarts": c.restarts,
                "deaths": c.deaths,
                "pid": c.popen.pid if c.popen else None,
                "ready_seconds": c.ready_seconds,
                "last_exit": c.last_exit,
            }
            for c in self.children
        ]
        if (text := json.dumps(status)) == self.written:
            return
        path = self.settings.run_dir / "status.json"
        part = path.with_suffix(".part")
        part.write_text(text)
        part.replace(path)
        self.written = text


def patience_seconds(child: Child) -> float:
    """How long a start may take: twice as long after each that failed, up to eight times. A broker that replays its log
    on a busy machine needs that; ended each time, it would never come up."""
    return child.process.ready_seconds * float(2 ** min(child.deaths, 3))


def shorten_logs(log_dir: Path, limit_bytes: int) -> None:
    """Copy every log above `limit_bytes` to `<name>.log.1` and empty it.

    Emptied and not renamed, because its process holds it open; it was opened for appending, so the next line
    goes to the new beginning. A line written between copy and emptying is lost.
    """
    for log in log_dir.glob("*.log"):
        if log.stat().st_size > limit_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def _die_with_parent() -> None:
    """Runs in the child before it becomes the program: end when the supervisor does, however it does."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def supervise(settings: LocalSettings, processes: Callable[[LocalSettings], Sequence[Process]]) -> None:
    """Body of the supervisor process."""
    Pid.of(os.getpid()).write(settings.run_dir / "supervisor.pid")
    try:
        Supervisor(settings, processes(settings)).run()
    finally:
        (settings.run_dir / "supervisor.pid").unlink(missing_ok=True)
