"""What was asked for of each shard, and which deployments are to be looked at again soon."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.ports import Doubt, Scanned

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS schedule (shard text PRIMARY KEY, sequence bigint NOT NULL, whole_at timestamptz)",
    "CREATE TABLE IF NOT EXISTS rechecks (deployment_id uuid PRIMARY KEY, due_at timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS second_reads (urn text PRIMARY KEY, shard text NOT NULL, observed_at timestamptz NOT NULL, "
    "since timestamptz NOT NULL, due_at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS second_reads_of ON second_reads (shard)",
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

    def doubt(self, doubts: Sequence[Doubt], now: datetime, due_at: datetime) -> Write:
        return (
            "INSERT INTO second_reads (urn, shard, observed_at, since, due_at) "
            "SELECT urn, shard, observed_at, %s, %s FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) "
            "AS rows (urn, shard, observed_at) ORDER BY urn ON CONFLICT (urn) DO NOTHING",
            (now, due_at, [d.urn for d in doubts], [d.shard for d in doubts], [d.observed_at for d in doubts]),
        )  # fmt: skip

    def doubts(self, shard: str) -> Mapping[str, datetime]:
        rows = self._database.query("SELECT urn, observed_at FROM second_reads WHERE shard = %s", (shard,))
        return {row["urn"]: row["observed_at"] for row in rows}

    def due(self, now: datetime) -> Sequence[Doubt]:
        rows = self._database.query(
            "SELECT urn, shard, observed_at FROM second_reads WHERE due_at <= %s ORDER BY urn", (now,)
        )  # fmt: skip
        return [Doubt(row["urn"], row["shard"], row["observed_at"]) for row in rows]

    def asked_again(self, now: datetime, window: timedelta) -> Write:
        return (
            "UPDATE second_reads SET due_at = CASE WHEN %s - since < %s THEN %s + (%s - since) ELSE 'infinity' END "
            "WHERE due_at <= %s",
            (now, window, now, now, now),
        )

    def settled(self, urns: Collection[str]) -> Write:
        return ("DELETE FROM second_reads WHERE urn = ANY(%s)", (sorted(urns),))
