"""Drift as it happens, and drift by its cause."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.drift_detector.v1 import drift_pb2 as pb
from deployforge_cli import drift
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from deployforge_client.errors import NotFound, Unreachable
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

from .test_baselines import Client

_runner = CliRunner()
_SHOP = common_pb2.DeploymentRef(namespace="s", name="shop")
_BEGAN = Timestamp(seconds=1_790_000_000, nanos=123_456_000)


def event(position: int, type: str, **fact: Any) -> cp.WatchResponse:
    return cp.WatchResponse(
        position=position, at=_BEGAN, type=type, deployment=_SHOP, summary=f"about {position}", fact_json=json.dumps(fact)
    )


class Watched(Client):
    """A control plane where drift happens."""

    asked: dict[str, Any]
    ends: BaseException | None = None

    def watch(self, **asked: Any) -> Iterator[cp.WatchResponse]:
        self.asked = asked
        yield event(1, "DriftDetected", drift_id="a", detected_at="2026-09-21T14:13:20.123000+00:00")
        yield event(2, "StepStarted")
        yield event(3, "DriftDetected", drift_id="a", detected_at="2026-09-21T14:13:29.500000+00:00")
        yield event(4, "AnomalyDetected")
        yield event(5, "DriftResolved")
        yield event(6, "DriftDetected", drift_id="shredded", detected_at="2026-09-21T14:13:29.500000+00:00")
        if self.ends is not None:
            raise self.ends

    def drift(self, drift_id: str) -> pb.DriftRecord:
        if drift_id != "a":
            raise NotFound("no such drift")
        return pb.DriftRecord(detected_at=_BEGAN)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    client = Watched()
    monkeypatch.setattr(drift, "connected", lambda _: client)
    return client


def test_what_opens_changes_and_closes_is_told_as_it_happens(watched: Watched) -> None:
    done = _runner.invoke(app, ["drift", "watch", "s/shop"], env={"COLUMNS": "200"})
    words = [line.split()[1:4] for line in done.output.splitlines()]
    assert words == [
        ["opened", "about", "1"], ["changed", "about", "3"], ["anomaly", "about", "4"], ["closed", "about", "5"],
        ["opened", "about", "6"],
    ]  # fmt: skip
    assert watched.asked == {"after": -1, "deployment": "s/shop", "namespace": ""}


def test_for_programs_a_line_each_with_the_position_to_go_on_after(watched: Watched) -> None:
    done = _runner.invoke(app, ["drift", "watch", "s", "--after", "7", "--count", "2", "-o", "json"])
    told = [json.loads(line) for line in done.output.splitlines()]
    assert [(one["position"], one["what"], one["deployment"]) for one in told] == [
        (1, "opened", "s/shop"),
        (3, "changed", "s/shop"),
    ]
    assert told[0]["fact"]["drift_id"] == "a"
    assert watched.asked == {"after": 7, "deployment": "", "namespace": "s"}
    assert _runner.invoke(app, ["drift", "watch", "-o", "yaml"]).exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("ends", "code"), [(KeyboardInterrupt(), 130), (Unreachable("gone"), Exit.FAILED), (None, Exit.DONE)]
)
def test_it_ends_as_every_watch_does(watched: Watched, ends: BaseException | None, code: int) -> None:
    watched.ends = ends
    done = _runner.invoke(app, ["drift", "watch", "--all"])
    assert done.exit_code == code
    assert "Traceback" not in done.output
    assert watched.asked == {"after": 0, "deployment": "", "namespace": ""}


class Grouped(Client):
    """A control plane with five drifts of one cause and one alone, on two pages."""

    def drifts(self, deployment: object, *, open_only: bool, size: int = 100, cursor: str = "") -> pb.ListResponse:
        ids = ["a", "b", "c"] if not cursor else ["d", "e", "x"]
        severity = {"c": common_pb2.SEVERITY_CRITICAL}
        records = [
            pb.DriftRecord(
                drift_id=id, urn=f"urn:df:s:shop:{id}", deployment=_SHOP, state="open", kind="missing", detected_at=_BEGAN,
                severity=severity.get(id, common_pb2.SEVERITY_DEGRADED),
            )
            for id in ids
        ]  # fmt: skip
        return pb.ListResponse(records=records, next_cursor="" if cursor else "more")

    def noise(self, deployment: str, *, days: int) -> pb.NoiseResponse:
        group = pb.DriftGroup(what="tags.env", actor="ada", drift_ids=["a", "b", "c", "d", "e", "over"])
        return pb.NoiseResponse(groups=[group, pb.DriftGroup(what="old", drift_ids=["gone"])])


def test_drifts_of_one_cause_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Grouped())
    done = _runner.invoke(app, ["drift", "list", "--group"], env={"COLUMNS": "200"})
    assert done.exit_code == Exit.DRIFT_FOUND
    [first, second] = done.output.splitlines()[2:]
    assert first.split()[:5] == ["s/shop", "tags.env", "ada", "5", "critical"] and "a, b, c, d and 1 more" in first
    assert second.split()[:5] == ["s/shop", "missing", "-", "1", "degraded"]
    told = json.loads(_runner.invoke(app, ["drift", "list", "--group", "-o", "json"]).output)
    assert [(one["what"], one["count"]) for one in told] == [("tags.env", 5), ("missing", 1)]
    assert told[0]["drift_ids"] == ["a", "b", "c", "d", "e"]
