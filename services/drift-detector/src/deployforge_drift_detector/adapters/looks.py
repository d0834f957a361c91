"""The last word about every resource, a row per shard: columns of numbers, as they are in memory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.looks import Look

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS looks (shard text PRIMARY KEY, scan_id text NOT NULL, sequence bigint NOT NULL, "
    "at double precision NOT NULL, ids bytea NOT NULL, sequences bytea NOT NULL, times bytea NOT NULL, "
    "states bytea NOT NULL, reason_numbers bytea NOT NULL, reasons text[] NOT NULL)",
    "DROP TABLE IF EXISTS checks",
)
_COLUMNS: Final[Mapping[str, str]] = {
    "ids": "<u8", "sequences": "<i8", "times": "<f8", "states": "u1", "reason_numbers": "<u4",
}  # fmt: skip


class LookTable:
    """See ports.Looks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def of(self, shards: Collection[str]) -> Mapping[str, Look]:
        rows = self._database.query("SELECT * FROM looks WHERE shard = ANY(%s)", (list(shards),))
        return {row["shard"]: _look(row) for row in rows}

    def put(self, look: Look) -> Write:
        columns: Sequence[bytes] = [getattr(look, name).astype(type).tobytes() for name, type in _COLUMNS.items()]
        return (
            "INSERT INTO looks (shard, scan_id, sequence, at, ids, sequences, times, states, reason_numbers, reasons) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (shard) DO UPDATE SET "
            "scan_id = excluded.scan_id, sequence = excluded.sequence, at = excluded.at, ids = excluded.ids, "
            "sequences = excluded.sequences, times = excluded.times, states = excluded.states, "
            "reason_numbers = excluded.reason_numbers, reasons = excluded.reasons "
            "WHERE looks.sequence <= excluded.sequence",
            (look.shard, look.scan_id, look.sequence, look.at, *columns, list(look.reasons)),
        )

    def forget_but(self, shards: Collection[str]) -> Write:
        return ("DELETE FROM looks WHERE NOT shard = ANY(%s)", (list(shards),))


def _look(row: Mapping[str, Any]) -> Look:
    columns: dict[str, Any] = {name: np.frombuffer(bytes(row[name]), type) for name, type in _COLUMNS.items()}
    return Look(row["shard"], row["scan_id"], row["sequence"], row["at"], **columns, reasons=tuple(row["reasons"]))
