"""Requests as readers see them: one row each, written in the transaction of the request's events."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from pydantic import TypeAdapter

from deployforge_control_plane.adapters.scopes import restriction
from deployforge_control_plane.application.views import Page, RequestView, Scope, view
from deployforge_control_plane.domain.refusals import BadCursor
from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.values import RequestState

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS requests (request_id uuid PRIMARY KEY, deployment_id uuid NOT NULL, "
    "namespace text NOT NULL, name text NOT NULL, origin text NOT NULL, state text NOT NULL, "
    "requested_at timestamptz NOT NULL, view jsonb NOT NULL)",
    "CREATE INDEX IF NOT EXISTS requests_newest ON requests (requested_at DESC, request_id DESC)",
    "CREATE INDEX IF NOT EXISTS requests_of_deployment ON requests (namespace, name, requested_at DESC)",
)
_RUNNING: Final = (RequestState.APPROVED, RequestState.EXECUTING, RequestState.VERIFYING)
_VIEW: Final = TypeAdapter(RequestView)


class RequestTable:
    """See ports.Requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def put(self, request: Request) -> Write:
        return (
            "INSERT INTO requests (request_id, deployment_id, namespace, name, origin, state, requested_at, view) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (request_id) DO UPDATE SET state = excluded.state, view = excluded.view",
            (
                request.id,
                request.deployment_id,
                request.namespace,
                request.name,
                str(request.wish.origin),
                str(request.state),
                request.requested_at,
                _VIEW.dump_json(view(request)).decode(),
            ),
        )

    def find(self, request_id: UUID) -> RequestView | None:
        row = self._database.one("SELECT view FROM requests WHERE request_id = %s", (request_id,))
        return None if row is None else _VIEW.validate_python(row["view"])

    def known(self, deployment_id: UUID) -> bool:
        return bool(self._database.query("SELECT 1 FROM requests WHERE deployment_id = %s LIMIT 1", (deployment_id,)))

    def running(self, deployment_id: UUID) -> Sequence[UUID]:
        rows = self._database.query(
            "SELECT request_id FROM requests WHERE deployment_id = %s AND state = ANY(%s) ORDER BY requested_at",
            (deployment_id, [str(state) for state in _RUNNING]),
        )
        return [row["request_id"] for row in rows]

    def page(self, scope: Scope, state: RequestState | None, latest_only: bool, size: int, cursor: str) -> Page:
        where, params = restriction(scope)
        if state is not None:
            where.append("state = %s")
            params.append(str(state))
        if cursor:
            where.append("(requested_at, request_id) < (%s, %s)")
            params.extend(_opened(cursor))
        source = "requests"
        if latest_only:
            source = (
                "(SELECT DISTINCT ON (namespace, name) * FROM requests WHERE origin = 'USER' "
                "ORDER BY namespace, name, requested_at DESC, request_id DESC) newest"
            )
        rows = self._database.query(
            f"SELECT view, requested_at, request_id FROM {source} WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY requested_at DESC, request_id DESC LIMIT %s",
            (*params, size + 1),
        )
        views = tuple(_VIEW.validate_python(row["view"]) for row in rows[:size])
        return Page(views, _cursor(rows[size - 1]) if len(rows) > size else "")


def _cursor(row: dict[str, Any]) -> str:
    text = json.dumps([row["requested_at"].isoformat(), str(row["request_id"])])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _opened(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, request_id = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(at), UUID(request_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadCursor from error
