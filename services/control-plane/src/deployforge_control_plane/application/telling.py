"""What the timeline tells: own events as they are published, facts of others as they were heard."""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from deployforge_chassis.facts import Fact

from deployforge_control_plane.application.messages import About
from deployforge_control_plane.application.ports import Says
from deployforge_control_plane.application.summaries import summary
from deployforge_control_plane.application.views import Entry
from deployforge_control_plane.domain.request import SELF, Request

_FACT_BYTES: Final = 256 * 1024
"""A bigger fact is told by its summary alone; nobody reads so much in a stream."""


def own_entries(request: Request, says: Says) -> Iterator[Entry]:
    """What a request's new events add to the timeline."""
    events: list[Any] = list(request.pending_events)
    for event in events:
        told = _told(event, says)
        if told is None:
            continue
        name, value = told
        yield Entry(
            id=f"{request.id}/{event.originator_version}",
            source=SELF,
            type=name,
            deployment_id=request.deployment_id,
            namespace=request.namespace,
            name=request.name,
            correlation_id=str(request.id),
            at=event.at,
            summary=summary(name, value),
            fact=_json(value),
        )


def _told(event: Any, says: Says) -> tuple[str, Mapping[str, Any]] | None:
    match event:
        case Request.ExecutionWanted():
            return "ExecutionWanted", {"by": event.by}
        case Request.NothingToChange():
            return "NothingToChange", {"reason": event.reason}
        case _:
            said = says(event)
            return (said[0].fact, said[0].value or {}) if said else None


def heard_entry(fact: Fact) -> Entry | None:
    """What a fact of another service adds; None for one that is not about a deployment."""
    value = fact.value or {}
    if not {"deployment_id", "namespace", "name"} <= value.keys():
        return None
    about = fact.read(About)
    return Entry(
        id=fact.event_id if fact.id else str(uuid.uuid4()),  # telemetry has no id of its own
        source=fact.source,
        type=fact.type,
        deployment_id=about.deployment_id,
        namespace=about.namespace,
        name=about.name,
        correlation_id=str(value.get("request_id") or fact.correlation_id),
        at=fact.occurred_at,
        summary=summary(fact.type, value),
        fact=_json(value),
    )


def _json(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    return text if len(text) <= _FACT_BYTES else "{}"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
