"""The key of keyed hashes, sealed, and the marks of the secrets that were last set, in this service's database."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer

from deployforge_mcal.application.mcal import SYSTEM
from deployforge_mcal.domain.secrets import marks

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS marking_key (one boolean PRIMARY KEY DEFAULT true CHECK (one), sealed bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS secret_marks (deployment_id text NOT NULL, urn text NOT NULL, path text NOT NULL, "
    "mark text NOT NULL, PRIMARY KEY (urn, path))",
)
_PLACE: Final = "marking-key"


class PostgresMarking:
    """See Marking."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        self._key: bytes | None = None
        database.migrate([*Sealer.SCHEMA, *SCHEMA])
        sealer.declare(SealedColumn("marking_key", "sealed", ("one",), lambda _: _PLACE))

    def key(self) -> bytes:
        """See Marking. Replicas that make one at once agree on the first."""
        if self._key is None:
            found = self._database.one("SELECT sealed FROM marking_key")
            if found is None:
                fresh = self._sealer.seal(SYSTEM, secrets.token_bytes(32), _PLACE)
                self._database.query("INSERT INTO marking_key (sealed) VALUES (%s) ON CONFLICT DO NOTHING", (fresh,))
                found = self._database.one("SELECT sealed FROM marking_key")
                assert found is not None
            self._key = self._sealer.open(bytes(found["sealed"]), _PLACE)
        return self._key

    def of(self, urns: Sequence[str]) -> dict[str, dict[str, str]]:
        """See Marking."""
        found: dict[str, dict[str, str]] = {}
        for row in self._database.query("SELECT urn, path, mark FROM secret_marks WHERE urn = ANY(%s)", (list(urns),)):
            found.setdefault(row["urn"], {})[row["path"]] = row["mark"]
        return found

    def record(self, deployment_id: str, urn: str, desired: Mapping[str, Any]) -> list[Write]:
        """See Marking."""
        sql = (
            "INSERT INTO secret_marks (deployment_id, urn, path, mark) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (urn, path) DO UPDATE SET mark = excluded.mark, deployment_id = excluded.deployment_id"
        )
        now = dict(marks(desired))
        gone = ("DELETE FROM secret_marks WHERE urn = %s AND path <> ALL(%s)", (urn, list(now)))
        return [gone, *((sql, (deployment_id, urn, path, marked)) for path, marked in sorted(now.items()))]
