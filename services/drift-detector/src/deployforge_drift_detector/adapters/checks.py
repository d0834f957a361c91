"""The last check of every resource."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.ports import Check, CheckState

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS checks (urn text PRIMARY KEY, deployment_id uuid NOT NULL, namespace text NOT NULL, "
    "name text NOT NULL, shard text NOT NULL, scan_id text NOT NULL, sequence bigint NOT NULL, state text NOT NULL, "
    "reason text NOT NULL, at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS checks_of_deployment ON checks (namespace, name)",
)


class CheckTable:
    """See ports.Checks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def sequences(self, shard: str, urns: Collection[str]) -> Mapping[str, int]:
        rows = self._database.query(
            "SELECT urn, sequence FROM checks WHERE shard = %s AND urn = ANY(%s)", (shard, list(urns))
        )
        return {row["urn"]: row["sequence"] for row in rows}

    def put(self, checks: Sequence[Check]) -> Write:
        # One statement for hundreds of rows, in urn order: two that meet cannot lock each other out.
        rows = sorted(checks, key=lambda check: check.urn)
        return (
            "INSERT INTO checks (urn, deployment_id, namespace, name, shard, scan_id, sequence, state, reason, at) "
            "SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], "
            "%s::bigint[], %s::text[], %s::text[], %s::timestamptz[]) "
            "ON CONFLICT (urn) DO UPDATE SET shard = excluded.shard, scan_id = excluded.scan_id, "
            "sequence = excluded.sequence, state = excluded.state, reason = excluded.reason, at = excluded.at "
            "WHERE checks.shard <> excluded.shard OR checks.sequence < excluded.sequence",
            (
                [row.urn for row in rows], [row.deployment_id for row in rows], [row.namespace for row in rows],
                [row.name for row in rows], [row.shard for row in rows], [row.scan_id for row in rows],
                [row.sequence for row in rows], [str(row.state) for row in rows], [row.reason for row in rows],
                [row.at for row in rows],
            ),
        )  # fmt: skip

    def forget(self, urn: str) -> Write:
        return ("DELETE FROM checks WHERE urn = %s", (urn,))

    def last(self, namespace: str, name: str) -> Sequence[Check]:
        rows = self._database.query(
            "SELECT urn, deployment_id, namespace, name, shard, scan_id, sequence, state, reason, at FROM checks "
            "WHERE (%s = '' OR namespace = %s) AND (%s = '' OR name = %s) ORDER BY shard, sequence, urn",
            (namespace, namespace, name, name),
        )
        return [Check(**{**row, "state": CheckState(row["state"])}) for row in rows]
