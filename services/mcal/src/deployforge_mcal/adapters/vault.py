"""Root credentials, sealed in this service's database. They are opened for one AssumeRole at a time, never shown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deployforge_chassis.database import Database
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer

from deployforge_mcal.application.mcal import SYSTEM
from deployforge_mcal.application.stores import CredentialUnknown, StoredCredential

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS root_credentials (name text PRIMARY KEY, type text NOT NULL, sealed bytea NOT NULL, "
    "changed_at timestamptz NOT NULL DEFAULT now())",
)


class PostgresVault:
    """See RootVault."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate([*Sealer.SCHEMA, *SCHEMA])
        sealer.declare(SealedColumn("root_credentials", "sealed", ("name",), lambda row: _place(row["name"])))

    def put(self, name: str, type: str, secret: Mapping[str, Any]) -> None:
        """See RootVault."""
        sealed = self._sealer.seal(SYSTEM, json.dumps(dict(secret)).encode(), _place(name))
        self._database.query(
            "INSERT INTO root_credentials (name, type, sealed) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET type = excluded.type, sealed = excluded.sealed, changed_at = now()",
            (name, type, sealed),
        )

    def get(self, name: str) -> Mapping[str, Any]:
        """See RootCredentials."""
        row = self._database.one("SELECT sealed FROM root_credentials WHERE name = %s", (name,))
        if row is None:
            raise CredentialUnknown(name)
        found: dict[str, Any] = json.loads(self._sealer.open(bytes(row["sealed"]), _place(name)))
        return found

    def stored(self) -> list[StoredCredential]:
        """See RootVault."""
        rows = self._database.query("SELECT name, type, changed_at FROM root_credentials ORDER BY name")
        return [StoredCredential(**row) for row in rows]

    def remove(self, name: str) -> bool:
        """See RootVault."""
        return bool(self._database.query("DELETE FROM root_credentials WHERE name = %s RETURNING name", (name,)))

    def load(self, path: Path | None) -> None:
        """Seal what a file holds: `{name: {"type": "aws", …}}`. No file, nothing to do."""
        if path is None or not path.exists():
            return
        for name, secret in json.loads(path.read_text()).items():
            self.put(name, str(secret.get("type", "")), {k: v for k, v in secret.items() if k != "type"})


def _place(name: str) -> str:
    return f"root-credential|{name}"
