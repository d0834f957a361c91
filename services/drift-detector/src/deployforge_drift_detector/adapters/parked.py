"""Batches that could not be judged, with the reason."""

from typing import Final

from deployforge_chassis.database import Database

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS parked_batches (topic text NOT NULL, partition int NOT NULL, "
    "message_offset bigint NOT NULL, reason text NOT NULL, body bytea NOT NULL, "
    "parked_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (topic, partition, message_offset))",
)
_LONGEST_BODY: Final = 1_000_000
_KEPT: Final = 1_000


class ParkedBatches:
    """The newest thousand: a batch is telemetry, the next scan says the same again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def park(self, topic: str, partition: int, offset: int, reason: str, body: bytes) -> None:
        """Keep a batch; parking it again changes nothing."""
        self._database.write([
            (
                "INSERT INTO parked_batches (topic, partition, message_offset, reason, body) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (topic, partition, offset, reason[:2000], body[:_LONGEST_BODY]),
            ),
            (
                "DELETE FROM parked_batches WHERE parked_at < (SELECT min(parked_at) FROM (SELECT parked_at "
                "FROM parked_batches ORDER BY parked_at DESC LIMIT %s) newest)",
                (_KEPT,),
            ),
        ])  # fmt: skip
