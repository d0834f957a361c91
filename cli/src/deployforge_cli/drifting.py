"""Drift as it happens: one line when one opens, changes, closes, or is told what it looks like."""

import json
import sys
from datetime import datetime
from typing import Any, Final

from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_client.errors import NotFound
from rich.markup import escape

from deployforge_cli.output import console, named

_WHAT: Final = {"DriftResolved": "closed", "AnomalyDetected": "anomaly"}
_COLOURS: Final = {"opened": "red", "changed": "yellow", "closed": "green", "anomaly": "cyan"}


def what(client: DeployForge, event: cp.WatchResponse) -> str:
    """opened, changed, closed or anomaly; empty for what is not about drift."""
    if event.type != "DriftDetected":
        return _WHAT.get(event.type, "")
    fact = json.loads(event.fact_json)
    try:
        began = client.drift(fact["drift_id"]).detected_at.ToDatetime()
    except NotFound:
        return "opened"
    # An episode keeps the time at which it was detected, whatever it changes to.
    said = datetime.fromisoformat(fact["detected_at"]).replace(tzinfo=None)
    return "opened" if abs((said - began).total_seconds()) < 0.001 else "changed"


def line(event: cp.WatchResponse, happened: str) -> None:
    """Print it for people."""
    at = event.at.ToDatetime().strftime("%H:%M:%S.%f")[:-3]
    word = f"[{_COLOURS[happened]}]{happened:<8}[/]"
    console.print(f"[dim]{at}[/] {word} {escape(event.summary)} [dim]{named(event.deployment)}[/]", highlight=False)


def record(event: cp.WatchResponse, happened: str) -> None:
    """Print it for programs: a line of JSON with the position to go on after."""
    told: dict[str, Any] = {
        "position": event.position, "at": event.at.ToJsonString(), "what": happened,
        "deployment": named(event.deployment), "summary": event.summary, "fact": json.loads(event.fact_json),
    }  # fmt: skip
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()
