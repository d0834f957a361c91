"""One command in a process group of its own, with a deadline.

Its output goes to files and not to pipes: when this process is killed, the command goes on, stores its state and
releases its lock, where a broken pipe would have ended it half-way.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: How often the output of a running command is looked at.
_POLL_SECONDS: Final = 0.05
_BLOCK: Final = 1 << 20
#: More than this is no output of a working command.
LONGEST_BYTES: Final = 256 << 20


class TimedOut(Exception):
    """The command did not end in time and was ended."""

    def __init__(self, command: str, seconds: float) -> None:
        super().__init__(f"{command} did not end within {seconds:g} s and was stopped")


class TooMuchOutput(Exception):
    """The command says more than anybody could have asked for, and was ended."""

    def __init__(self, command: str) -> None:
        super().__init__(f"{command} printed more than {LONGEST_BYTES} bytes and was stopped")


@dataclass(frozen=True)
class Finished:
    """What a command left."""

    code: int
    output: bytes
    errors: str


@dataclass(frozen=True)
class Limits:
    """Seconds to run, and seconds to end in after that."""

    seconds: float
    grace_seconds: float


def run(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], limits: Limits,
    line: Callable[[bytes], None] | None = None, alive: Callable[[], None] = lambda: None,
) -> Finished:  # fmt: skip
    """Run to the end. `line` gets every line of its output as it comes; whatever `line` or `alive` raise ends the
    command and is let through. Raises OSError when it cannot be started, TimedOut, TooMuchOutput."""
    name = " ".join(command[:2]).rpartition("/")[2]
    out, err = directory / ".stdout", directory / ".stderr"
    with out.open("wb") as output, err.open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=directory, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            start_new_session=True,
        )  # fmt: skip
    try:
        _watch(process, name, out, limits.seconds, line, alive)
    finally:
        _end(process, limits.grace_seconds)
    return Finished(process.returncode, out.read_bytes(), err.read_bytes()[:_BLOCK].decode(errors="replace"))


def _watch(
    process: "subprocess.Popen[bytes]", name: str, out: Path, seconds: float, line: Callable[[bytes], None] | None,
    alive: Callable[[], None],
) -> None:  # fmt: skip
    deadline, rest, size = time.monotonic() + seconds, b"", 0
    with out.open("rb") as said:
        while True:
            over = _over(process)
            while block := said.read(_BLOCK):
                size += len(block)
                if size > LONGEST_BYTES:
                    raise TooMuchOutput(name)
                if line is not None:
                    *lines, rest = (rest + block).split(b"\n")
                    for one in lines:
                        line(one)
            if over:
                break
            if time.monotonic() > deadline:
                raise TimedOut(name, seconds)
            alive()
    if line is not None and rest:
        line(rest)


def _over(process: "subprocess.Popen[bytes]") -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_POLL_SECONDS)
        return True
    return False


def _end(process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    """Interrupt, so that it can store its state; then kill the whole group, providers included."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
