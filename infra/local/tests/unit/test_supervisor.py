"""The supervisor with a table of small processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis.testing import until
from deployforge_local import system
from deployforge_local.pids import Pid
from deployforge_local.settings import LocalSettings

#: A supervisor whose processes are: `first`, ready once it has written a file; `second`, of the next stage.
_PROGRAM = """
import sys
from pathlib import Path
from deployforge_local.processes import Process
from deployforge_local.settings import LocalSettings
from deployforge_local.supervisor import supervise

home = Path(sys.argv[1])
settings = LocalSettings(home=home)

def child(name, body="pass"):
    code = (f"import os,signal,sys,time; from pathlib import Path; home=Path({str(home)!r}); "
            f"stop=lambda *_: ((home/'stopped').open('a').write('{name} '), sys.exit(0)); "
            f"signal.signal(signal.SIGTERM, stop); {body}; (home/'{name}.up').touch(); time.sleep(60)")
    return [sys.executable, "-c", code]

def table(_):
    return [
        Process("first", lambda: child("first", sys.argv[2]), lambda: (home / "first.up").exists(), ready_seconds=1.5),
        Process("second", lambda: child("second"), lambda: (home / "second.up").exists(), stage=1),
    ]

supervise(settings, table)
"""


class Supervised:
    """A running supervisor."""

    def __init__(self, home: Path, body: str = "pass") -> None:
        self.settings = LocalSettings(home=home)
        for directory in (self.settings.run_dir, self.settings.log_dir):
            directory.mkdir(parents=True)
        self.process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(_PROGRAM), str(home), body])

    def row(self, name: str) -> dict[str, Any]:
        try:
            rows = json.loads((self.settings.run_dir / "status.json").read_text())
        except (OSError, ValueError):
            return {}
        return next((row for row in rows if row["name"] == name), {})

    def is_ready(self, name: str) -> bool:
        return self.row(name).get("state") == "ready"

    def pid(self, name: str) -> Pid:
        found = Pid.read(self.settings.run_dir / f"{name}.pid")
        assert found is not None
        return found


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised(tmp_path)
    until(lambda: made.is_ready("second"), 20)
    yield made
    if made.process.poll() is None:
        made.process.terminate()
    made.process.wait(20)


def test_a_later_stage_waits_for_the_earlier(tmp_path: Path) -> None:
    made = Supervised(tmp_path, "time.sleep(0.7)")
    until(lambda: made.row("first").get("state") == "starting", 20)
    assert made.row("second")["state"] == "waiting"
    until(lambda: made.is_ready("second"), 20)
    made.process.terminate()
    assert made.process.wait(20) == 0


def test_what_dies_is_started_again(supervised: Supervised) -> None:
    before = supervised.pid("first")
    before.signal(signal.SIGKILL)
    until(lambda: supervised.row("first").get("restarts") == 1 and supervised.is_ready("first"), 20)
    assert supervised.pid("first") != before
    assert supervised.row("second")["restarts"] == 0


def test_what_never_becomes_ready_is_started_anew(tmp_path: Path) -> None:
    made = Supervised(tmp_path, "(home/'tried').exists() or ((home/'tried').touch(), time.sleep(60))")
    until(lambda: made.is_ready("second"), 20)
    assert made.row("first")["restarts"] == 1
    made.process.terminate()
    made.process.wait(20)


def test_processes_stop_in_reverse_order_and_leave_no_pid_file(supervised: Supervised) -> None:
    supervised.process.terminate()
    assert supervised.process.wait(20) == 0
    assert (supervised.settings.root / "stopped").read_text().split() == ["second", "first"]
    assert not list(supervised.settings.run_dir.glob("*.pid"))


def test_children_do_not_outlive_a_killed_supervisor(supervised: Supervised) -> None:
    children = [supervised.pid("first"), supervised.pid("second")]
    supervised.process.kill()
    supervised.process.wait(5)
    until(lambda: not any(child.is_alive() for child in children), 10)


def test_orphans_are_ended_by_pid_file_and_strangers_are_not(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path)
    settings.run_dir.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as orphan:
        Pid.of(orphan.pid).write(settings.run_dir / "orphan.pid")
        Pid(os.getpid(), 1).write(settings.run_dir / "stranger.pid")
        assert system._end_orphans(settings)
        assert orphan.wait(5) == -signal.SIGTERM
    assert not list(settings.run_dir.glob("*.pid"))


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(system.PortTaken, match=str(port)):
            system.up(LocalSettings(home=tmp_path, port_base=port), lambda _: None)
    assert not system._in_use(port)
