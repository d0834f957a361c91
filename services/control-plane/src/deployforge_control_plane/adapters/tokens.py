"""API tokens: a row each, without the token."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.principal import Principal

from deployforge_control_plane.application.views import TokenView

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS tokens (token_id text PRIMARY KEY, token_hash text UNIQUE NOT NULL, "
    "subject text NOT NULL, roles text[] NOT NULL, namespaces text[] NOT NULL, created_at timestamptz NOT NULL, "
    "revoked_at timestamptz)",
)
_COLUMNS: Final = "token_id, subject, roles, namespaces, created_at, revoked_at IS NOT NULL AS revoked"


class TokenTable:
    """See ports.Tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def add(self, token: TokenView, token_hash: str) -> Write:
        return (
            "INSERT INTO tokens (token_id, token_hash, subject, roles, namespaces, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (token_hash) DO NOTHING",
            (token.token_id, token_hash, token.subject, list(token.roles), list(token.namespaces), token.created_at),
        )

    def revoke(self, token_id: str, at: datetime) -> Write:
        return "UPDATE tokens SET revoked_at = coalesce(revoked_at, %s) WHERE token_id = %s", (at, token_id)

    def find(self, token_id: str) -> TokenView | None:
        row = self._database.one(f"SELECT {_COLUMNS} FROM tokens WHERE token_id = %s", (token_id,))  # noqa: S608
        return None if row is None else _view(row)

    def of_hash(self, token_hash: str) -> Principal | None:
        row = self._database.one(
            "SELECT token_hash, subject, roles, namespaces FROM tokens WHERE token_hash = %s AND revoked_at IS NULL",
            (token_hash,),
        )
        # The index compares hashes, whose prefixes teach an attacker nothing; the verdict takes constant time.
        if row is None or not hmac.compare_digest(row["token_hash"], token_hash):
            return None
        return Principal(row["subject"], tuple(row["roles"]), tuple(row["namespaces"]))

    def all(self) -> Sequence[TokenView]:
        rows = self._database.query(f"SELECT {_COLUMNS} FROM tokens ORDER BY created_at, token_id")  # noqa: S608
        return [_view(row) for row in rows]


def _view(row: dict[str, Any]) -> TokenView:
    return TokenView(**{**row, "roles": tuple(row["roles"]), "namespaces": tuple(row["namespaces"])})
