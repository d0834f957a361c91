"""Read models in PostgreSQL, see tables.py.

A rebuild from the event log gives the same rows: nothing here depends on the time or on other rows.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Write
from deployforge_chassis.sealing import Sealer, Shredded
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Identifier
from pydantic_core import to_json

from deployforge_state_manager.adapters.tables import SCHEMA, SEALED, TABLES
from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.resource import Resource, ResourceState


class PostgresProjection:
    """See ports.Projection."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        database.migrate([*Sealer.SCHEMA, *SCHEMA])
        sealer.declare(*SEALED)

    def urns(self, deployment_id: UUID) -> Sequence[str]:
        """Every resource that a deployment ever had."""
        rows = self._database.query(
            "SELECT DISTINCT urn FROM resource_history WHERE deployment_id = %s ORDER BY urn", (deployment_id,)
        )
        return [row["urn"] for row in rows]

    def writes(self, event: Any) -> Sequence[Write]:
        """See ports.Projection."""
        match event:
            case Deployment.Requested():
                return [self._request(event.deployment_id, "asked", event.asked.request_id, event.asked)]
            case Deployment.PlanReleased():
                return [self._request(event.deployment_id, "released", event.released.plan_id, event.released)]
            case Deployment.VersionRecorded():
                return [self._version(event)]
            case Deployment.VersionMarkedGood():
                good = "UPDATE versions SET good_at = %s WHERE deployment_id = %s AND version = %s"
                return [(good, (event.timestamp, event.deployment_id, event.version))]
            case Resource.Recorded():
                return self._recorded(event)
            case Resource.Removed():
                # What is gone is not drifted either: that is forgotten with it.
                forgotten = self._drift(event, "", event.at.effective_at)
                return [self._history(event), forgotten, ("DELETE FROM inventory WHERE urn = %s", (event.urn,))]
            case Resource.DriftNoted():
                shown = ("UPDATE inventory SET drift = %s WHERE urn = %s", (event.drift, event.urn))
                return [self._drift(event, event.drift, event.since or event.timestamp), shown]
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
                    try:
                        writes = self.writes(app.sealed.to_domain_event(stored))
                    except Shredded:
                        continue
                    for sql, params in writes:
                        cursor.execute(sql.encode(), params)
                position, count = page[-1].id, count + len(page)
            cursor.execute("UPDATE read_models SET filled = true")
        return count

    def fill(self, app: EventSourcedApplication) -> None:
        """Derive the rows from the log when the tables are new; to be called once at start."""
        with self._database.transaction() as cursor:
            # Replicas that start together take turns.
            cursor.execute("LOCK TABLE read_models IN EXCLUSIVE MODE")
            state = cursor.execute("SELECT filled FROM read_models").fetchone()
        if state is not None and not state["filled"]:
            self.rebuild(app)

    def _request(self, deployment_id: UUID, kind: str, id: str, what: Any) -> Write:
        sealed = self._sealer.seal(deployment_id, to_json(asdict(what)), f"{kind}|{deployment_id}|{id}")
        return (
            "INSERT INTO requests (deployment_id, id, kind, body) VALUES (%s, %s, %s, %s)",
            (deployment_id, id, kind, sealed),
        )

    def _version(self, event: Any) -> Write:
        v = event.verified
        body = to_json({**asdict(v), "digest": event.digest, "resources": len(event.urns), "removed": event.removed})
        sealed = self._sealer.seal(event.deployment_id, body, f"version|{event.deployment_id}|{event.version}")
        return (
            "INSERT INTO versions (deployment_id, version, namespace, name, desired_version, request_id, plan_id, "
            "effective_at, recorded_at, body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                event.deployment_id, event.version, v.namespace, v.name, event.desired_version, v.request_id, v.plan_id,
                v.effective_at, event.timestamp, sealed,
            ),
        )  # fmt: skip

    def _recorded(self, event: Any) -> list[Write]:
        s, at = event.state, event.at
        current = (
            "INSERT INTO inventory (urn, deployment_id, namespace, name, type, native_type, provider, account, "
            "location, physical_id, criticality, version, changed_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (urn) DO UPDATE SET "
            "type = EXCLUDED.type, native_type = EXCLUDED.native_type, provider = EXCLUDED.provider, "
            "account = EXCLUDED.account, location = EXCLUDED.location, physical_id = EXCLUDED.physical_id, "
            "criticality = EXCLUDED.criticality, version = EXCLUDED.version, changed_at = EXCLUDED.changed_at"
        )
        row = (
            s.urn, event.deployment_id, event.namespace, event.name, s.type, s.native_type, s.provider,
            s.account, s.location, s.physical_id, s.criticality, event.resource_version, at.effective_at,
        )  # fmt: skip
        return [self._history(event, s), (current, row)]

    def _history(self, event: Any, state: ResourceState | None = None) -> Write:
        urn, version, sealed = (state or event).urn, event.resource_version, None
        if state is not None:
            body = to_json({**asdict(state), "resource_version": version})
            sealed = self._sealer.seal(event.deployment_id, body, f"resource|{event.deployment_id}|{urn}|{version}")
        return (
            "INSERT INTO resource_history (deployment_id, urn, resource_version, position, from_version, "
            "effective_at, recorded_at, body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                event.deployment_id, urn, version, event.originator_version, event.at.version, event.at.effective_at,
                event.timestamp, sealed,
            ),
        )  # fmt: skip

    @staticmethod
    def _drift(event: Any, drift: str, since: datetime) -> Write:
        return (
            "INSERT INTO drift_notes (deployment_id, urn, position, drift, effective_at, recorded_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            (event.deployment_id, event.urn, event.originator_version, drift, since, event.timestamp),
        )
