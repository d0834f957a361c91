"""One thing wrong in the stores, the topics or the consumers."""

from dataclasses import replace

from tests.chaos.checker.evidence import History
from tests.chaos.checker.vocabulary import WATERMARK
from tests.chaos.history import (
    Parked,
    Position,
    Published,
    TopicMessage,
)
from tests.chaos.tests.mutating import Records, data, events, of, streams
from tests.chaos.tests.simulated import EXECUTIONS, instead, without

# --- effected-once ---------------------------------------------------------------------------------------


def an_approval_of_somebody_else(records: Records) -> Records:
    return data(records, events(records, "Request.ApprovalGiven")[0], approver="mallory")


def two_executions_of_one_request(records: Records) -> Records:
    first, second, *_ = events(records, "Execution.Opened")
    return data(records, second, request_id=first.data["request_id"])


def two_versions_of_one_execution(records: Records) -> Records:
    first, second, *_ = events(records, "Deployment.VersionRecorded")
    return data(records, second, execution_id=first.data["execution_id"])


# --- gapless-streams -------------------------------------------------------------------------------------


def a_version_is_missing(records: Records) -> Records:
    last = max(streams(records, "Execution.Opened"), key=len)[-1]
    return instead(records, last, version=last.version + 1)


def a_version_is_there_twice(records: Records) -> Records:
    last = max(streams(records, "Execution.Opened"), key=len)[-1]
    return instead(records, last, version=last.version - 1)


# --- published -------------------------------------------------------------------------------------------


def _in_the_middle(records: Records) -> TopicMessage:
    log = max((list(log) for log in History(records).messages.values() if log[0].chained), key=len)
    ids = [m.id for m in log]
    return next(m for m in log[len(log) // 3 :] if ids.count(m.id) == 1 and m.type != WATERMARK)


def a_message_is_missing(records: Records) -> Records:
    return without(records, _in_the_middle(records))


def a_fact_was_never_published(records: Records) -> Records:
    """Neither promised nor sent; the chain does not show it, because it was made without it."""
    seen = History(records)
    rows = max((list(rows) for (topic, _), rows in seen.published.items() if topic == EXECUTIONS), key=len)
    at = next(n for n in range(1, len(rows) - 1) if seen.event[rows[n].service, rows[n].id].fact == "ResourceVerified")
    gone, after, before = rows[at].id, rows[at + 1].id, rows[at - 1].id
    place = (rows[at].topic, rows[at].partition)
    left = [
        r
        for r in records
        if not (isinstance(r, Published | TopicMessage) and (r.topic, r.partition, r.id) == (*place, gone))
    ]
    return [
        replace(r, prev=before) if isinstance(r, TopicMessage) and (r.topic, r.partition, r.id) == (*place, after) else r
        for r in left
    ]


def a_message_names_another_before_it(records: Records) -> Records:
    message = _in_the_middle(records)
    return instead(records, message, prev=message.prev - 1)


def a_message_is_repeated_with_other_content(records: Records) -> Records:
    message = _in_the_middle(records)
    end = max(m.offset for m in of(records, TopicMessage) if (m.topic, m.partition) == (message.topic, message.partition))
    return [*records, replace(message, offset=end + 1, digest="0" * 64)]


def a_watermark_runs_ahead(records: Records) -> Records:
    mark = next(m for m in of(records, TopicMessage) if m.type == WATERMARK)
    return instead(records, mark, id=10**6)


def a_message_in_another_partition(records: Records) -> Records:
    event = events(records, "PlanRequest.Drafted")[0]
    return instead(records, event, partition=(event.partition + 1) % 8)


# --- one-leader, newest-upsert ---------------------------------------------------------------------------


def an_old_leader_publishes(records: Records) -> Records:
    rows = sorted((r for r in of(records, Published) if r.service == "orchestrator"), key=lambda r: r.id)
    return instead(records, rows[len(rows) // 2], epoch=99)


def an_old_version_is_upserted_last(records: Records) -> Records:
    keys: dict[str, list[TopicMessage]] = {}
    for m in of(records, TopicMessage):
        if not m.chained:
            keys.setdefault(m.key, []).append(m)
    log = next(log for log in keys.values() if len({m.id for m in log}) > 1)
    old = min(log, key=lambda m: m.id)
    end = max(m.offset for m in of(records, TopicMessage) if (m.topic, m.partition) == (old.topic, old.partition))
    return [*records, replace(old, offset=end + 1)]


# --- order-per-key, nothing-lost -------------------------------------------------------------------------


def a_position_went_back(records: Records) -> Records:
    last = next(p for p in of(records, Position) if p.final and p.id > 2)
    return [*records, replace(last, final=False, seen_at=last.seen_at - 1.0, id=last.id + 1)]


def two_facts_were_applied_in_the_wrong_order(records: Records) -> Records:
    for found in streams(records, "Request.Executing"):
        pair = [e for e in found if e.type in ("Request.Executing", "Request.Verifying")]
        if len(pair) == 2:
            one, two = pair
            swapped = instead(records, one, causation_id=two.causation_id)
            return instead(swapped, two, causation_id=one.causation_id)
    raise LookupError


def a_fact_had_no_effect(records: Records) -> Records:
    return instead(records, events(records, "PlanRequest.Wished")[1], causation_id="")


def a_fact_took_effect_twice(records: Records) -> Records:
    care = next(e for e in events(records, "Care.Taken"))
    learned = next(e for e in events(records, "Care.Learned") if e.stream == care.stream)
    return instead(records, care, type="Care.Learned", causation_id=learned.causation_id)


def an_applied_fact_is_parked(records: Records) -> Records:
    event = events(records, "Execution.OperationRequested")[0]
    parked = Parked("mcal", event.topic, event.partition, event.key, event.service, 1, event.id, "ValueError: no")
    return [*records, parked]


def a_parked_fact_was_never_published(records: Records) -> Records:
    return [*records, Parked("healer", EXECUTIONS, 0, "k", "orchestrator", 1, 10**6, "ValueError: no")]


def a_position_beyond_everything(records: Records) -> Records:
    last = next(p for p in of(records, Position) if p.final and p.id)
    return instead(records, last, id=10**6)
