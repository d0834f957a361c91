"""The last word about every resource, a row per shard: columns of numbers, as they are in memory.

What was seen is compressed here, quickly, since nearly all of it is the same number over and over; ids are not, as nothing
can be won with them. PostgreSQL compressing both took three times as long.
"""

import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.looks import Look, Reason

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS last_looks (shard text PRIMARY KEY, scan_id text NOT NULL, sequence bigint NOT NULL, "
    "at double precision NOT NULL, ids bytea NOT NULL, seen bytea NOT NULL)",
    "ALTER TABLE last_looks ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN seen SET STORAGE EXTERNAL",
    # Apart and by deployment, so that shredding one finds what was said about it.
    "CREATE TABLE IF NOT EXISTS look_reasons (shard text NOT NULL, number bigint NOT NULL, deployment_id uuid NOT NULL, "
    "reason text NOT NULL, PRIMARY KEY (shard, number))",
    "CREATE INDEX IF NOT EXISTS look_reasons_of_deployment ON look_reasons (deployment_id)",
    # Of earlier versions: what they knew, the next scan tells.
    "DROP TABLE IF EXISTS checks",
    "DROP TABLE IF EXISTS looks",
)
_SEEN: Final[Mapping[str, np.dtype[Any]]] = {
    "sequences": np.dtype("<i8"), "times": np.dtype("<f8"), "states": np.dtype("u1"), "reason_numbers": np.dtype("<u4"),
}  # fmt: skip
"""One after the other, each for all ids."""
_FAST: Final = 1


#: Whether the row that was to be replaced was: its reasons are replaced with it.
_TAKEN: Final = "EXISTS (SELECT 1 FROM last_looks WHERE shard = %s AND sequence = %s)"
_GONE: Final = Reason(UUID(int=0), "")


class LookTable:
    """See ports.Looks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def of(self, shards: Collection[str]) -> Mapping[str, Look]:
        wanted = list(shards)
        reasons: dict[str, dict[int, Reason]] = defaultdict(dict)
        for row in self._database.query("SELECT * FROM look_reasons WHERE shard = ANY(%s)", (wanted,)):
            reasons[row["shard"]][row["number"]] = Reason(row["deployment_id"], row["reason"])
        rows = self._database.query("SELECT * FROM last_looks WHERE shard = ANY(%s)", (wanted,))
        return {row["shard"]: _look(row, reasons[row["shard"]]) for row in rows}

    def put(self, look: Look) -> Sequence[Write]:
        ids, seen = (
            look.ids.astype("<u8").tobytes(),
            b"".join(getattr(look, name).astype(type).tobytes() for name, type in _SEEN.items()),
        )
        numbers = list(range(1, len(look.reasons) + 1))
        return (
            (
                "INSERT INTO last_looks (shard, scan_id, sequence, at, ids, seen) VALUES (%s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (shard) DO UPDATE SET scan_id = excluded.scan_id, sequence = excluded.sequence, "
                "at = excluded.at, ids = excluded.ids, seen = excluded.seen WHERE last_looks.sequence <= excluded.sequence",
                (look.shard, look.scan_id, look.sequence, look.at, ids, zlib.compress(seen, _FAST)),
            ),
            (
                f"DELETE FROM look_reasons WHERE shard = %s AND {_TAKEN}",  # noqa: S608
                (look.shard, look.shard, look.sequence),
            ),
            (
                "INSERT INTO look_reasons (shard, number, deployment_id, reason) SELECT %s, said.* "  # noqa: S608
                f"FROM unnest(%s::bigint[], %s::uuid[], %s::text[]) AS said WHERE {_TAKEN}",
                (
                    look.shard, numbers, [one.deployment_id for one in look.reasons], [one.text for one in look.reasons],
                    look.shard, look.sequence,
                ),
            ),
        )  # fmt: skip

    def forget_but(self, shards: Collection[str]) -> Sequence[Write]:
        kept = (list(shards),)
        return (
            ("DELETE FROM look_reasons WHERE NOT shard = ANY(%s)", kept),
            ("DELETE FROM last_looks WHERE NOT shard = ANY(%s)", kept),
        )


def _look(row: Mapping[str, Any], reasons: Mapping[int, Reason]) -> Look:
    ids, seen = np.frombuffer(bytes(row["ids"]), "<u8"), zlib.decompress(row["seen"])
    columns: dict[str, Any] = {}
    for name, type in _SEEN.items():
        columns[name], seen = np.frombuffer(seen, type, len(ids)), seen[len(ids) * type.itemsize :]
    # Some may be gone with their deployment; the numbers of the others stay.
    told = tuple(reasons.get(number, _GONE) for number in range(1, int(columns["reason_numbers"].max(initial=0)) + 1))
    return Look(row["shard"], row["scan_id"], row["sequence"], row["at"], ids, **columns, reasons=told)
