"""The resources that networks are made of, in this service's database, sealed like all that is known of a deployment."""

import json
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer, Shredded

from deployforge_mcal.domain.topology.wiring import Wired

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS wiring (urn text PRIMARY KEY, version bigint NOT NULL, type text NOT NULL, "
    "provider_type text NOT NULL, account text NOT NULL, location text NOT NULL, physical_id text NOT NULL, "
    "sealed bytea NOT NULL)",
)
_PUT: Final = (
    "INSERT INTO wiring AS w (urn, version, type, provider_type, account, location, physical_id, sealed) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (urn) DO UPDATE SET version = excluded.version, "
    "type = excluded.type, provider_type = excluded.provider_type, account = excluded.account, "
    "location = excluded.location, physical_id = excluded.physical_id, sealed = excluded.sealed "
    "WHERE w.version <= excluded.version"
)


class PostgresWiring:
    """See Wiring."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate([*Sealer.SCHEMA, *SCHEMA])
        sealer.declare(SealedColumn("wiring", "sealed", ("urn",), lambda row: _place(row["urn"])))

    def put(self, deployment_id: str, version: int, resource: Wired) -> Write:
        """See Wiring."""
        r = resource
        sealed = self._sealer.seal(UUID(deployment_id), json.dumps(dict(r.properties)).encode(), _place(r.urn))
        return _PUT, (r.urn, version, r.type, r.provider_type, r.account, r.location, r.physical_id, sealed)

    def drop(self, urn: str) -> Write:
        """See Wiring."""
        return "DELETE FROM wiring WHERE urn = %s", (urn,)

    def all(self) -> list[Wired]:
        """See Wiring."""
        rows = self._database.query(
            "SELECT urn, type, provider_type, account, location, physical_id, sealed FROM wiring ORDER BY urn"
        )
        return [found for row in rows if (found := self._opened(row)) is not None]

    def _opened(self, row: dict[str, Any]) -> Wired | None:
        sealed = bytes(row.pop("sealed"))
        try:
            return Wired(**row, properties=json.loads(self._sealer.open(sealed, _place(row["urn"]))))
        except Shredded:
            # Its tombstone is on the way.
            return None


def _place(urn: str) -> str:
    return f"wiring|{urn}"
