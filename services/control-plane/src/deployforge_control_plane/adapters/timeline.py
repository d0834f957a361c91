"""The timeline table. Positions are drawn under the event store's insert lock, so they become visible in order.

Every append is saved through `ControlPlane.commit`, which takes that lock before anything else: a reader that has
seen position n will never see a smaller one appear later, whichever replica wrote it. What facts say is sealed.
"""

from collections.abc import Sequence
from typing import Any, Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer

from deployforge_control_plane.adapters.scopes import restriction
from deployforge_control_plane.application.views import Entry, Scope
from deployforge_control_plane.domain.values import RequestState

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS timeline (position bigserial PRIMARY KEY, id text UNIQUE NOT NULL, "
    "deployment_id uuid NOT NULL, namespace text NOT NULL, name text NOT NULL, correlation_id text NOT NULL, "
    "at timestamptz NOT NULL, source text NOT NULL, type text NOT NULL, summary text NOT NULL, state text, "
    "fact bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS timeline_of_request ON timeline (correlation_id, position)",
    "CREATE INDEX IF NOT EXISTS timeline_of_deployment ON timeline (namespace, name, position)",
)


class TimelineTable:
    """See ports.Timeline."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate(SCHEMA)
        sealer.declare(SealedColumn("timeline", "fact", ("position",), lambda row: f"timeline|{row['id']}", also=("id",)))

    def append(self, entry: Entry) -> Write:
        # The state is read here and now, after the request's own row was written by the same transaction.
        return (
            "INSERT INTO timeline (id, deployment_id, namespace, name, correlation_id, at, source, type, summary, "
            "state, fact) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, "
            "(SELECT state FROM requests WHERE request_id::text = %s), %s) ON CONFLICT (id) DO NOTHING",
            (
                entry.id,
                entry.deployment_id,
                entry.namespace,
                entry.name,
                entry.correlation_id,
                entry.at,
                entry.source,
                entry.type,
                entry.summary,
                entry.correlation_id,
                self._sealer.seal(entry.deployment_id, entry.fact.encode(), f"timeline|{entry.id}"),
            ),
        )

    def after(self, position: int, scope: Scope, limit: int) -> Sequence[Entry]:
        where, params = restriction(scope, "correlation_id")
        rows = self._database.query(
            f"SELECT * FROM timeline WHERE position > %s AND {' AND '.join(where)} "  # noqa: S608
            "ORDER BY position LIMIT %s",
            (position, *params, limit),
        )
        return [self._entry(row) for row in rows]

    def newest(self) -> int:
        row = self._database.one("SELECT max(position) AS position FROM timeline")
        return int(row["position"] or 0) if row else 0

    def _entry(self, row: dict[str, Any]) -> Entry:
        fact = self._sealer.open(bytes(row.pop("fact")), f"timeline|{row['id']}").decode()
        state = row.pop("state")
        return Entry(**row, fact=fact, state=RequestState(state) if state else None)
