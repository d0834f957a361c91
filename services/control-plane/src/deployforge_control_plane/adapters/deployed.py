"""What is deployed, as the state manager last said; and to which namespace an id belongs."""

import json
from typing import Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from pydantic import TypeAdapter

from deployforge_control_plane.domain.judge import Deployed

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS deployed (deployment_id uuid PRIMARY KEY, version bigint NOT NULL, deployed jsonb)",
    "CREATE TABLE IF NOT EXISTS whereabouts (id text PRIMARY KEY, namespace text NOT NULL)",
)
_DEPLOYED: Final = TypeAdapter(Deployed)


class DeployedTable:
    """See ports.DeployedStore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def get(self, deployment_id: UUID) -> Deployed | None:
        row = self._database.one("SELECT deployed FROM deployed WHERE deployment_id = %s", (deployment_id,))
        return None if row is None or row["deployed"] is None else _DEPLOYED.validate_python(row["deployed"])

    def put(self, deployment_id: UUID, version: int, deployed: Deployed | None) -> Write:
        value = None if deployed is None else json.dumps(_DEPLOYED.dump_python(deployed, mode="json"))
        return (
            "INSERT INTO deployed (deployment_id, version, deployed) VALUES (%s, %s, %s) "
            "ON CONFLICT (deployment_id) DO UPDATE SET version = excluded.version, deployed = excluded.deployed "
            "WHERE deployed.version < excluded.version",
            (deployment_id, version, value),
        )


class WhereaboutsTable:
    """See ports.Whereabouts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def put(self, id: str, namespace: str) -> Write:
        return (
            "INSERT INTO whereabouts (id, namespace) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING",
            (id, namespace),
        )

    def namespace(self, id: str) -> str | None:
        row = self._database.one("SELECT namespace FROM whereabouts WHERE id = %s", (id,))
        return None if row is None else str(row["namespace"])
