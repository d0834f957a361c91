"""What `up` says of processes that died, what stops a process, and what becomes of long logs."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from deployforge_local import system
from deployforge_local.pids import Pid
from deployforge_local.processes import Process, stop_signal
from deployforge_local.settings import LocalSettings
from deployforge_local.supervisor import Child, Supervisor, patience_seconds, shorten_logs


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    """A system whose supervisor is this very process."""
    made = LocalSettings(home=tmp_path)
    made.run_dir.mkdir(parents=True)
    Pid.of(os.getpid()).write(made.run_dir / "supervisor.pid")
    return made


def _status(settings: LocalSettings, **facts: Any) -> None:
    row = {"name": "healer", "restarts": 0, "pid": None, "ready_seconds": 1.0, "last_exit": -9, **facts}
    (settings.run_dir / "status.json").write_text(json.dumps([row]))


def test_restarts_of_long_ago_do_not_matter_to_a_process_that_is_well(settings: LocalSettings) -> None:
    _status(settings, state="ready", restarts=40, deaths=5)
    assert system.up(settings, lambda _: None) is False


def test_a_process_that_dies_again_and_again_is_named_with_its_log(settings: LocalSettings) -> None:
    _status(settings, state="died", restarts=4, deaths=5)
    with pytest.raises(system.DidNotStart, match=r"healer keeps ending; see .*healer\.log"):
        system.up(settings, lambda _: None)


def test_stopping_what_never_ran_says_so_and_makes_nothing(tmp_path: Path) -> None:
    assert system.down(LocalSettings(home=tmp_path / "none"), lambda _: None) is False
    assert list(tmp_path.iterdir()) == []


def test_postgresql_is_asked_not_to_wait_for_its_clients() -> None:
    assert stop_signal("postgres") == signal.SIGINT
    assert {stop_signal(name) for name in ("kafka", "ministack", "healer")} == {signal.SIGTERM}


@pytest.mark.parametrize(("was", "deaths", "patience"), [("starting", 3, 90.0 * 8), ("ready", 1, 90.0 * 2)])
def test_what_never_became_ready_gets_more_time_at_each_start(
    settings: LocalSettings, was: str, deaths: int, patience: float
) -> None:
    child = Child(Process("kafka", lambda: ["true"], lambda: False))
    settings.log_dir.mkdir()
    for _ in range(3):
        # Long enough ago to have been well, had it been ready.
        child.state, child.started_at = was, time.monotonic() - 100
        Supervisor(settings, [])._died(child, -9)
    assert child.deaths == deaths
    assert patience_seconds(child) == patience


def test_a_log_that_grew_is_emptied_under_its_writer(tmp_path: Path) -> None:
    with (tmp_path / "kafka.log").open("ab", buffering=0) as log:
        log.write(b"x" * 100)
        shorten_logs(tmp_path, 99)
        log.write(b"after")
    assert (tmp_path / "kafka.log").read_bytes() == b"after"
    assert (tmp_path / "kafka.log.1").read_bytes() == b"x" * 100


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").write_bytes(b"x" * 99)
    shorten_logs(tmp_path, 99)
    assert [path.name for path in tmp_path.iterdir()] == ["kafka.log"]
