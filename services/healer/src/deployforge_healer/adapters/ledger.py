"""Incidents, proposals and past heals in PostgreSQL: only what is filtered by; the rest is in the event store."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from deployforge_chassis import canonical
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_healer.application.ports import BadCursor
from deployforge_healer.domain.incident import AWAITING, HEALED, HEALING, OPEN, Incident

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS incidents (id uuid PRIMARY KEY, number bigserial, deployment_id uuid NOT NULL, "
    "namespace text NOT NULL, name text NOT NULL, urn text NOT NULL, state text NOT NULL, opened_at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS incidents_by_deployment ON incidents (deployment_id, state)",
    "CREATE INDEX IF NOT EXISTS incidents_by_time ON incidents (deployment_id, opened_at)",
    "CREATE INDEX IF NOT EXISTS incidents_by_number ON incidents (number DESC)",
    "CREATE TABLE IF NOT EXISTS proposals (request_id text PRIMARY KEY, incident_id uuid NOT NULL, "
    "deployment_id uuid NOT NULL, chosen_at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS proposals_by_time ON proposals (deployment_id, chosen_at)",
    "CREATE TABLE IF NOT EXISTS heals (incident_id uuid NOT NULL, request_id text NOT NULL, fingerprint text NOT NULL, "
    "at timestamptz NOT NULL, PRIMARY KEY (incident_id, request_id))",
    "CREATE INDEX IF NOT EXISTS heals_by_attributes ON heals (fingerprint, at)",
)
SHREDDED_FIRST = (
    "DELETE FROM proposals WHERE incident_id IN (SELECT id FROM incidents WHERE deployment_id = %s)",
    "DELETE FROM heals WHERE incident_id IN (SELECT id FROM incidents WHERE deployment_id = %s)",
)
"""What refers to what is shredded, and says not otherwise whose it is; see `shredding.Shredding`."""


class PostgresLedger:
    """See ports.Ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def writes(self, incident: Incident, events: Sequence[Any]) -> Sequence[Write]:
        """See ports.Ledger."""
        if not events:
            return ()
        about = incident.about
        row = (
            "INSERT INTO incidents (id, deployment_id, namespace, name, urn, state, opened_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state"
        )
        params = (
            incident.id, incident.deployment_id, about.namespace, about.name, about.urn, incident.state,
            incident.opened_at,
        )  # fmt: skip
        writes: list[Write] = [(row, params)]
        for event in events:
            match event:
                case Incident.RemedyChosen():
                    chosen = "INSERT INTO proposals VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
                    decision = event.decision
                    writes.append((chosen, (decision.request_id, incident.id, incident.deployment_id, decision.at)))
                case Incident.Closed(how=how) if how == HEALED:
                    # Counted when the drift is gone, not when a remedy was executed: what did not help is no flapping.
                    healed = "INSERT INTO heals VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
                    fingerprint, last = _fingerprint(about.urn, about.paths), incident.decisions[-1]
                    writes.append((healed, (incident.id, last.request_id, fingerprint, event.at)))
        return writes

    def incident_of(self, request_id: str) -> UUID | None:
        """See ports.Ledger."""
        row = self._database.one("SELECT incident_id FROM proposals WHERE request_id = %s", (request_id,))
        return row["incident_id"] if row else None

    def healed_at(self, urn: str, paths: Sequence[str], since: datetime) -> Sequence[datetime]:
        """See ports.Ledger."""
        rows = self._database.query(
            "SELECT at FROM heals WHERE fingerprint = %s AND at >= %s ORDER BY at", (_fingerprint(urn, paths), since)
        )
        return [row["at"] for row in rows]

    def healings(self, deployment_id: UUID, since: datetime) -> int:
        """See ports.Ledger."""
        return self._count(
            "SELECT count(*) AS n FROM proposals WHERE deployment_id = %s AND chosen_at >= %s", (deployment_id, since)
        )

    def open_healings(self, deployment_id: UUID, but: UUID) -> int:
        """See ports.Ledger."""
        return self._count(
            "SELECT count(*) AS n FROM incidents WHERE deployment_id = %s AND state = ANY(%s) AND id <> %s",
            (deployment_id, [HEALING, AWAITING], but),
        )

    def drifted(self, deployment_id: UUID, since: datetime) -> int:
        """See ports.Ledger."""
        return self._count(
            "SELECT count(DISTINCT urn) AS n FROM incidents WHERE deployment_id = %s AND opened_at >= %s",
            (deployment_id, since),
        )

    def waiting(self, deployment_id: UUID, at_most: int) -> Sequence[UUID]:
        """See ports.Ledger."""
        rows = self._database.query(
            "SELECT id FROM incidents WHERE deployment_id = %s AND state = %s ORDER BY number LIMIT %s",
            (deployment_id, OPEN, at_most),
        )
        return [row["id"] for row in rows]

    def page(
        self, namespace: str, name: str, namespaces: Sequence[str] | None, open_only: bool, size: int, cursor: str
    ) -> tuple[list[UUID], str]:
        """Incident ids, newest first, and the next cursor. Raises BadCursor."""
        where, params = ["number < %s"], [_number(cursor)]
        for column, wanted in (("namespace", namespace), ("name", name)):
            if wanted:
                where.append(f"{column} = %s")
                params.append(wanted)
        if namespaces is not None:
            where.append("namespace = ANY(%s)")
            params.append(list(namespaces))
        if open_only:
            where.append("state <> 'closed'")
        size = min(size or 100, 500)
        rows = self._database.query(
            f"SELECT id, number FROM incidents WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT %s",  # noqa: S608
            (*params, size + 1),
        )
        more = base64.urlsafe_b64encode(str(rows[size - 1]["number"]).encode()).decode() if len(rows) > size else ""
        return [row["id"] for row in rows[:size]], more

    def _count(self, sql: str, params: Sequence[Any]) -> int:
        row = self._database.one(sql, params)
        return row["n"] if row else 0


def _fingerprint(urn: str, paths: Sequence[str]) -> str:
    return canonical.digest(canonical.dumps([urn, sorted(paths)]))


def _number(cursor: str) -> Any:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode())) if cursor else 2**62
    except ValueError as error:
        raise BadCursor(f"{cursor!r} is no cursor of this listing") from error
