"""Which executions run, and how the last one of each deployment ended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.ports import Changing

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS executions (execution_id text PRIMARY KEY, deployment_id uuid NOT NULL, "
    "urns text[] NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz, verified boolean)",
    "CREATE INDEX IF NOT EXISTS executions_of_deployment ON executions (deployment_id)",
    "CREATE INDEX IF NOT EXISTS executions_unsettled ON executions (deployment_id) WHERE ended_at IS NULL OR NOT verified",
)


class ExecutionTable:
    """See ports.Executions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def unsettled(self) -> Mapping[UUID, Changing]:
        rows = self._database.query(
            "SELECT deployment_id, urns, ended_at, verified FROM executions WHERE deployment_id IN "
            "(SELECT deployment_id FROM executions WHERE ended_at IS NULL OR NOT verified) ORDER BY started_at"
        )
        found: dict[UUID, Changing] = {}
        for row in rows:
            before = found.get(row["deployment_id"], Changing(frozenset(), None))
            if row["ended_at"] is None:
                now = Changing(before.urns | frozenset(row["urns"]), None)
            else:
                now = Changing(before.urns, None if row["verified"] or before.urns else row["ended_at"])
            found[row["deployment_id"]] = now
        return found

    def started(self, deployment_id: UUID, execution_id: str, urns: Collection[str], at: datetime) -> Sequence[Write]:
        return (
            ("DELETE FROM executions WHERE deployment_id = %s AND ended_at IS NOT NULL", (deployment_id,)),
            (
                "INSERT INTO executions (execution_id, deployment_id, urns, started_at) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                (execution_id, deployment_id, sorted(urns), at),
            ),
        )

    def ended(self, execution_id: str, *, verified: bool, at: datetime) -> Write:
        return (
            "UPDATE executions SET ended_at = %s, verified = %s WHERE execution_id = %s",
            (at, verified, execution_id),
        )
