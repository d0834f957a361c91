"""A warm interpreter: what every service imports is imported once, and each service is forked from it.

Importing takes a service longer than everything else it does to start. The supervisor asks over a socket; what is forked
becomes the supervisor's own child, as if it had started it, so the warm interpreter may end without anybody noticing.
Only the local system starts services this way; in a container each has its interpreter.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import setproctitle

#: What services have in common. Importing these starts no thread, which a fork would not take along.
_COMMON: Final = ("deployforge_chassis.foundation", "boto3", "botocore.session", "faust")
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_ANSWERS_SECONDS: Final = 60.0

_libc = ctypes.CDLL(None, use_errno=True)


class WarmFailed(RuntimeError):
    """The warm interpreter could not start a process."""


class Forked:
    """A forked process, as a child of this one; the part of `subprocess.Popen` that a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, seconds: float) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), seconds)
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Warm:
    """The supervisor's end. Not for several threads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def start(self, module: str, title: str, environment: Mapping[str, str], output: int) -> Forked:
        """Run a module as the main program of a new process, in a session of its own.

        `output` is the file descriptor for what it prints. It ends when this process does. Raises WarmFailed.
        """
        ours = self._connected()
        asked = json.dumps({"module": module, "title": title, "environment": dict(environment)}).encode()
        try:
            socket.send_fds(ours, [len(asked).to_bytes(4, "big") + asked], [output])
            answer = ours.recv(16)
        except OSError as error:
            self.close()
            raise WarmFailed(f"{title}: {error}") from error
        if not answer:
            self.close()
            raise WarmFailed(f"{title}: the warm interpreter has ended")
        return Forked(int(answer))

    def close(self) -> None:
        """End the warm interpreter; what it has forked stays."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
        self._process = self._socket = None

    def begin(self) -> None:
        """Begin to import, so that what is started later need not wait for it."""
        self._connected()

    def _connected(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._socket is None:
            # Grandchildren whose parent has ended become children of this process.
            _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
            self._socket, theirs = socket.socketpair()
            self._socket.settimeout(_ANSWERS_SECONDS)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "deployforge_local.warm", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                    pass_fds=[theirs.fileno()],
                )
        return self._socket


def reap_orphans(own: set[int]) -> None:
    """Forget children that have ended and that nobody here has started: grandchildren that were left behind."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        os.waitpid(ended.si_pid, 0)


def main() -> None:
    """The warm interpreter: answers until the other end of its socket is closed. In what it has forked, runs the module
    that was asked for, and returns when that has ended."""
    asks = socket.socket(fileno=int(sys.argv[1]))
    supervisor = os.getppid()
    for name in _COMMON:
        importlib.import_module(name)
    if len(os.listdir("/proc/self/task")) > 1:
        raise WarmFailed("an import has started a thread, which no fork would take along")
    # What was imported never becomes garbage; left alone, its pages stay shared.
    gc.freeze()
    while (request := _received(asks)) is not None:
        wanted, output = request
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            between = os.getpid()
            pid = os.fork()
            if pid:
                os.write(writing, str(pid).encode())
                os._exit(0)
            for descriptor in (asks.detach(), reading, writing):
                os.close(descriptor)
            _become(wanted, output, between, supervisor)
            runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)
            return
        os.close(writing)
        os.close(output)
        os.waitpid(child, 0)
        asks.send(os.read(reading, 16))
        os.close(reading)


def _received(asks: socket.socket) -> tuple[dict[str, Any], int] | None:
    data, descriptors, _, _ = socket.recv_fds(asks, 65_536, 1)
    if not data:
        return None
    size = int.from_bytes(data[:4], "big")
    data = data[4:]
    while len(data) < size:
        data += asks.recv(size - len(data))
    return json.loads(data), descriptors[0]


def _become(wanted: Mapping[str, Any], output: int, between: int, supervisor: int) -> None:
    """Look like the process that was asked for."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    # The parent whose end is ours is the supervisor, not the process in between.
    while os.getppid() == between:
        time.sleep(0.001)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        os._exit(1)
    # In this order: the title takes the place in memory where the environment was.
    setproctitle.setproctitle(wanted["title"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv[1:] = []


if __name__ == "__main__":
    main()
