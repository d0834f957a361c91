"""Processes forked from the warm interpreter: they are the supervisor's own children and look like any other."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployforge_chassis.testing import until
from deployforge_local.pids import Pid
from deployforge_local.warm import Forked, Warm, reap_orphans

#: A module that writes what it is, and waits for the end.
_MODULE = """
import os, sys, threading, time
if __name__ == "__main__":
    print(os.environ["NAME"], "OTHER" in os.environ, os.getppid(), os.getsid(0) == os.getpid(), sys.argv[1:], flush=True)
    if os.environ["NAME"] == "broken":
        raise RuntimeError("told to break")
    if os.environ["NAME"] == "short":
        threading.Thread(target=lambda: (time.sleep(0.2), print("thread done", flush=True))).start()
        sys.exit(3)
    time.sleep(60)
"""


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    (tmp_path / "small_service.py").write_text(_MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OTHER", "of the supervisor")
    made = Warm()
    yield made
    made.close()


def _start(warm: Warm, log: Path, name: str) -> Forked:
    with log.open("ab") as output:
        return warm.start("small_service", f"small {name}", {"NAME": name, "PATH": os.environ["PATH"]}, output.fileno())


def _says(log: Path) -> str:
    until(lambda: log.read_text().endswith("\n"), 30)
    return log.read_text()


def test_it_is_a_child_in_a_session_of_its_own_with_the_environment_it_was_given(warm: Warm, tmp_path: Path) -> None:
    made = _start(warm, log := tmp_path / "log", "one")
    assert _says(log) == f"one False {os.getpid()} True []\n"
    assert Path(f"/proc/{made.pid}/cmdline").read_bytes().rstrip(b"\0") == b"small one"
    assert made.poll() is None
    made.send_signal(signal.SIGTERM)
    assert made.wait(20) == -signal.SIGTERM
    made.send_signal(signal.SIGTERM)
    assert made.poll() == -signal.SIGTERM


def test_it_ends_as_a_program_of_its_own_does(warm: Warm, tmp_path: Path) -> None:
    short = _start(warm, log := tmp_path / "short", "short")
    assert short.wait(30) == 3
    assert log.read_text().endswith("thread done\n"), "threads are waited for"
    assert _start(warm, log := tmp_path / "broken", "broken").wait(30) == 1
    assert "RuntimeError: told to break" in log.read_text()
    with pytest.raises(subprocess.TimeoutExpired):
        _start(warm, tmp_path / "long", "long").wait(0.1)


def test_the_end_of_the_warm_interpreter_is_not_noticed(warm: Warm, tmp_path: Path) -> None:
    first = _start(warm, tmp_path / "first", "first")
    assert warm._process is not None
    warm._process.kill()
    warm._process.wait(5)
    second = _start(warm, tmp_path / "second", "second")
    assert (first.poll(), second.poll()) == (None, None)
    for one in (first, second):
        one.send_signal(signal.SIGKILL)
        assert one.wait(20) == -signal.SIGKILL


_SUPERVISOR = """
import os, sys, time
from pathlib import Path
from deployforge_local.warm import Warm
with open(sys.argv[1], "ab") as output:
    made = Warm().start("small_service", "small one", {**os.environ, "NAME": "one"}, output.fileno())
Path(sys.argv[2]).write_text(str(made.pid))
time.sleep(60)
"""


def test_it_ends_with_the_supervisor_however_that_ends(warm: Warm, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    supervisor = subprocess.Popen([sys.executable, "-c", _SUPERVISOR, str(tmp_path / "log"), str(told)])
    until(lambda: told.exists() and told.read_text() != "", 60)
    made = Pid.of(int(told.read_text()))
    assert made.is_alive()
    supervisor.kill()
    supervisor.wait(5)
    assert made.wait(20)


def test_grandchildren_that_were_left_behind_do_not_stay_as_zombies(warm: Warm, tmp_path: Path) -> None:
    own = _start(warm, tmp_path / "one", "one")
    left = subprocess.run(
        [sys.executable, "-c", "import subprocess,sys; print(subprocess.Popen([sys.executable, '-c', '']).pid)"],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    grandchild = int(left.stdout)
    until(lambda: Pid.of(grandchild).state() == "Z", 20)
    reap_orphans({own.pid})
    assert not Path(f"/proc/{grandchild}").exists()
    assert own.poll() is None
