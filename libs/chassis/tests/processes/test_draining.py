"""SIGTERM: what is under way ends or is given back, callers go elsewhere, and the process is gone in time with 0."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.keys import KeyFile

DRAIN_SECONDS = 3.0
UNDER_WAY = {"message", "work", "call"}


@dataclass
class Service:
    """A running service with a message, a piece of outside work and a call under way."""

    process: subprocess.Popen[str]
    database: Database
    connection: grpc.Channel
    call: grpc.Future

    def stop(self) -> tuple[int, float]:
        """Exit code, and the seconds that it took."""
        asked = time.monotonic()
        os.kill(self.process.pid, signal.SIGTERM)
        return self.process.wait(20), time.monotonic() - asked

    def ended(self) -> list[str]:
        return sorted(row["what"] for row in self.database.query("SELECT what FROM ended"))


Start = Callable[[str], Service]


@pytest.fixture
def start(database_url: str, tmp_path: Path, tls_dir: Path, settings_of: Callable[..., ServiceSettings]) -> Iterator[Start]:
    database, begun = Database(database_url, pool_size=1), []
    KeyFile.create(tmp_path / "key")

    def begin(mode: str) -> Service:
        program = str(Path(__file__).with_name("draining_service.py"))
        arguments = [sys.executable, program, database_url, tmp_path / "key", tls_dir, str(DRAIN_SECONDS), mode]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = set()
        while not (port := [word for word in said if word.startswith("port ")]):
            said.add(process.stdout.readline().strip())
        connection = channel(settings_of("control-plane"), "orchestrator", address=f"127.0.0.1:{port[0][5:]}")
        call = connection.unary_unary("/test.Echo/Say").future(b"x", timeout=20)
        while not said >= UNDER_WAY:
            said.add(process.stdout.readline().strip())
        begun.append(Service(process, database, connection, call))
        return begun[-1]

    yield begin
    for service in begun:
        service.connection.close()
        service.process.kill()
        service.process.communicate()
    database.close()


def test_what_is_under_way_ends_and_nothing_new_begins(start: Start) -> None:
    service = start("slow")
    code, seconds = service.stop()
    assert code == 0
    assert seconds < DRAIN_SECONDS
    assert service.call.result(1) == b"x"
    assert service.ended() == ["message", "work"]
    [position] = service.database.query("SELECT id FROM positions")
    assert position["id"] == 2
    waiting = service.database.query("SELECT attempt FROM effects WHERE status = 'waiting'")
    assert waiting == [{"attempt": 0}]


def test_a_process_in_which_everything_hangs_is_gone_in_time_and_gives_back_what_it_held(start: Start) -> None:
    service = start("hang")
    code, seconds = service.stop()
    assert code == 0
    # Before the last resort, which would have ended it with 1.
    assert seconds < DRAIN_SECONDS + 2
    assert service.ended() == []
    assert service.database.query("SELECT id FROM positions") == []
    # Whoever calls is told to go elsewhere, and another replica may begin with the work at once.
    error = service.call.exception(1)
    assert isinstance(error, grpc.RpcError)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    [held] = service.database.query("SELECT due_at <= now() AS due, attempt FROM effects WHERE attempt > 0")
    assert held == {"due": True, "attempt": 1}
