"""One thing wrong in the cloud, the account, the read models, or the run itself."""

import itertools
from dataclasses import replace

from tests.chaos.checker.evidence import History
from tests.chaos.history import (
    AuditRecord,
    CloudCall,
    CloudResource,
    EffectRow,
    Fault,
    Position,
    ProjectionDigest,
    Run,
    StoredEvent,
)
from tests.chaos.tests.mutating import Records, data, events, of, streams
from tests.chaos.tests.simulated import QUEUE, REGION, instead, without

# --- the cloud -------------------------------------------------------------------------------------------


def _created(records: Records) -> CloudCall:
    return next(c for c in of(records, CloudCall) if c.action == "create" and c.resource)


def made_twice_under_one_token(records: Records) -> Records:
    """Right behind the first, so that nothing else about the ledger is odd."""
    call = _created(records)
    return [*records, replace(call, number=call.number, physical_id=call.physical_id)]


def a_step_changed_the_cloud_under_two_tokens(records: Records) -> Records:
    seen = History(records)
    retry = next(e for e in events(records, "Operation.Accepted") if e.data["attempt"] == 2)
    first = next(
        e for e in events(records, "Operation.Accepted")
        if e.data["execution_id"] == retry.data["execution_id"] and e.data["attempt"] == 1
    )  # fmt: skip
    call = next(c for c in seen.ledger if c.token == retry.data["operation_id"])
    failed = seen.operations[first.stream][-1]
    changed = instead(records, failed, type="Operation.Succeeded")
    return [*changed, replace(call, number=call.number - 0.5, action="update", token=first.stream)]  # type: ignore[arg-type]


def a_thing_that_nobody_knows(records: Records) -> Records:
    return [*records, CloudResource(REGION, QUEUE, "http://sqs/left-over", "df-gone")]


def a_recorded_thing_is_gone(records: Records) -> Records:
    return without(records, next(r for r in of(records, CloudResource) if r.type == QUEUE))


# --- one-at-a-time ---------------------------------------------------------------------------------------


def two_executions_in_one_lane(records: Records) -> Records:
    lane = next(s for s in streams(records, "Lane.Entered") if len(s) > 4)
    left = next(e for e in lane if e.type == "Lane.Left")
    return instead(records, left, type="Lane.Built")


def a_unit_is_taken_by_two(records: Records) -> Records:
    unit = next(s for s in streams(records, "Unit.ChangeBegan") if len(s) > 4)
    ended = next(e for e in unit if e.type == "Unit.ChangeEnded")
    return instead(records, ended, type="Unit.Known")


def a_generation_stands_still(records: Records) -> Records:
    unit: dict[str, list[StoredEvent]] = {}
    for event in sorted(events(records, "Operation.Succeeded"), key=lambda e: e.id):
        unit.setdefault(event.deployment_id, []).append(event)
    one, two, *_ = next(found for found in unit.values() if len(found) > 1)
    return data(records, two, generation=one.data["generation"])


def two_operations_in_one_stack(records: Records) -> Records:
    """The first one's last change comes after the second's first."""
    stacks: dict[str, list[CloudCall]] = {}
    for call in of(records, CloudCall):
        stacks.setdefault(call.stack, []).append(call)
    calls = next(c for c in stacks.values() if len({x.token for x in c}) > 1)
    at = next(n for n, (a, b) in enumerate(itertools.pairwise(calls)) if a.token != b.token)
    one, two = calls[at], calls[at + 1]
    swapped = instead(records, one, number=two.number)
    return instead(swapped, two, number=one.number)


# --- audited-once ----------------------------------------------------------------------------------------


def _link(last: AuditRecord, like: AuditRecord) -> AuditRecord:
    return replace(like, position=last.position + 1, prev_hash=last.hash, hash="f" * 64)


def a_call_is_audited_twice(records: Records) -> Records:
    *_, last = of(records, AuditRecord)
    approved = next(r for r in of(records, AuditRecord) if r.action == "Deployments.Cancel")
    return [*records, _link(last, approved)]


def a_refusal_is_not_audited(records: Records) -> Records:
    refused = next(r for r in of(records, AuditRecord) if r.outcome == "refused")
    return instead(records, refused, action="Deployments.Get")


def an_audit_record_of_nothing(records: Records) -> Records:
    *_, last = of(records, AuditRecord)
    return [*records, _link(last, replace(last, action="Deployments.Approve", actor="carol", request_id="r"))]


def an_audit_record_was_taken_out(records: Records) -> Records:
    noted = of(records, AuditRecord)
    return instead(records, noted[len(noted) // 2], position=10**6)


def a_change_of_the_cloud_without_a_credential(records: Records) -> Records:
    done = {c.token for c in of(records, CloudCall)}
    issued = next(e for e in events(records, "IssuedCredential.Issued") if e.data["operation_id"] in done)
    return data(records, issued, read_only=True)


# --- rebuilt-alike, all-ended, faults-fired --------------------------------------------------------------


def a_read_model_differs_after_the_rebuild(records: Records) -> Records:
    return instead(records, of(records, ProjectionDigest)[0], after="sha256:2", first_difference="row urn:df:a")


def nothing_was_rebuilt(records: Records) -> Records:
    return without(records, of(records, ProjectionDigest)[0])


def a_request_hangs(records: Records) -> Records:
    return instead(records, events(records, "Request.Ended")[-1], type="Request.Verifying")


def work_is_left(records: Records) -> Records:
    row = of(records, EffectRow)[0]
    return instead(records, row, status="waiting", error="Timeout: no answer")


def a_consumer_lags(records: Records) -> Records:
    """The control plane has not read the last of some partition, and does nothing about such facts but tell."""
    seen = History(records)
    for at, position in seen.stands.items():
        ids = [row.id for row in seen.published.get((at[1], at[2]), ())]
        looks = [p.id for p in of(records, Position) if (p.consumer, p.topic, p.partition) == at and not p.final]
        if at[0] == "control-plane" and len(ids) > 1 and max(looks, default=0) <= ids[-2]:
            return instead(records, position, id=ids[-2])
    raise LookupError


def it_took_too_long(records: Records) -> Records:
    run = of(records, Run)[0]
    return instead(records, run, settled_at=run.last_fault_at + 121)


def a_fault_never_fired(records: Records) -> Records:
    return instead(records, of(records, Fault)[0], fired_at=0.0)


def a_fault_without_evidence(records: Records) -> Records:
    return instead(records, of(records, Fault)[1], evidence="")
