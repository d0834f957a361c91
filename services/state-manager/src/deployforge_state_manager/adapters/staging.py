"""Resources of executions that are not closed yet, sealed."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer
from pydantic import TypeAdapter
from pydantic_core import to_json

from deployforge_state_manager.application.ports import Staged
from deployforge_state_manager.domain.resource import ResourceState

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS staged (execution_id text NOT NULL, urn text NOT NULL, body bytea, "
    "PRIMARY KEY (execution_id, urn))",
)
_STATE = TypeAdapter(ResourceState)


class PostgresStaging:
    """See ports.Staging."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        database.migrate([*Sealer.SCHEMA, *SCHEMA])
        sealer.declare(
            SealedColumn("staged", "body", ("execution_id", "urn"), lambda row: _place(row["execution_id"], row["urn"]))
        )

    def put(self, deployment_id: UUID, execution_id: str, staged: Staged) -> Write:
        """See ports.Staging."""
        body = None
        if staged.state is not None:
            place = _place(execution_id, staged.urn)
            body = self._sealer.seal(deployment_id, to_json(asdict(staged.state)), place)
        return (
            "INSERT INTO staged (execution_id, urn, body) VALUES (%s, %s, %s) "
            "ON CONFLICT (execution_id, urn) DO UPDATE SET body = EXCLUDED.body",
            (execution_id, staged.urn, body),
        )

    def take(self, execution_id: str) -> tuple[Sequence[Staged], Write]:
        """See ports.Staging."""
        rows = self._database.query("SELECT urn, body FROM staged WHERE execution_id = %s ORDER BY urn", (execution_id,))
        clear: Write = ("DELETE FROM staged WHERE execution_id = %s", (execution_id,))
        return [Staged(row["urn"], self._open(execution_id, row["urn"], row["body"])) for row in rows], clear

    def _open(self, execution_id: str, urn: str, body: bytes | None) -> ResourceState | None:
        if body is None:
            return None
        return _STATE.validate_json(self._sealer.open(bytes(body), _place(execution_id, urn)))


def _place(execution_id: str, urn: str) -> str:
    return f"staged|{execution_id}|{urn}"
