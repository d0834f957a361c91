"""What the cloud itself shows: its ledger of changes, and what exists at the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.checker.evidence import Finding, History, grouped, name
from tests.chaos.checker.vocabulary import CLOUD_DELETE, EXECUTION_BAD_ENDS, EXECUTION_ENDS, LISTED, STACK
from tests.chaos.history import ClientCall, CloudCall, StoredEvent


def one_create_per_token(history: History) -> Iterator[Finding]:
    """The cloud makes a thing once for one token, and a step changes the cloud under one token only.

    The token is the operation's id, so whoever takes over after a crash repeats the call that was lost, and the cloud
    recognises it. A step may be tried again under a new token only after the attempt before has failed.
    """
    made = grouped(
        (c for c in history.ledger if c.action == "create" and c.succeeded and c.token),
        lambda c: (c.token, c.region, c.stack, c.resource),
    )
    for (token, _, _, _), calls in made.items():
        if len(calls) > 1:
            yield Finding(_at(calls[1]), f"made again under token {token}, first as {calls[0].physical_id}")
    steps: dict[tuple[Any, Any], list[str]] = {}
    for token in dict.fromkeys(operation_of(c) for c in history.ledger if c.succeeded):
        accepted = history.operations.get(token)
        if accepted:
            data = accepted[0].data
            steps.setdefault((data.get("execution_id"), data.get("step_id")), []).append(token)
    for (execution, step), tokens in steps.items():
        for token in tokens[:-1]:
            end = history.operations[token][-1]
            if end.type != "Operation.Failed":
                said = f"step {step} changed the cloud again under {tokens[-1]}, although this operation had not failed"
                yield Finding(f"execution {execution} operation {token} ({end.type})", said)


def nothing_is_orphaned(history: History) -> Iterator[Finding]:
    """Everything that we made in the cloud is in a recorded state or is gone, and what is recorded exists.

    Two things may differ: what the workload itself deleted, and what an execution left behind that ended as failed
    (its facts say so, and people must look).
    """
    recorded = _recorded(history)
    ids = {event.data.get("physical_id") for event in recorded.values()}
    stacks = {event.data.get("unit_name") for event in recorded.values()}
    given_up, retained = _given_up(history), _retained(history)
    existing = {(r.type, r.physical_id) for r in history.resources}
    for resource in history.resources:
        known = resource.stack in stacks if resource.type == STACK else resource.physical_id in ids
        if not known and resource.stack not in given_up and resource.physical_id not in retained:
            what = f"stack {resource.stack}" if resource.stack else "no stack"
            where = f"{resource.region} {resource.type} {resource.physical_id}"
            yield Finding(where, f"exists ({what}) and is in no recorded state")
    deleted = {c.answer for c in history.of(ClientCall) if c.method == CLOUD_DELETE}
    for urn, event in recorded.items():
        type, id = event.data.get("native_type"), event.data.get("physical_id")
        if type in LISTED and (type, id) not in existing and id not in deleted:
            yield Finding(f"{urn} ({type} {id})", f"is recorded by {name(event)} and does not exist")


def units_are_worked_on_one_at_a_time(history: History) -> Iterator[Finding]:
    """No two operations work on one unit at once, and no two executions on one deployment.

    Said by three witnesses: the aggregates that reserve a unit or a deployment's lane, the unit's generation that
    grows with every operation, and the cloud's ledger, where the changes of one operation to a stack stand together.
    """
    for events in history.streams.values():
        yield from _taken_twice(events)
    ends = history.of_types("Operation.Succeeded", "Operation.Failed")
    for (deployment, unit), done in grouped(ends, lambda e: (e.deployment_id, e.data.get("unit_id"))).items():
        before = 0
        for event in sorted(done, key=lambda e: e.id):
            generation = int(event.data.get("generation", 0))
            if generation <= before:
                said = f"unit {unit} of deployment {deployment} went from generation {before} to {generation}"
                yield Finding(name(event), said)
            before = max(before, generation)
    for (region, stack), calls in grouped(history.ledger, lambda c: (c.region, c.stack)).items():
        finished: set[str] = set()
        current = ""
        for call in calls:
            token = operation_of(call)
            if not token or token == current:
                continue
            if token in finished:
                yield Finding(_at(call), f"stack {stack} in {region}: {token} went on after {current} had begun")
            finished.add(current)
            current = token


def operation_of(call: CloudCall) -> str:
    """The operation whose token it is: an operation's own second attempts carry a suffix. Empty for housekeeping."""
    if call.token.startswith("clear-"):
        return ""
    return call.token.removesuffix("-again").removesuffix("-clear")


def _taken_twice(events: Any) -> Iterator[Finding]:
    """Unit: ChangeBegan … ChangeEnded. Lane: Entered … Left."""
    holder: StoredEvent | None = None
    for event in events:
        if event.type in ("Unit.ChangeBegan", "Lane.Entered"):
            if holder is not None:
                yield Finding(name(event), f"taken by {_who(event)} while {_who(holder)} had it since {name(holder)}")
            holder = event
        elif event.type in ("Unit.ChangeEnded", "Lane.Left"):
            holder = None


def _who(event: StoredEvent) -> str:
    return str(event.data.get("operation_id") or event.data.get("execution_id"))


def _recorded(history: History) -> Mapping[str, StoredEvent]:
    """urn → the event that records what it is now."""
    now: dict[str, StoredEvent] = {}
    for event in sorted(history.of_types("Resource.Recorded", "Resource.Removed"), key=lambda e: e.id):
        urn = str(event.data.get("urn"))
        if event.type == "Resource.Recorded":
            now[urn] = event
        else:
            now.pop(urn, None)
    return now


def _given_up(history: History) -> set[str]:
    """Stacks that the last execution to touch them left as they were when it failed."""
    executions = {e.stream: e.type for e in history.events if e.service == "orchestrator" and e.type in EXECUTION_ENDS}
    last: dict[str, str] = {}
    for events in history.operations.values():
        data = events[0].data
        last[str(data.get("unit_name"))] = str(data.get("execution_id"))
    return {stack for stack, execution in last.items() if executions.get(execution) in EXECUTION_BAD_ENDS}


def _retained(history: History) -> set[str]:
    kept = {e.data.get("urn") for e in history.of_types("Execution.ResourceRemoved") if e.data.get("retained")}
    return {str(e.data.get("physical_id")) for e in history.of_types("Resource.Recorded") if e.data.get("urn") in kept}


def _at(call: CloudCall) -> str:
    thing = call.resource or "the stack itself"
    return f"{call.region} ledger {call.number}: {call.action} {call.type} {thing} in {call.stack}"
