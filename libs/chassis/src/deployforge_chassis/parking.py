"""Messages that could not be applied, per key and in order: the key waits, the others flow."""

import json
from collections.abc import Sequence

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Message, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS parked (id bigserial PRIMARY KEY, topic text NOT NULL, partition int NOT NULL, "
    "key bytea NOT NULL, value bytea, headers jsonb NOT NULL, reason text NOT NULL, "
    "parked_at timestamptz NOT NULL DEFAULT now())",
    "CREATE INDEX IF NOT EXISTS parked_by_key ON parked (topic, partition, key)",
)


class Parking:
    """The table of parked messages of one consumer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def keys(self, topic: str, partition: int) -> set[bytes]:
        """Keys of a partition that have parked messages: later messages of these must be parked behind."""
        rows = self._database.query(
            "SELECT DISTINCT key FROM parked WHERE topic = %s AND partition = %s", (topic, partition)
        )
        return {bytes(row["key"]) for row in rows}

    def park(self, message: Message, reason: str) -> Write:
        """The write that parks a message."""
        headers = json.dumps({name: value.decode(errors="replace") for name, value in message.headers.items()})
        return (
            "INSERT INTO parked (topic, partition, key, value, headers, reason) VALUES (%s, %s, %s, %s, %s, %s)",
            (message.topic, message.partition, message.key, message.value, headers, reason[:2000]),
        )

    def list(self, limit: int = 100) -> Sequence[dict[str, object]]:
        """The oldest parked messages, without their bodies."""
        return self._database.query(
            "SELECT id, topic, partition, key, headers, reason, parked_at FROM parked ORDER BY id LIMIT %s", (limit,)
        )
