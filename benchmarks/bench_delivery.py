"""What reliable delivery costs: from one service's event store into a row of another service's database.

Unit of work: one fact, taken from the sealed event log, recorded and published by the relay on a bus in memory,
received by the inbox, and added to a row in the transaction that moves the consumer's position.
Lower bound, hand-written, in the same run and database server, interleaved: read rows, copy them through a list, and
for each message one transaction with the same two statements; no sealing, no chain, no leader, no schema.
Relay and inbox run at once, as threads of one process; alone, each shows which of them is the slower one.
"""

import json
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import structlog
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.facts import Effects, Fact, Record
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.relay import Relay
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.topics import Topic, Topics
from deployforge_chassis.wire import Wire
from eventsourcing.domain import event
from support import arguments, databases, interleaved, ratio, report

OWNER = UUID("0b1f6a52-6a0e-5d0c-9d0b-5f7f6f1f9a01")
KEYS = 50
PAGE = 500
PATIENCE_SECONDS = 120
NOTE = "x" * 200
TOPICS = Topics({"shop.sales": Topic("shop.sales", "fact", "shop", "key", 4, ("Sold",))})
TOTALS = "CREATE TABLE totals (key text PRIMARY KEY, amount bigint NOT NULL)"
ADD = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET amount = totals.amount + EXCLUDED.amount"


class Till(Aggregate):
    @event("Opened")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id

    @event("Sold")
    def sell(self, key: str, amount: int, note: str) -> None:
        """Changes nothing here; the other service adds it up."""


def records(happened: Any) -> Sequence[Record]:
    match happened:
        case Till.Sold():
            value = {"key": happened.key, "amount": happened.amount, "note": happened.note}
            return [Record("shop.sales", happened.key, "Sold", value)]
    return []


def on_sold(fact: Fact) -> Effects:
    assert fact.value is not None
    return Effects(writes=((ADD, (fact.key, fact.value["amount"])),))


class Json:
    """A codec without a registry, so that both sides of the comparison encode alike."""

    def encode(self, fact: str, value: dict[str, Any]) -> bytes:
        return json.dumps([fact, value]).encode()

    def decode(self, data: bytes) -> tuple[str, dict[str, Any]]:
        fact, value = json.loads(data)
        return fact, value


class TwoServices:
    """A shop that says what it sold, and books that add it up, on a bus in memory."""

    def __init__(self, shop_url: str, books_url: str, key_file: Path, facts: int) -> None:
        self.facts, self.expected = facts, 0
        self.shop = self._application(shop_url, key_file, "shop")
        self.books = self._application(books_url, key_file, "books")
        self.books.database.migrate([TOTALS])
        self.bus = LocalBus(TOPICS)

    @staticmethod
    def _application(url: str, key_file: Path, name: str) -> EventSourcedApplication:
        database = Database(url, pool_size=2)
        return EventSourcedApplication(database, Sealer(database, KeyFile(key_file), service=name), name=name)

    def apart(self) -> Mapping[str, float]:
        """Facts a second of the relay alone, then of the inbox alone with the same facts."""
        self._sell()
        relayed = self._seconds([self._relay()], self._all_published)
        applied = threading.Event()
        received = self._seconds([self._inbox(applied)], lambda: applied.wait(PATIENCE_SECONDS))
        self._check()
        return {"relay alone": self.facts / relayed, "inbox alone": self.facts / received}

    def together(self) -> Mapping[str, float]:
        """Facts a second from the event log of one service to the row of the other."""
        self._sell()
        applied = threading.Event()
        seconds = self._seconds([self._relay(), self._inbox(applied)], lambda: applied.wait(PATIENCE_SECONDS))
        self._check()
        return {"relay to row": self.facts / seconds}

    def _sell(self) -> None:
        """Fill the event log; not measured here, see bench_store."""
        till: Any = Till(OWNER)
        for n in range(self.facts):
            till.sell(f"key-{n % KEYS}", 1, NOTE)
        self.shop.save(till)
        self.expected += self.facts

    def _relay(self) -> Relay:
        return Relay(self.shop, records, self.bus, Wire(Json(), TOPICS, "shop"))

    def _inbox(self, all_applied: threading.Event) -> Inbox:
        left = self.facts

        def count(fact: Fact) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                all_applied.set()

        feed = PublishedFeed(self.shop, records, Wire(Json(), TOPICS, "shop"))
        wire = Wire(Json(), TOPICS, "books")
        return Inbox(self.books, self.bus, wire, feed, {"shop.sales": {"Sold": on_sold}}, applied=count)

    def _all_published(self) -> bool:
        with self.bus.changed:
            return self.bus.changed.wait_for(
                lambda: sum(map(len, self.bus.log.values())) >= self.expected, PATIENCE_SECONDS
            )

    @staticmethod
    def _seconds(parts: Sequence[ThreadPart], done: Callable[[], bool]) -> float:
        began = time.perf_counter()
        for part in parts:
            part.start()
        in_time = done()
        seconds = time.perf_counter() - began
        for part in parts:
            part.stop(PATIENCE_SECONDS)
            if (error := part.failed()) is not None:
                raise error
        assert in_time, f"not delivered within {PATIENCE_SECONDS} s"
        return seconds

    def _check(self) -> None:
        row = self.books.database.one("SELECT sum(amount)::bigint AS total FROM totals")
        assert row == {"total": self.expected}, f"{row} instead of {self.expected}: a fact was lost or counted twice"

    def close(self) -> None:
        self.shop.database.close()
        self.books.database.close()


class ByHand:
    """The least that moves a row into another database exactly once."""

    def __init__(self, source_url: str, target_url: str, facts: int) -> None:
        self.facts, self.position = facts, 0
        self.source, self.target = psycopg.connect(source_url, autocommit=True), psycopg.connect(target_url)
        self.source.execute("CREATE TABLE sales (id bigserial PRIMARY KEY, key text NOT NULL, body bytea NOT NULL)")
        with self.target.transaction():
            self.target.execute(TOTALS.encode())
            self.target.execute("CREATE TABLE positions (name text PRIMARY KEY, id bigint NOT NULL)")
            self.target.execute("INSERT INTO positions VALUES ('sales', 0)")

    def run(self) -> Mapping[str, float]:
        """Facts a second."""
        with self.source.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO sales (key, body) VALUES (%s, %s)",
                [
                    (key, json.dumps({"key": key, "amount": 1, "note": NOTE}).encode())
                    for key in (f"key-{n % KEYS}" for n in range(self.facts))
                ],
            )
        began = time.perf_counter()
        last = self.position + self.facts
        while self.position < last:
            query = "SELECT id, key, body FROM sales WHERE id > %s ORDER BY id LIMIT %s"
            queue = list(self.source.execute(query, (self.position, PAGE)))
            for id, key, body in queue:
                with self.target.transaction():
                    self.target.execute(ADD.encode(), (key, json.loads(body)["amount"]))
                    self.target.execute("UPDATE positions SET id = %s WHERE name = 'sales'", (id,))
                self.position = id
        return {"by hand": self.facts / (time.perf_counter() - began)}

    def close(self) -> None:
        self.source.close()
        self.target.close()


def main() -> None:
    sizes = arguments(__doc__ or "", repeats=3, facts=250)
    # Its place is the last line of the output, for others to read: keep the parts' own messages out of it.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with databases("shop", "books", "source", "target", fsync=not sizes.no_fsync) as (
        directory,
        (shop, books, source, target),
    ):
        KeyFile.create(directory / "key")
        ours, hand = TwoServices(shop, books, directory / "key", sizes.facts), ByHand(source, target, sizes.facts)
        figures = interleaved(sizes.repeats, [ours.together, hand.run, ours.apart])
        ours.close()
        hand.close()
    report(
        figures,
        "facts/s",
        {
            "fsync": not sizes.no_fsync,
            "facts_per_second": round(statistics.median(figures["relay to row"])),
            "ratio": ratio(figures, "relay to row", "by hand"),
            "relay_facts_per_second": round(statistics.median(figures["relay alone"])),
            "inbox_facts_per_second": round(statistics.median(figures["inbox alone"])),
        },
    )


if __name__ == "__main__":
    main()
