"""What consuming costs: facts from a bus in memory into rows, with the position moved in the same transaction.

Unit of work: one fact received by the inbox, its chain checked, its body decoded, handled, and added to a row in the
transaction that moves the consumer's position; 20 facts to a transaction, 4 partitions, fsync as the caller says.
Lower bound, hand-written, in the same run and database server, interleaved: the same messages from a list, 20 to a
transaction, the same statement for each row and one for each position; no chain, no handler, no parking.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from deployforge_chassis.bus import Bus
from deployforge_chassis.causality import Causality
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Effects, Fact, Message, Record
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import JsonCodec
from deployforge_chassis.topics import Topic, Topics
from deployforge_chassis.wire import Wire
from support import Figures, interleaved, ratio

OWNER = UUID("0b1f6a52-6a0e-5d0c-9d0b-5f7f6f1f9a01")
BATCH = 20
KEYS = 50
NOTE = "x" * 200
TOPICS = Topics({"shop.sales": Topic("shop.sales", "fact", "shop", "key", 4, ("Sold",))})
TOTALS = "CREATE TABLE totals (key text PRIMARY KEY, amount bigint NOT NULL)"
ADD = "INSERT INTO totals VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET amount = totals.amount + EXCLUDED.amount"


def measure_consume(ours_url: str, hand_url: str, directory: Path, *, repeats: int = 3, facts: int = 4000) -> Figures:
    """Facts a second: `consume` and `consume by hand`. Both databases must be empty; `directory` takes a key file."""
    ours, hand, messages = _Books(ours_url, directory), _ByHand(hand_url), _Messages()

    def consume_by_hand() -> Mapping[str, float]:
        return {"consume by hand": facts / hand.consume(messages.next(facts))}

    figures = interleaved(repeats, [lambda: {"consume": facts / ours.consume(facts)}, consume_by_hand])
    ours.close()
    hand.close()
    return figures


def summary(figures: Figures) -> dict[str, float]:
    """What the JSON line says of it."""
    middle = sorted(figures["consume"])[len(figures["consume"]) // 2]
    return {
        "consume_events_per_second": round(middle),
        "consume_ratio": ratio(figures, "consume", "consume by hand"),
    }


class _Messages:
    """An endless chain of what a shop says, in four partitions."""

    def __init__(self) -> None:
        self._wire = Wire(JsonCodec(), TOPICS, "shop")
        self._id, self._last = 0, dict.fromkeys(range(4), 0)

    def next(self, count: int) -> list[Message]:
        found = []
        for _ in range(count):
            self._id += 1
            key = f"key-{self._id % KEYS}"
            record = Record("shop.sales", key, "Sold", {"key": key, "amount": 1, "note": NOTE})
            partition = self._wire.partition(record)
            found.append(
                self._wire.message(
                    record, partition, era=1, notification_id=self._id, prev=self._last[partition],
                    cause=Causality("7d0f", ""), occurred_at=datetime.now(UTC),
                )
            )  # fmt: skip
            self._last[partition] = self._id
        return found


class _Books:
    """The consumer, built of the chassis."""

    def __init__(self, url: str, directory: Path) -> None:
        key_file = directory / "consume.key"
        KeyFile.create(key_file)
        self._database, self._messages = Database(url, pool_size=2), _Messages()
        self._database.migrate([TOTALS])
        self._app = EventSourcedApplication(
            self._database, Sealer(self._database, KeyFile(key_file), service="books"), name="books"
        )
        self._bus, self._expected, self._applied = LocalBus(TOPICS), 0, 0
        wire = Wire(JsonCodec(), TOPICS, "books")
        self._inbox = Inbox(
            self._app, self._bus, wire, _NoFeed(), {"shop.sales": {"Sold": _on_sold}},
            applied=self._count, batch_messages=BATCH,
        )  # fmt: skip
        self._consumer = self._inbox.join()

    def _count(self, _: Fact) -> None:
        self._applied += 1

    def consume(self, facts: int) -> float:
        """Seconds that it takes."""
        self._fill(self._bus, facts)
        began = time.perf_counter()
        while self._applied < self._expected:
            self._inbox.step(self._consumer, 1.0)
        seconds = time.perf_counter() - began
        row = self._database.one("SELECT sum(amount)::bigint AS total FROM totals")
        assert row == {"total": self._expected}, f"{row} instead of {self._expected}: a fact was lost or counted twice"
        return seconds

    def _fill(self, bus: Bus, facts: int) -> None:
        bus.produce(self._messages.next(facts))
        self._expected += facts

    def close(self) -> None:
        self._consumer.close()
        self._database.close()


class _NoFeed:
    """Nothing is lost here."""

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        raise AssertionError("there was a gap")


class _ByHand:
    """The least that adds the same rows and moves the same positions."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        with self._connection.transaction():
            self._connection.execute(TOTALS.encode())
            self._connection.execute("CREATE TABLE positions (name text PRIMARY KEY, id bigint NOT NULL)")
            for partition in range(4):
                self._connection.execute("INSERT INTO positions VALUES (%s, 0)", (f"sales#{partition}",))

    def consume(self, messages: Sequence[Message]) -> float:
        """Seconds that it takes."""
        began = time.perf_counter()
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            positions: dict[str, int] = {}
            with self._connection.transaction():
                for message in batch:
                    _, value = json.loads(message.value or b"")
                    self._connection.execute(ADD.encode(), (message.key.decode(), value["amount"]))
                    positions[f"sales#{message.partition}"] = int(message.headers["id"])
                for name, id in positions.items():
                    self._connection.execute("UPDATE positions SET id = %s WHERE name = %s", (id, name))
        return time.perf_counter() - began

    def close(self) -> None:
        self._connection.close()


def _on_sold(fact: Fact) -> Effects:
    assert fact.value is not None
    return Effects(writes=((ADD, (fact.key, fact.value["amount"])),))
