from pathlib import Path

import pytest
import yaml
from deployforge.common.v1 import parking_pb2
from deployforge_cli import events
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from typer.testing import CliRunner

_runner = CliRunner()


def test_init_writes_a_manifest_that_is_yaml_and_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _runner.invoke(app, ["init", "m.yaml", "--name", "shop"]).exit_code == Exit.DONE
    assert yaml.safe_load(Path("m.yaml").read_text())["metadata"]["name"] == "shop"
    assert _runner.invoke(app, ["init", "m.yaml"]).exit_code == Exit.USAGE
    assert _runner.invoke(app, ["init", "m.yaml", "--force"]).exit_code == Exit.DONE


def test_a_missing_manifest_is_a_usage_error(tmp_path: Path) -> None:
    assert _runner.invoke(app, ["validate", str(tmp_path / "none.yaml")]).exit_code == Exit.USAGE


def test_apply_wants_a_manifest_or_a_plan() -> None:
    assert _runner.invoke(app, ["apply"]).exit_code == Exit.USAGE


def test_without_a_system_the_command_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYFORGE_CONTEXTS", str(tmp_path / "none.yaml"))
    done = _runner.invoke(app, ["list"])
    assert done.exit_code == Exit.USAGE
    assert "make up" in done.output


@pytest.mark.parametrize(
    "command",
    ["validate", "plan", "apply", "approve", "reject", "cancel", "watch", "status", "list", "destroy", "rollback",
     "history", "diff", "import", "state", "inventory", "graph", "outputs", "types", "schema", "doctor", "init", "manifest"],
)  # fmt: skip
def test_every_command_explains_itself(command: str) -> None:
    done = _runner.invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.output


@pytest.mark.parametrize("arguments", [[], ["--all", "--key", "k"]])
def test_replay_wants_to_be_told_which_events(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYFORGE_CONTEXTS", "none.yaml")
    done = _runner.invoke(app, ["events", "replay", *arguments])
    assert done.exit_code == Exit.USAGE
    assert "--all" in done.output


class _Client:
    """A control plane with one event that cannot be applied."""

    def __enter__(self) -> "_Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def parked(self, **_: object) -> parking_pb2.ParkingListResponse:
        event = parking_pb2.ParkedEvent(service="healer", topic="t", key="k", event_id="mcal@1/7", reason="ValueError: no")
        states = [
            parking_pb2.ParkingState(service="healer", events=1, keys=1, paused="too much was parked"),
            parking_pb2.ParkingState(service="mcal", unreachable="UNAVAILABLE: away"),
        ]
        return parking_pb2.ParkingListResponse(events=[event], states=states)

    def replay(self, *, service: str, key: str) -> parking_pb2.ParkingReplayResponse:
        left = 0 if key == "good" else 1
        done = parking_pb2.ReplayedKey(
            service=service, topic="t", key=key, applied=2, left=left, reason="bad" if left else ""
        )
        return parking_pb2.ParkingReplayResponse(keys=[done])


def test_parked_events_are_shown_and_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "connected", lambda _: _Client())
    monkeypatch.setenv("COLUMNS", "200")
    shown = _runner.invoke(app, ["events", "parked"])
    assert shown.exit_code == Exit.DONE
    for said in ("mcal@1/7", "ValueError: no", "too much was parked", "UNAVAILABLE: away"):
        assert said in shown.output
    assert _runner.invoke(app, ["events", "replay", "-s", "healer", "--key", "good"]).exit_code == Exit.DONE
    assert _runner.invoke(app, ["events", "replay", "-s", "healer", "--key", "bad", "-o", "json"]).exit_code == Exit.FAILED


@pytest.mark.parametrize(
    "arguments",
    [
        ["state", "show", "a/b", "--as-of", "yesterday"],
        ["diff", "a/b", "tomorrow"],
        ["diff", "a/b", "1", "2", "--as-of", "now"],
    ],
)
def test_a_time_that_is_none_is_a_usage_error_with_an_example(arguments: list[str]) -> None:
    done = _runner.invoke(app, arguments)
    assert done.exit_code == Exit.USAGE
    assert "2h ago" in done.output or "one of them" in done.output
