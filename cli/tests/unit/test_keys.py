from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from deployforge.common.v1 import keys_pb2 as common
from deployforge.control_plane.v1 import keys_pb2 as pb
from deployforge_cli import keys
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from typer.testing import CliRunner

_runner = CliRunner()
_STATUS = common.KeyStatusResponse(provider="pkcs11", versions=[1, 2], minimum_version=2, owners=7, generation=3)


class Client:
    """Answers as a control plane would."""

    def __init__(self, *answers: Any) -> None:
        self._answers, self.asked = answers, {}

    def keys(self) -> pb.KeysStatusResponse:
        return pb.KeysStatusResponse(services=self._answers)

    def rotate_keys(self, **asked: Any) -> Iterator[Any]:
        self.asked = asked
        yield from self._answers


def _with(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> Client:
    client = Client(*answers)

    @contextmanager
    def connected(context: str | None) -> Iterator[Client]:
        yield client

    monkeypatch.setattr(keys, "connected", connected)
    return client


def _progress(service: str, step: str, done: int = 0, total: int = 0) -> pb.KeysRotateResponse:
    return pb.KeysRotateResponse(service=service, progress={"step": step, "done": done, "total": total})


def test_status_shows_every_service(monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, pb.ServiceKeys(service="healer", status=_STATUS))
    done = _runner.invoke(app, ["keys", "status"])
    assert done.exit_code == Exit.DONE
    assert {"healer", "pkcs11", "2", "7", "3"} <= set(done.output.split())


def test_status_fails_when_a_service_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, pb.ServiceKeys(service="healer", error="UNAVAILABLE: the token cannot be used"))
    done = _runner.invoke(app, ["keys", "status"])
    assert done.exit_code == Exit.FAILED
    assert "the token cannot be used" in done.output


def test_rotation_prints_each_step_once_and_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [("wrap", 0, 4), ("wrap", 4, 4), ("events.state", 0, 9), ("events.state", 9, 9), ("done", 0, 0)]
    client = _with(monkeypatch, *(_progress("mcal", *step) for step in steps))
    done = _runner.invoke(app, ["keys", "rotate", "--reencrypt", "--service", "mcal"])
    assert done.exit_code == Exit.DONE
    assert done.output.splitlines() == ["mcal: wrap (4)", "mcal: events.state (9)", "mcal: done"]
    assert client.asked == {"reencrypt": True, "services": ["mcal"]}


def test_a_service_that_fails_is_named_and_the_command_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, _progress("mcal", "done"), pb.KeysRotateResponse(service="healer", error="UNAVAILABLE: away"))
    done = _runner.invoke(app, ["keys", "rotate", "-o", "json"])
    assert done.exit_code == Exit.FAILED
    assert "healer: UNAVAILABLE: away" in done.output
