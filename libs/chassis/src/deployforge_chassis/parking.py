"""Messages that could not be applied, per key and in order: the key waits, the others flow.

The tables are the truth. Whoever parks behind a key and whoever replays it holds the row of that key, so an event can
neither overtake those parked before it nor be parked behind the last one just after that was applied. Both take the
insert lock first; so they never wait for each other crosswise. Bodies are sealed under the deployment's key.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Message, Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import NOBODY, Sealer, Shredded

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS parked_keys (topic text NOT NULL, partition int NOT NULL, key bytea NOT NULL, "
    "PRIMARY KEY (topic, partition, key))",
    "CREATE TABLE IF NOT EXISTS parked (id bigserial PRIMARY KEY, topic text NOT NULL, partition int NOT NULL, "
    "key bytea NOT NULL, event_id text NOT NULL, value bytea, headers jsonb NOT NULL, "
    "message_offset bigint NOT NULL DEFAULT -1, reason text NOT NULL, attempts int NOT NULL DEFAULT 0, "
    "parked_at timestamptz NOT NULL DEFAULT now())",
    "CREATE INDEX IF NOT EXISTS parked_by_key ON parked (topic, partition, key, id)",
)

BEHIND = "behind"
"""Reason of a message that only follows another one of its key."""
_REASON_CHARACTERS = 300

ParkedKey = tuple[str, int, bytes]
"""Full topic name, partition, key."""


def reason(error: Exception) -> str:
    """What may be said of an error: its kind and the first line, short. Values of facts are not in either."""
    first = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {first}"[:_REASON_CHARACTERS]


class Parking:
    """The parked messages of one service."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate(SCHEMA)
        also = ("topic", "partition", "key", "event_id")
        sealer.declare(SealedColumn("parked", "value", ("id",), lambda row: _place(*(row[name] for name in also)), also))

    def keys(self, topic: str, partition: int) -> set[bytes]:
        """Keys of a partition that have parked messages: later messages of these must be parked behind."""
        rows = self._database.query("SELECT key FROM parked_keys WHERE topic = %s AND partition = %s", (topic, partition))
        return {bytes(row["key"]) for row in rows}

    def every_key(self, key: str = "") -> list[ParkedKey]:
        """The keys that have parked messages, the one parked first before the others; only `key` when it is given."""
        rows = self._database.query(
            "SELECT topic, partition, key FROM parked WHERE %s = '' OR key = %s "
            "GROUP BY topic, partition, key ORDER BY min(id)",
            (key, key.encode()),
        )
        return [(row["topic"], row["partition"], bytes(row["key"])) for row in rows]

    def park(self, message: Message, why: str) -> Sequence[Write]:
        """The writes that park a message, the first one of its key perhaps."""
        headers = json.dumps({name: value.decode(errors="replace") for name, value in message.headers.items()})
        value = None if message.value is None else self._sealed(message)
        return (
            (
                "INSERT INTO parked_keys (topic, partition, key) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (message.topic, message.partition, message.key),
            ),
            (
                "INSERT INTO parked (topic, partition, key, event_id, value, headers, message_offset, reason) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (message.topic, message.partition, message.key, _event_id(message), value, headers, message.offset, why),
            ),
        )

    def is_parked(self, key: ParkedKey) -> bool:
        """Whether a key has parked messages, and keep it so until the unit of work of this thread ends."""
        unit = self._database.unit
        assert unit is not None, "only in a unit of work does the answer hold"
        unit.lock()
        held = "SELECT 1 FROM parked_keys WHERE topic = %s AND partition = %s AND key = %s FOR UPDATE"
        return bool(self._database.query(held, key))

    def first(self, key: ParkedKey) -> tuple[int, Message] | None:
        """The oldest parked message of a key with its id; None, and the key is no parked one any more, if there is none.

        In a unit of work. Raises Shredded or Tampered.
        """
        if not self.is_parked(key):
            return None
        rows = self._database.query(
            "SELECT id, value, headers, message_offset FROM parked WHERE topic = %s AND partition = %s AND key = %s "
            "ORDER BY id LIMIT 1",
            key,
        )
        if not rows:
            self._database.query("DELETE FROM parked_keys WHERE topic = %s AND partition = %s AND key = %s", key)
            return None
        headers = {name: value.encode() for name, value in rows[0]["headers"].items()}
        message = Message(key[0], key[1], key[2], None, headers, rows[0]["message_offset"])
        return rows[0]["id"], self._opened(message, rows[0]["value"])

    @staticmethod
    def applied(id: int) -> Write:
        """The write that takes a message out."""
        return "DELETE FROM parked WHERE id = %s", (id,)

    def failed(self, key: ParkedKey, why: str) -> None:
        """The oldest message of a key was tried in vain."""
        self._database.query(
            "UPDATE parked SET attempts = attempts + 1, reason = %s WHERE id = (SELECT min(id) FROM parked "
            "WHERE topic = %s AND partition = %s AND key = %s)",
            (why, *key),
        )

    def count(self, key: ParkedKey) -> int:
        """Messages parked of a key."""
        counted = "SELECT count(*) AS n FROM parked WHERE topic = %s AND partition = %s AND key = %s"
        row = self._database.one(counted, key)
        return row["n"] if row else 0

    def totals(self) -> tuple[int, int]:
        """Messages and keys."""
        row = self._database.one("SELECT (SELECT count(*) FROM parked) AS n, (SELECT count(*) FROM parked_keys) AS keys")
        return (row["n"], row["keys"]) if row else (0, 0)

    def list(self, limit: int = 100, topic: str = "") -> Sequence[Mapping[str, Any]]:
        """The oldest parked messages, without their bodies; `topic` is a full name or empty."""
        return self._database.query(
            "SELECT id, topic, partition, key, headers, reason, attempts, parked_at FROM parked "
            "WHERE %s = '' OR topic = %s ORDER BY id LIMIT %s",
            (topic, topic, limit),
        )

    def _sealed(self, message: Message) -> bytes | None:
        try:
            return self._sealer.seal(_owner(message), message.value or b"", _place_of(message))
        except Shredded:
            # Nothing may keep what its owner has had destroyed; the headers say what it was.
            return None

    def _opened(self, message: Message, sealed: bytes | None) -> Message:
        value = None if sealed is None else self._sealer.open(bytes(sealed), _place_of(message))
        return Message(message.topic, message.partition, message.key, value, message.headers, message.offset)


def _owner(message: Message) -> UUID:
    """Whose it is: as its source says, else as its key does."""
    for said in (message.headers.get("owner", b""), message.key):
        try:
            return UUID(said.decode())
        except ValueError:
            continue
    return NOBODY


def _event_id(message: Message) -> str:
    return message.headers.get("event_id", b"").decode(errors="replace")


def _place(topic: str, partition: int, key: bytes, event_id: str) -> str:
    return f"parked|{topic}|{partition}|{bytes(key).hex()}|{event_id}"


def _place_of(message: Message) -> str:
    return _place(message.topic, message.partition, message.key, _event_id(message))
