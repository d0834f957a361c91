"""Read models in PostgreSQL. Bodies are sealed; only what is filtered and sorted by is in clear.

A rebuild from the event log gives the same rows: nothing here depends on the time or on other rows.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Write
from deployforge_chassis.sealing import Sealer
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Identifier
from pydantic_core import to_json

from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.resource import Resource

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS versions (deployment_id uuid NOT NULL, version bigint NOT NULL, "
    "namespace text NOT NULL, name text NOT NULL, desired_version bigint NOT NULL, execution_id text NOT NULL, "
    "good boolean NOT NULL DEFAULT false, effective_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL, "
    "body bytea NOT NULL, PRIMARY KEY (deployment_id, version))",
    "CREATE INDEX IF NOT EXISTS versions_by_name ON versions (namespace, name, version DESC)",
    "CREATE TABLE IF NOT EXISTS resource_versions (deployment_id uuid NOT NULL, urn text NOT NULL, "
    "from_version bigint NOT NULL, to_version bigint, effective_at timestamptz NOT NULL, "
    "recorded_at timestamptz NOT NULL, body bytea NOT NULL, PRIMARY KEY (deployment_id, urn, from_version))",
    'CREATE TABLE IF NOT EXISTS inventory (urn text COLLATE "C" PRIMARY KEY, deployment_id uuid NOT NULL, '
    "namespace text NOT NULL, name text NOT NULL, type text NOT NULL, native_type text NOT NULL, "
    "provider text NOT NULL, account text NOT NULL, location text NOT NULL, physical_id text NOT NULL, "
    "criticality text NOT NULL, drift text NOT NULL DEFAULT '', version bigint NOT NULL, "
    "changed_at timestamptz NOT NULL)",
    # Each ends in the urn, by which pages are sorted: a page then costs its own rows, however many there are.
    "CREATE INDEX IF NOT EXISTS inventory_by_namespace ON inventory (namespace, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_name ON inventory (namespace, name, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_namespace_and_type ON inventory (namespace, type, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_type ON inventory (type, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_provider ON inventory (provider, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_location ON inventory (location, urn)",
)

TABLES = ("versions", "resource_versions", "inventory")


class PostgresProjection:
    """See ports.Projection."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        database.migrate([*Sealer.SCHEMA, *SCHEMA])

    def writes(self, event: Any) -> Sequence[Write]:
        """See ports.Projection."""
        match event:
            case Deployment.VersionRecorded():
                return [self._version(event)]
            case Deployment.VersionMarkedGood():
                good = "UPDATE versions SET good = true WHERE deployment_id = %s AND version = %s"
                return [(good, (event.deployment_id, event.version))]
            case Resource.Recorded():
                return self._recorded(event)
            case Resource.Removed():
                gone = "DELETE FROM inventory WHERE urn = %s"
                return [self._ended(event.deployment_id, event.urn, event.at.version), (gone, (event.urn,))]
            case Resource.DriftNoted():
                return [("UPDATE inventory SET drift = %s WHERE urn = %s", (event.drift, event.urn))]
        return []

    def rebuild(self, app: EventSourcedApplication) -> int:
        """Empty the read models and derive them again from the whole log, in one transaction; how many events that
        were. Readers see the old rows meanwhile, and whoever records waits.
        """
        position, count = 0, 0
        with self._database.transaction() as cursor:
            # Before the log is read: what is recorded from now on is in neither the log nor the rows, and once this
            # is over it adds itself to both.
            cursor.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(SQL(", ").join(map(Identifier, TABLES))))
            for table in TABLES:
                cursor.execute(SQL("DELETE FROM {}").format(Identifier(table)))
            while page := app.recorder.select_notifications(position, 500, inclusive_of_start=False):
                for n in page:
                    stored = StoredEvent(n.originator_id, n.originator_version, n.topic, n.state)
                    for sql, params in self.writes(app.sealed.to_domain_event(stored)):
                        cursor.execute(sql.encode(), params)
                position, count = page[-1].id, count + len(page)
        return count

    def _version(self, event: Any) -> Write:
        v = event.verified
        body = to_json({**asdict(v), "digest": event.digest, "resources": len(event.urns), "removed": event.removed})
        sealed = self._sealer.seal(event.deployment_id, body, f"version|{event.deployment_id}|{event.version}")
        return (
            "INSERT INTO versions (deployment_id, version, namespace, name, desired_version, execution_id, "
            "effective_at, recorded_at, body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                event.deployment_id, event.version, v.namespace, v.name, event.desired_version, v.execution_id,
                v.effective_at, event.timestamp, sealed,
            ),
        )  # fmt: skip

    def _recorded(self, event: Any) -> list[Write]:
        s, at = event.state, event.at
        body = to_json({**asdict(s), "resource_version": event.resource_version})
        place = f"resource|{event.deployment_id}|{s.urn}|{at.version}"
        insert = (
            "INSERT INTO resource_versions (deployment_id, urn, from_version, effective_at, recorded_at, body) "
            "VALUES (%s, %s, %s, %s, %s, %s)"
        )
        current = (
            "INSERT INTO inventory (urn, deployment_id, namespace, name, type, native_type, provider, account, "
            "location, physical_id, criticality, version, changed_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (urn) DO UPDATE SET "
            "type = EXCLUDED.type, native_type = EXCLUDED.native_type, provider = EXCLUDED.provider, "
            "account = EXCLUDED.account, location = EXCLUDED.location, physical_id = EXCLUDED.physical_id, "
            "criticality = EXCLUDED.criticality, version = EXCLUDED.version, changed_at = EXCLUDED.changed_at"
        )
        return [
            self._ended(event.deployment_id, s.urn, at.version),
            (
                insert,
                (
                    event.deployment_id, s.urn, at.version, at.effective_at, event.timestamp,
                    self._sealer.seal(event.deployment_id, body, place),
                ),
            ),
            (
                current,
                (
                    s.urn, event.deployment_id, event.namespace, event.name, s.type, s.native_type, s.provider,
                    s.account, s.location, s.physical_id, s.criticality, event.resource_version, at.effective_at,
                ),
            ),
        ]  # fmt: skip

    @staticmethod
    def _ended(deployment_id: UUID, urn: str, version: int) -> Write:
        return (
            "UPDATE resource_versions SET to_version = %s "
            "WHERE deployment_id = %s AND urn = %s AND to_version IS NULL AND from_version < %s",
            (version, deployment_id, urn, version),
        )
