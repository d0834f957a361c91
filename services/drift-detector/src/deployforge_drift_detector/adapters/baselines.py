"""What is usual of each resource, one sealed row: paths, times, numbers and digests."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import structlog
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer, Shredded, Tampered
from pydantic import TypeAdapter, ValidationError

from deployforge_drift_detector.application.views import BaselineView

log = structlog.get_logger(__name__)

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS baselines (urn text PRIMARY KEY, deployment_id uuid NOT NULL, namespace text NOT NULL, "
    "name text NOT NULL, body bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS baselines_of_deployment ON baselines (namespace, name, urn)",
)
_VIEW: Final = TypeAdapter(BaselineView)


class BaselineTable:
    """See ports.Baselines."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate(SCHEMA)
        sealer.declare(SealedColumn("baselines", "body", ("urn",), lambda row: _place(row["urn"])))

    def position(self, name: str) -> int:
        row = self._database.one("SELECT id FROM positions WHERE name = %s", (name,))
        return int(row["id"]) if row else 0

    def of(self, urns: Collection[str]) -> Mapping[str, BaselineView]:
        rows = self._database.query("SELECT urn, body FROM baselines WHERE urn = ANY(%s)", (list(urns),))
        return {row["urn"]: found for row in rows if (found := self._readable(row)) is not None}

    def put(self, views: Sequence[BaselineView]) -> Sequence[Write]:
        if not views:
            return ()
        rows = sorted(views, key=lambda view: view.urn)
        bodies = [self._sealer.seal(row.deployment_id, _VIEW.dump_json(row), _place(row.urn)) for row in rows]
        statement = (
            "INSERT INTO baselines (urn, deployment_id, namespace, name, body) "
            "SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::bytea[]) "
            "ON CONFLICT (urn) DO UPDATE SET body = excluded.body"
        )
        columns = ([row.urn for row in rows], [row.deployment_id for row in rows])
        names = ([row.namespace for row in rows], [row.name for row in rows])
        return ((statement, (*columns, *names, bodies)),)

    def forget(self, urn: str) -> Write:
        return ("DELETE FROM baselines WHERE urn = %s", (urn,))

    def page(self, namespace: str, name: str, *, after: str, size: int) -> Sequence[BaselineView]:
        rows = self._database.query(
            "SELECT urn, body FROM baselines WHERE namespace = %s AND name = %s AND urn > %s ORDER BY urn LIMIT %s",
            (namespace, name, after, size),
        )
        return [found for row in rows if (found := self._readable(row)) is not None]

    def _readable(self, row: Mapping[str, Any]) -> BaselineView | None:
        """Of what nobody can read any more, learning begins anew."""
        try:
            return self._opened(row)
        except (Shredded, Tampered, ValidationError) as error:
            log.error("a baseline is unreadable and begins anew", urn=row["urn"], reason=type(error).__name__)
            return None

    def _opened(self, row: Mapping[str, Any]) -> BaselineView:
        return _VIEW.validate_json(self._sealer.open(bytes(row["body"]), _place(row["urn"])))


def _place(urn: str) -> str:
    return f"baseline|{urn}"
