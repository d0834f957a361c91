"""What clients were told, against what became of it."""

from collections.abc import Iterator, Sequence

from tests.chaos.checker.evidence import Finding, History, grouped, name
from tests.chaos.checker.vocabulary import COMMANDS, HEALER, SELF, SUBMIT
from tests.chaos.history import OK, UNKNOWN, ClientCall


def accepted_is_effected_once(history: History) -> Iterator[Finding]:
    """What was accepted took effect exactly once; what was refused, not at all; what nobody answered, at most once.

    The oracle is the client: it knows what it was promised, however often a process died before or after the answer.
    A repeated Submit with the same request id is one request; every other accepted command leaves one event. Nothing
    takes effect that nobody asked for. Further down the line one request has at most one plan and one execution,
    an execution makes at most one version.
    """
    yield from _submissions(history)
    yield from _commands(history)
    yield from _singletons(history)


def _submissions(history: History) -> Iterator[Finding]:
    made = grouped(history.of_types("Request.Requested"), lambda e: e.stream)
    calls = grouped((c for c in history.of(ClientCall) if c.method == SUBMIT), lambda c: c.request_id)
    proposed = {e.data.get("request_id") for e in history.of_types("Incident.RemedyChosen")}
    for request_id, attempts in calls.items():
        ok, unknown = _counts(attempts)
        found = len(made.get(request_id, ()))
        if not min(1, ok) <= found <= min(1, ok + unknown):
            yield Finding(f"request {request_id}", f"{_told(attempts)}, and there are {found} requests of that id")
    for request_id, events in made.items():
        by_healer = events[0].data.get("origin") == HEALER.upper()
        if request_id not in (proposed if by_healer else calls):
            yield Finding(name(events[0]), "nobody asked for this request")


def _commands(history: History) -> Iterator[Finding]:
    for method, (type, who) in COMMANDS.items():
        done = grouped(history.of_types(type), lambda e, who=who: (e.data.get(who), e.stream))
        calls = {(actor, id): found for (m, actor, id), found in history.calls.items() if m == method}
        for (actor, request_id), attempts in calls.items():
            ok, unknown = _counts(attempts)
            found = len(done.get((actor, request_id), ()))
            if not ok <= found <= ok + unknown:
                said = f"{_told(attempts)}, and there are {found} {type} by them"
                yield Finding(f"{method} of request {request_id} by {actor}", said)
        for (actor, request_id), events in done.items():
            if actor != SELF and (actor, request_id) not in calls:
                yield Finding(name(events[0]), f"{actor} never called {method}")


def _singletons(history: History) -> Iterator[Finding]:
    for type, attribute in (
        ("Request.Approved", ""),
        ("Execution.Opened", "request_id"),
        ("Deployment.VersionRecorded", "execution_id"),
    ):
        of = grouped(history.of_types(type), lambda e, a=attribute: e.data.get(a, "") if a else e.stream)
        for id, events in of.items():
            if len(events) > 1:
                yield Finding(
                    name(events[1]), f"a second {type} of {attribute or 'request'} {id}: see also {name(events[0])}"
                )


def _counts(attempts: Sequence[ClientCall]) -> tuple[int, int]:
    return sum(c.outcome == OK for c in attempts), sum(c.outcome == UNKNOWN for c in attempts)


def _told(attempts: Sequence[ClientCall]) -> str:
    return f"the client was told {', '.join(c.outcome for c in attempts)} (calls {', '.join(c.call_id for c in attempts)})"
