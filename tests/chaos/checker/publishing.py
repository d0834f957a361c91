"""From the event stores to the topics."""

from collections.abc import Iterator, Sequence

from tests.chaos.checker.evidence import Finding, History, Place, grouped, name
from tests.chaos.checker.vocabulary import ENDLESS, WATERMARK
from tests.chaos.history import Published, TopicMessage


def every_fact_is_published(history: History) -> Iterator[Finding]:
    """Every event that makes a fact lies in the topic it belongs to, under an unbroken chain.

    The store's table of published notifications is the promise, the topic is what consumers got; both must hold the
    same ids in the same order. A message may lie there more than once (at least once is what a relay can do), but
    then with the same content. Each names the one before it in its partition, which is how consumers notice a loss;
    and a watermark, by which they notice the loss of the last one, never runs ahead of what it vouches for.
    """
    rows = grouped(history.of(Published), lambda row: (row.service, row.id))
    for event in history.events:
        places = [(row.topic, row.partition) for row in rows.get((event.service, event.id), ())]
        if event.topic and not places and event.id < history.published_upto.get(event.service, 0):
            yield Finding(name(event), f"its {event.fact} was never published on {event.topic}, later events were")
        elif places and places != [(event.topic, event.partition)]:
            wanted = f"{event.topic} partition {event.partition}" if event.topic else "nowhere"
            yield Finding(name(event), f"published at {places}, expected {wanted}")
    for place, promised in history.published.items():
        chain = [m for m in history.messages.get(place, ()) if m.chained]
        yield from _chain(place, promised, chain)
    for place, found in history.messages.items():
        if place not in history.published and (stray := next((m for m in found if m.chained and m.id), None)):
            yield Finding(_at(stray), f"message {stray.id} is in no table of published notifications")


def _chain(place: Place, promised: Sequence[Published], found: Sequence[TopicMessage]) -> Iterator[Finding]:
    if place[0] == ENDLESS:
        # Scans are asked for while we look: what only one of the two has seen yet is under way.
        seen = min(promised[-1].id, max((m.id for m in found), default=0))
        promised = [row for row in promised if row.id <= seen]
        found = [m for m in found if m.id <= seen]
    before = dict(zip((row.id for row in promised), (0, *(row.id for row in promised)), strict=False))
    first: dict[int, TopicMessage] = {}
    newest = 0
    for message in found:
        id = message.id
        if message.type == WATERMARK:
            if id > newest:
                yield Finding(_at(message), f"a watermark says that the chain has come to {id}, it has come to {newest}")
            continue
        if id not in before:
            yield Finding(_at(message), f"message {id} is in no table of published notifications")
        elif id in first:
            if first[id].digest != message.digest or first[id].key != message.key:
                yield Finding(_at(message), f"message {id} is repeated with other content than at {first[id].offset}")
        else:
            first[id] = message
            if id < newest:
                yield Finding(_at(message), f"message {id} comes for the first time after {newest}")
            newest = max(newest, id)
        if id in before and message.prev != before[id]:
            yield Finding(_at(message), f"message {id} says that it follows {message.prev}, it follows {before[id]}")
    for row in promised:
        if row.id not in first:
            yield Finding(f"{place[0]} partition {place[1]}", f"notification {row.id} of {row.service} is not in the topic")


def leaders_follow_each_other(history: History) -> Iterator[Finding]:
    """No notification is published under a lower epoch than one before it: a leader that was replaced says nothing more.

    A higher epoch takes over where the lower one ended. A lower one afterwards would mean two leaders at once.
    """
    for service, rows in grouped(history.of(Published), lambda row: row.service).items():
        highest = 0
        for row in sorted(rows, key=lambda row: row.id):
            if row.epoch < highest:
                where = f"{service} notification {row.id} on {row.topic} partition {row.partition}"
                yield Finding(where, f"published under epoch {row.epoch} after epoch {highest}")
            highest = max(highest, row.epoch)


def newest_upsert_wins(history: History) -> Iterator[Finding]:
    """The last message of every key of a compacted topic is the newest version that its owner's store has.

    Compaction keeps the last message only. An older one behind a newer one, say from a leader that was replaced,
    would be what every reader believes from then on.
    """
    newest = {(e.upsert, e.key): e for e in history.events if e.upsert}
    last: dict[tuple[str, str], TopicMessage] = {}
    for found in history.messages.values():
        for message in found:
            if not message.chained:
                last[message.topic, message.key] = message
    for (topic, key), event in newest.items():
        ends = last.get((topic, key))
        if ends is None:
            if event.id < history.published_upto.get(event.service, 0):
                yield Finding(f"{topic} key {key}", f"has no message; the newest version is {name(event)}")
        elif ends.id != event.id:
            yield Finding(_at(ends), f"key {key} ends with notification {ends.id}, the newest is {name(event)}")


def _at(message: TopicMessage) -> str:
    return f"{message.topic} partition {message.partition} offset {message.offset}"
