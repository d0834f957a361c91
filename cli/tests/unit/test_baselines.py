"""What is usual, as people see it."""

import json

import pytest
from deployforge.drift_detector.v1 import drift_pb2 as pb
from deployforge_cli import drift
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

_runner = CliRunner()
_RHYTHM = pb.Rhythm(changes=41, last_at=Timestamp(seconds=1_790_000_000), usual_gap_seconds=21_240)
_ORDERS = pb.ResourceBaseline(
    urn="urn:df:storefront:webshop:orders",
    type="Queue",
    rhythm=_RHYTHM,
    hours=[9 if hour == 34 else 0 for hour in range(168)],
    attributes=[pb.AttributeBaseline(path="visibilityTimeout", rhythm=_RHYTHM, numbers=12, median=45, spread=15)],
    actors=[pb.ActorBaseline(actor="ada", rhythm=_RHYTHM)],
    score=0.93,
    reasons=[pb.ScoreReason(name="value", part=0.85, words="visibilityTimeout is 3600, usually 45 ± 15")],
)


class Client:
    """A control plane that knows one resource, and that there are more."""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def baselines(self, deployment: str, resource: str, *, cursor: str) -> pb.BaselineResponse:
        assert deployment == "storefront/webshop"
        return pb.BaselineResponse(baselines=[_ORDERS], next_cursor="" if resource else _ORDERS.urn)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ("orders", "Queue", "41", "5.9 h", "Tue 10:00 (9 of 9)", "0.93", "more: --cursor urn:df")),
        (["orders"], ("41 changes", "0.93 of 1", "0.85 visibilityTimeout is 3600", "45 ± 15", "12 values", "ada: 41")),
    ],
)
def test_what_is_usual_is_shown(arguments: list[str], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Client())
    shown = _runner.invoke(app, ["drift", "baseline", "storefront/webshop", *arguments], env={"COLUMNS": "200"})
    assert shown.exit_code == Exit.DONE
    assert [word for word in words if word not in shown.output] == []


def test_what_is_usual_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Client())
    told = json.loads(_runner.invoke(app, ["drift", "baseline", "storefront/webshop", "-o", "json"]).output)
    assert told["baselines"][0]["score"] == 0.93
