"""The supervisor with a table of small processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis.testing import until
from deployforge_local import system
from deployforge_local.pids import Pid
from deployforge_local.settings import LocalSettings

#: A supervisor whose processes are: `first`, ready once it has written a file; `second`, of the next stage.
#: While a file `unreachable` or `unusable` exists, looking whether `first` is ready, or preparing it, raises.
_PROGRAM = """
import sys
from pathlib import Path
from deployforge_local.processes import Process
from deployforge_local.settings import LocalSettings
from deployforge_local.supervisor import supervise

home = Path(sys.argv[1])
settings = LocalSettings(home=home)

def child(name, body="pass", stop_seconds=0):
    code = (f"import os,signal,sys,time; from pathlib import Path; home=Path({str(home)!r}); "
            f"stop=lambda *_: (time.sleep({stop_seconds}), (home/'stopped').open('a').write('{name} '), sys.exit(0)); "
            f"signal.signal(signal.SIGTERM, stop); {body}; (home/'{name}.up').touch(); time.sleep(60)")
    return [sys.executable, "-c", code]

def refuse(while_there_is):
    if (home / while_there_is).exists():
        raise RuntimeError(while_there_is)

def first_is_up():
    refuse("unreachable")
    return (home / "first.up").exists()

def table(_):
    return [
        Process("first", lambda: child("first", sys.argv[2]), first_is_up, once_ready=lambda: refuse("unusable"),
                ready_seconds=float(sys.argv[3])),
        Process("second", lambda: child("second", stop_seconds=0.5), lambda: (home / "second.up").exists(), stage=1),
    ]

supervise(settings, table)
"""


class Supervised:
    """A running supervisor."""

    def __init__(self, home: Path, body: str, ready_seconds: float) -> None:
        self.settings = LocalSettings(home=home)
        for directory in (self.settings.run_dir, self.settings.log_dir):
            directory.mkdir(parents=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_PROGRAM), str(home), body, str(ready_seconds)]
        )

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


#: Seconds until a process that is not ready is started anew: many times what a small Python needs to start.
_SOON = 5.0

Start = Callable[..., Supervised]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a supervisor; it is stopped when the test ends, however it ends."""
    running: list[Supervised] = []

    def begin(body: str = "pass", ready_seconds: float = 60) -> Supervised:
        running.append(Supervised(tmp_path, body, ready_seconds))
        return running[-1]

    yield begin
    for made in running:
        if made.process.poll() is None:
            made.process.terminate()
        made.process.wait(40)


@pytest.fixture
def supervised(start: Start) -> Supervised:
    made = start()
    until(lambda: made.is_ready("second"), 60)
    return made


def test_a_later_stage_waits_for_the_earlier(start: Start) -> None:
    made = start("time.sleep(0.7)")
    until(lambda: made.row("first").get("state") == "starting", 20)
    assert made.row("second")["state"] == "waiting"
    until(lambda: made.is_ready("second"), 60)
    made.process.terminate()
    assert made.process.wait(40) == 0


def test_what_dies_is_started_again(supervised: Supervised) -> None:
    before = supervised.pid("first")
    before.signal(signal.SIGKILL)
    until(lambda: supervised.row("first").get("restarts") == 1 and supervised.is_ready("first"), 60)
    assert supervised.pid("first") != before
    assert supervised.row("second")["restarts"] == 0


def test_what_never_becomes_ready_is_started_anew(start: Start) -> None:
    made = start("(home/'tried').exists() or ((home/'tried').touch(), time.sleep(60))", _SOON)
    until(lambda: made.is_ready("second"), 60)
    assert made.row("first")["restarts"] >= 1


def test_what_it_had_started_itself_is_ended_with_it(start: Start, tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    body = "(home/'tried').exists() or ((home/'tried').write_text(str(Popen(['sleep', '60']).pid)), time.sleep(60))"
    made = start(f"from subprocess import Popen; {body}", _SOON)
    grandchild = Pid.of(int(until(lambda: tried.exists() and tried.read_text(), 60)))
    until(lambda: made.is_ready("second"), 60)
    left = grandchild.is_alive()
    grandchild.end(1)
    assert not left


@pytest.mark.parametrize("trouble", ["unreachable", "unusable"])
def test_what_cannot_be_used_is_started_anew_and_ends_no_other(start: Start, tmp_path: Path, trouble: str) -> None:
    (tmp_path / trouble).touch()
    made = start(ready_seconds=_SOON)
    until(lambda: made.row("first").get("restarts", 0) >= 1, 60)
    (tmp_path / trouble).unlink()
    until(lambda: made.is_ready("second"), 60)
    assert f"first: not usable yet: {trouble}" in (made.settings.log_dir / "supervisor.log").read_text()


def test_what_keeps_dying_is_started_again_after_longer_and_longer(start: Start, tmp_path: Path) -> None:
    # Each try adds the moment of its start to a file; the fourth one stays.
    body = (
        "(home/'tries').open('a').write(f'{time.monotonic()} '); len((home/'tries').read_text().split()) > 3 or sys.exit(3)"
    )
    made = start(body)
    until(lambda: made.is_ready("second"), 60)
    tries = [float(moment) for moment in (tmp_path / "tries").read_text().split()]
    assert tries[2] - tries[1] > 0.5
    assert tries[3] - tries[2] > 1.0
    log = (made.settings.log_dir / "supervisor.log").read_text()
    assert [line.rpartition("first: ")[2] for line in log.splitlines()][:3] == [
        f"ended with 3, starting again in {seconds} s" for seconds in ("0", "0.5", "1")
    ]


def test_processes_stop_in_reverse_order_and_leave_no_pid_file(supervised: Supervised) -> None:
    supervised.process.terminate()
    assert supervised.process.wait(40) == 0
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
