"""What was asked for of each shard, and which deployments are to be looked at again soon."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.ports import Scanned

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS schedule (shard text PRIMARY KEY, sequence bigint NOT NULL, whole_at timestamptz)",
    "CREATE TABLE IF NOT EXISTS rechecks (deployment_id uuid PRIMARY KEY, due_at timestamptz NOT NULL)",
)


class ScheduleTable:
    """See ports.Schedule."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def scanned(self) -> Mapping[str, Scanned]:
        rows = self._database.query("SELECT shard, sequence, whole_at FROM schedule")
        return {row["shard"]: Scanned(row["sequence"], row["whole_at"]) for row in rows}

    def asked(self, shard: str) -> int:
        row = self._database.one("SELECT sequence FROM schedule WHERE shard = %s", (shard,))
        return row["sequence"] if row else 0

    def put(self, shard: str, sequence: int, whole_at: datetime | None) -> Write:
        return (
            "INSERT INTO schedule (shard, sequence, whole_at) VALUES (%s, %s, %s) ON CONFLICT (shard) DO UPDATE SET "
            "sequence = greatest(schedule.sequence, excluded.sequence), "
            "whole_at = coalesce(excluded.whole_at, schedule.whole_at)",
            (shard, sequence, whole_at),
        )

    def recheck(self, deployment_id: UUID, at: datetime) -> Write:
        return (
            "INSERT INTO rechecks (deployment_id, due_at) VALUES (%s, %s) ON CONFLICT (deployment_id) DO UPDATE SET "
            "due_at = least(rechecks.due_at, excluded.due_at)",
            (deployment_id, at),
        )

    def rechecks(self, now: datetime) -> Sequence[tuple[UUID, datetime]]:
        rows = self._database.query(
            "SELECT deployment_id, due_at FROM rechecks WHERE due_at <= %s ORDER BY due_at, deployment_id", (now,)
        )
        return [(row["deployment_id"], row["due_at"]) for row in rows]

    def rechecked(self, deployment_id: UUID, at: datetime) -> Write:
        return ("DELETE FROM rechecks WHERE deployment_id = %s AND due_at <= %s", (deployment_id, at))
