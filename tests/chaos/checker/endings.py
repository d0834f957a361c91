"""How the run ended."""

from collections.abc import Iterator, Sequence

from tests.chaos.checker.evidence import Finding, History, name
from tests.chaos.checker.vocabulary import (
    ENDLESS,
    ENDLESS_AT_MOST,
    EXECUTION_ENDS,
    INCIDENT_ENDS,
    OPERATION_ENDS,
    PLAN_OPEN,
    REQUEST_ENDS,
    REQUEST_RUNS,
    REQUEST_WAITS,
    SUBSCRIPTIONS,
    TIMERS,
)
from tests.chaos.history import StoredEvent

SETTLES_WITHIN_SECONDS = 120.0
_NOTICED_WITHIN_SECONDS = 5.0
"""A timer that became due so shortly before its service was asked to end need not have been looked at any more."""


def everything_ends(history: History) -> Iterator[Finding]:
    """Within 120 s of the last fault everything has ended or waits for people, and nobody has anything left to read.

    No request, plan, execution, operation or incident is left in the middle, no outside work is due, everything is
    published, and every consumer stands at the end of every topic it reads. Scans go on for ever and may be under way.
    """
    run = history.run
    if run is None:
        yield Finding("the run", "broke off: its record is missing")
    elif not run.settled_at:
        yield Finding("the run", "was never seen settled")
    elif run.last_fault_at and run.settled_at - run.last_fault_at > SETTLES_WITHIN_SECONDS:
        took = run.settled_at - run.last_fault_at
        yield Finding("the run", f"took {took:.0f} s to settle after the last fault, at most {SETTLES_WITHIN_SECONDS:.0f}")
    for events in history.streams.values():
        if unfinished := _unfinished(events):
            yield Finding(name(events[-1]), unfinished)
    yield from _work(history)
    yield from _lag(history)


def _unfinished(events: Sequence[StoredEvent]) -> str:
    kind, last = events[0].type.partition(".")[0], events[-1].type
    types = [e.type for e in events]
    open_ = False
    match kind:
        case "Request":
            open_ = not _request_is_over(events)
        case "PlanRequest":
            open_ = last in PLAN_OPEN
        case "Execution":
            open_ = EXECUTION_ENDS.isdisjoint(types)
        case "Operation":
            open_ = last not in OPERATION_ENDS
        case "Incident":
            open_ = last not in INCIDENT_ENDS
    return f"this is the last event of its {kind.lower()}, which has not ended" if open_ else ""


def _request_is_over(events: Sequence[StoredEvent]) -> bool:
    """Ended, or waiting for people. A cancellation ends what does not run yet."""
    running = waits = False
    for event in events:
        if event.type in REQUEST_ENDS or (event.type == "Request.CancellationRequested" and not running):
            return True
        running = running or event.type in REQUEST_RUNS
        if event.type == "Request.Planned":
            waits = bool(events[0].data.get("plan_only"))
        elif event.type != "Request.CancellationRequested":
            waits = event.type in REQUEST_WAITS
    return waits


def _work(history: History) -> Iterator[Finding]:
    now = history.run.collected_at if history.run else 0.0
    for row in history.effects:
        if (
            row.status != "waiting"
            or row.kind == "scan"
            or (row.kind in TIMERS and row.due_at > now - _NOTICED_WITHIN_SECONDS)
        ):
            continue
        error = f", last error: {row.error}" if row.error else ""
        yield Finding(f"{row.service} {row.kind} {row.effect_id}", f"waits after {row.attempt} attempts{error}")


def _lag(history: History) -> Iterator[Finding]:
    for service, upto in history.published_upto.items():
        behind = [e for e in history.events if e.service == service and e.topic and e.id > upto]
        if len(behind) > (ENDLESS_AT_MOST if all(e.topic == ENDLESS for e in behind) else 0):
            yield Finding(name(behind[0]), f"is not published yet, {service} has published up to {upto}")
    for consumer, topics in SUBSCRIPTIONS.items():
        for (topic, partition), rows in history.published.items():
            position = history.stands.get((consumer, topic, partition))
            stands_at = position.id if position else 0
            unread = sum(row.id > stands_at for row in rows)
            if topic in topics and unread > (ENDLESS_AT_MOST if topic == ENDLESS else 0):
                where = f"{consumer} in {topic} partition {partition}"
                yield Finding(where, f"stands at {stands_at}, the end is {rows[-1].id}: {unread} unread")
