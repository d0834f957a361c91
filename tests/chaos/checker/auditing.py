"""The account of who did what."""

from collections.abc import Iterator

from tests.chaos.checker.cloud import operation_of
from tests.chaos.checker.evidence import Finding, History, grouped, name
from tests.chaos.checker.vocabulary import FORWARDED, MUTATING, PROPOSE, SUBMIT
from tests.chaos.history import OK, REFUSED, UNKNOWN, AuditRecord

_GENESIS = "0" * 64
_ALLOWED = "allowed"


def everything_is_audited_once(history: History) -> Iterator[Finding]:
    """One audit record for every mutating call, one credential on record for every change of the cloud, none besides.

    A record and its effect are one transaction, so a call that nobody answered has both or neither. The hash chain
    has no gap: nothing was taken out afterwards. In the cloud a change stands under an operation's token, and
    the operation's credential was put on record before it was used.
    """
    yield from _chain(history)
    yield from _calls(history)
    yield from _requests(history)
    yield from _cloud(history)


def _chain(history: History) -> Iterator[Finding]:
    expected, hash = 1, _GENESIS
    for record in sorted(history.of(AuditRecord), key=lambda r: r.position):
        if record.position != expected or record.prev_hash != hash:
            yield Finding(f"audit record {record.position}", f"does not follow record {expected - 1}")
        expected, hash = record.position + 1, record.hash


def _calls(history: History) -> Iterator[Finding]:
    for (method, actor, request_id), attempts in history.calls.items():
        if method not in MUTATING:
            continue
        unknown = sum(c.outcome == UNKNOWN for c in attempts)
        records = history.audit.get((method, actor, request_id), ())
        allowed = sum(r.outcome == _ALLOWED for r in records)
        for outcome, found, word in ((OK, allowed, _ALLOWED), (REFUSED, len(records) - allowed, "refused or denied")):
            least = sum(c.outcome == outcome for c in attempts)
            most = len(attempts) if word == _ALLOWED and method in FORWARDED else least + unknown
            if not least <= found <= most:
                said = f"{least} {outcome} and {unknown} unanswered calls, and {found} records of outcome {word}"
                yield Finding(f"{method} of request {request_id or '-'} by {actor}", said)
    for (action, actor, request_id), records in history.audit.items():
        if action in MUTATING and (action, actor, request_id) not in history.calls:
            where = f"audit record {records[0].position}"
            yield Finding(where, f"{actor} never called {action} for request {request_id or '-'}")


def _requests(history: History) -> Iterator[Finding]:
    made = {e.stream for e in history.of_types("Request.Requested")}
    accepted = [r for r in history.of(AuditRecord) if r.action in (SUBMIT, PROPOSE) and r.outcome == _ALLOWED]
    for record in accepted:
        if record.request_id not in made:
            yield Finding(f"audit record {record.position}", f"there is no request {record.request_id}")
    for missing in made - {r.request_id for r in accepted}:
        yield Finding(f"request {missing}", "has no audit record of having been accepted")


def _cloud(history: History) -> Iterator[Finding]:
    issued = grouped(
        (e for e in history.of_types("IssuedCredential.Issued") if not e.data.get("read_only")),
        lambda e: e.data.get("operation_id"),
    )
    for token, calls in grouped((c for c in history.ledger if operation_of(c)), operation_of).items():
        call = calls[0]
        where = f"{call.region} ledger {call.number}: {call.action} {call.type} in {call.stack}"
        if token not in history.operations:
            yield Finding(where, f"no operation asked for it; its token is {token}")
        elif token not in issued:
            yield Finding(where, f"operation {token} has no credential on record")
    for id, events in issued.items():
        if id not in history.operations:
            yield Finding(name(events[0]), f"a credential for operation {id}, which does not exist")
