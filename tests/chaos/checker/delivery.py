"""From the topics to the consumers."""

from collections.abc import Iterator, Mapping, Sequence

from tests.chaos.checker.evidence import Finding, History, grouped, name
from tests.chaos.checker.vocabulary import DIRECT, ENDLESS, FOLLOWS, SUBSCRIPTIONS
from tests.chaos.history import Parked, Position, Published, StoredEvent


def order_is_kept_per_key(history: History) -> Iterator[Finding]:
    """Every consumer applies the facts of one key in the order in which they happened.

    Two kinds of evidence. A position, looked at while faults fire, never goes back. And the events that a consumer
    saves in the transaction that applies a fact stand in its log in the order of those facts, key by key; as that is
    the source's order, it is the same at every consumer.
    """
    looks = grouped(history.of(Position), lambda p: (p.consumer, p.source, p.era, p.topic, p.partition))
    for (consumer, source, era, topic, partition), seen in looks.items():
        highest = 0
        for position in sorted(seen, key=lambda p: (p.seen_at, p.final)):
            if position.id < highest:
                where = f"{consumer} in {source}@{era}#{topic}#{partition}"
                yield Finding(where, f"the position went back from {highest} to {position.id} at {position.seen_at:.3f}")
            highest = max(highest, position.id)
    newest: dict[tuple[str, str, str, str], int] = {}
    for event in history.events:
        cause = history.cause(event) if event.type in DIRECT else None
        if cause is None or not cause.topic:
            continue
        at = (event.service, cause.service, cause.topic, cause.key)
        if cause.id < newest.get(at, 0):
            yield Finding(name(event), f"follows from {name(cause)}, after {newest[at]} of the same key was applied")
        newest[at] = max(newest.get(at, 0), cause.id)


def nothing_is_lost(history: History) -> Iterator[Finding]:
    """For every consumer and topic: parked + applied + in flight = emitted, and no message is in two of these.

    In flight is what lies beyond the consumer's position, parked what it has set aside, applied all the rest. That a
    position has passed a fact is no proof that the fact took effect: where applying a fact always leaves an event in
    the consumer's store, that event is looked for, and there must be exactly one.
    """
    followers = grouped(
        (e for types in FOLLOWS.values() for e in history.of_types(*types)), lambda e: (e.service, e.causation_id)
    )
    emitted = {(row.service, row.id) for row in history.of(Published)}
    for consumer, topics in SUBSCRIPTIONS.items():
        for (topic, partition), rows in history.published.items():
            if topic not in topics:
                continue
            position = history.stands.get((consumer, topic, partition))
            stands_at = position.id if position else 0
            if stands_at and (rows[0].service, stands_at) not in emitted and topic != ENDLESS:
                where = f"{consumer} in {topic} partition {partition}"
                yield Finding(where, f"stands at {stands_at}, which was never published there")
            for row in rows:
                yield from _where_is(history, consumer, row, stands_at, followers)
    for parked in history.of(Parked):
        if (parked.source, parked.id) not in emitted:
            where = f"{parked.consumer} parked {parked.source} {parked.id} on {parked.topic} partition {parked.partition}"
            yield Finding(where, "this was never published")


def _where_is(
    history: History,
    consumer: str,
    row: Published,
    stands_at: int,
    followers: Mapping[tuple[str, str], Sequence[StoredEvent]],
) -> Iterator[Finding]:
    event = history.event.get((row.service, row.id))
    if event is None:
        return
    aside = (consumer, row.service, row.id) in history.parked
    flying = row.id > stands_at
    where = f"{consumer}: {name(event)} on {row.topic} partition {row.partition}"
    if aside and flying:
        yield Finding(where, f"is parked, and lies beyond the position {stands_at}")
    if (consumer, event.fact) not in FOLLOWS:
        return
    found = followers.get((consumer, f"{row.service}@{event.era}/{row.id}"), ())
    if aside and found:
        yield Finding(where, f"is parked, and has taken effect: {name(found[0])}")
    elif flying and found:
        yield Finding(where, f"has taken effect, and lies beyond the position {stands_at}")
    elif not aside and not flying and len(found) != 1:
        yield Finding(where, f"was passed by the position {stands_at} and has {len(found)} effects, expected 1")
