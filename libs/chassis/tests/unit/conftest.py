"""Two small services that talk: a counter that says what it counted, and a listener that adds it up."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.facts import Effects, Fact, Record
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.relay import Relay
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import JsonCodec
from deployforge_chassis.topics import Topic, Topics
from deployforge_chassis.wire import Wire
from eventsourcing.domain import event

OWNER = UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")
TOPICS = Topics(
    {
        "counter.counts": Topic("counter.counts", "fact", "counter", "key", 2, ("Counted", "Ignored")),
        "counter.latest": Topic("counter.latest", "upsert", "counter", "key", 2, ("Latest",), compacted=True),
    }
)


class Counter(Aggregate):
    @event("Opened")
    def __init__(self, deployment_id: UUID, key: str) -> None:
        self.deployment_id = deployment_id
        self.key = key
        self.total = 0

    @staticmethod
    def create_id(deployment_id: UUID, key: str) -> UUID:
        return uuid5(deployment_id, key)

    @event("Counted")
    def count(self, key: str, n: int) -> None:
        self.total += n

    @event("Nodded")
    def nod(self, key: str) -> None:
        pass


def records(event: Any) -> Sequence[Record]:
    match event:
        case Counter.Counted():
            latest = Record("counter.latest", event.key, "Latest", {"n": event.n}, upsert_version=event.originator_version)
            return [Record("counter.counts", event.key, "Counted", {"key": event.key, "n": event.n}), latest]
        case Counter.Nodded():
            return [Record("counter.counts", event.key, "Ignored", {"key": event.key})]
    return []


@dataclass
class World:
    """One producer and one consumer on a local bus."""

    bus: LocalBus
    counter: EventSourcedApplication
    listener: EventSourcedApplication
    relay: Relay
    feed: PublishedFeed
    make_inbox: Callable[..., Inbox]
    heard: list[tuple[str, int]] = field(default_factory=list)

    def say(self, *numbers: int, key: str = "a") -> None:
        for n in numbers:
            try:
                counter: Any = self.counter.repository.get(Counter.create_id(OWNER, key))
            except Exception:
                counter = Counter(OWNER, key)
            counter.count(key, n)
            self.counter.save(counter)

    def nod(self, key: str = "a") -> None:
        counter: Any = self.counter.repository.get(Counter.create_id(OWNER, key))
        counter.nod(key)
        self.counter.save(counter)

    def publish(self) -> None:
        """Publish everything, as a new leader."""
        era, epoch, position = self.relay._take_over()
        while (moved := self.relay._publish_page(era, epoch, position)) != position:
            position = moved

    def total(self, key: str = "a") -> int:
        row = self.listener.database.one("SELECT n FROM totals WHERE key = %s", (key,))
        return row["n"] if row else 0


@pytest.fixture
def world(new_database: Callable[[], str], tmp_path: Path) -> Iterator[World]:
    KeyFile.create(tmp_path / "k")
    databases = [Database(new_database(), pool_size=1) for _ in range(2)]

    def application(database: Database, name: str) -> EventSourcedApplication:
        return EventSourcedApplication(database, Sealer(database, KeyFile(tmp_path / "k"), service=name), name=name)

    counter, listener = application(databases[0], "counter"), application(databases[1], "listener")
    listener.database.migrate(["CREATE TABLE IF NOT EXISTS totals (key text PRIMARY KEY, n int)"])
    bus, wire = LocalBus(TOPICS), Wire(JsonCodec(), TOPICS, "counter")
    feed = PublishedFeed(counter, records, wire)
    relay = Relay(counter, records, bus, wire)

    def on_counted(fact: Fact) -> Effects:
        assert fact.value is not None
        made.heard.append((fact.key, fact.value["n"]))
        add = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET n = totals.n + EXCLUDED.n"
        return Effects(writes=((add, (fact.key, fact.value["n"])),))

    def make_inbox(handler: Callable[[Fact], Effects] = on_counted, **more: Any) -> Inbox:
        return Inbox(
            listener, bus, Wire(JsonCodec(), TOPICS, "listener"), feed, {"counter.counts": {"Counted": handler}},
            **{"sleep": lambda _: None, "now": itertools.count(0, 100).__next__, **more},
        )  # fmt: skip

    made = World(bus, counter, listener, relay, feed, make_inbox)
    yield made
    for database in databases:
        database.close()
