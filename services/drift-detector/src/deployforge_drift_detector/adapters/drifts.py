"""Drift records as readers see them, one row per episode; what was expected and found stays sealed."""

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer
from pydantic import TypeAdapter

from deployforge_drift_detector.application.views import BadCursor, DriftView, Page
from deployforge_drift_detector.domain.drift import Drift

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS drifts (drift_id uuid PRIMARY KEY, urn text NOT NULL, deployment_id uuid NOT NULL, "
    "namespace text NOT NULL, name text NOT NULL, fingerprint text NOT NULL, open boolean NOT NULL, "
    "detected_at timestamptz NOT NULL, last_seen_at timestamptz NOT NULL, resolved_at timestamptz, "
    "body bytea NOT NULL)",
    "CREATE UNIQUE INDEX IF NOT EXISTS drifts_open ON drifts (urn) WHERE open",
    "CREATE INDEX IF NOT EXISTS drifts_of ON drifts (urn)",
    "CREATE INDEX IF NOT EXISTS drifts_newest ON drifts (namespace, name, detected_at DESC, drift_id DESC)",
)
_VIEW: Final = TypeAdapter(DriftView)


class DriftTable:
    """See ports.Drifts."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate(SCHEMA)
        sealer.declare(SealedColumn("drifts", "body", ("drift_id",), lambda row: _place(row["drift_id"])))

    def open(self, urns: Collection[str]) -> Mapping[str, str]:
        rows = self._database.query("SELECT urn, fingerprint FROM drifts WHERE open AND urn = ANY(%s)", (list(urns),))
        return {row["urn"]: row["fingerprint"] for row in rows}

    def open_urns(self) -> Sequence[str]:
        return [row["urn"] for row in self._database.query("SELECT urn FROM drifts WHERE open ORDER BY urn")]

    def put(self, *drifts: Drift) -> Write:
        views = [_view(drift) for drift in drifts]
        bodies = [self._sealer.seal(view.deployment_id, _VIEW.dump_json(view), _place(view.drift_id)) for view in views]
        # One statement for hundreds of rows.
        return (
            "INSERT INTO drifts (drift_id, urn, deployment_id, namespace, name, fingerprint, open, detected_at, "
            "last_seen_at, resolved_at, body) SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], "
            "%s::text[], %s::text[], %s::boolean[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bytea[]) "
            "ON CONFLICT (drift_id) DO UPDATE SET fingerprint = excluded.fingerprint, open = excluded.open, "
            "last_seen_at = greatest(drifts.last_seen_at, excluded.last_seen_at), "
            "resolved_at = excluded.resolved_at, body = excluded.body",
            (
                [view.drift_id for view in views], [view.urn for view in views], [view.deployment_id for view in views],
                [view.namespace for view in views], [view.name for view in views],
                [drift.finding.fingerprint if drift.finding else "" for drift in drifts], [drift.open for drift in drifts],
                [view.detected_at for view in views], [view.last_seen_at for view in views],
                [view.resolved_at for view in views], bodies,
            ),
        )  # fmt: skip

    def seen(self, times: Mapping[str, datetime]) -> Write:
        # In urn order: two that meet cannot lock each other out.
        rows = sorted(times.items())
        return (
            "UPDATE drifts SET last_seen_at = greatest(last_seen_at, seen.at) "
            "FROM (SELECT * FROM unnest(%s::text[], %s::timestamptz[]) AS rows (urn, at) ORDER BY urn) AS seen "
            "WHERE drifts.open AND drifts.urn = seen.urn",
            ([urn for urn, _ in rows], [at for _, at in rows]),
        )

    def find(self, drift_id: UUID) -> DriftView | None:
        row = self._database.one("SELECT drift_id, last_seen_at, body FROM drifts WHERE drift_id = %s", (drift_id,))
        return None if row is None else self._opened(row)

    def page(self, namespace: str, name: str, *, open_only: bool, size: int, cursor: str) -> Page:
        where, params = ["true"], list[Any]()
        for column, value in (("namespace", namespace), ("name", name)):
            if value:
                where.append(f"{column} = %s")
                params.append(value)
        if open_only:
            where.append("open")
        if cursor:
            where.append("(detected_at, drift_id) < (%s, %s)")
            params.extend(_read_cursor(cursor))
        rows = self._database.query(
            f"SELECT drift_id, detected_at, last_seen_at, body FROM drifts WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY detected_at DESC, drift_id DESC LIMIT %s",
            (*params, size + 1),
        )
        views = tuple(map(self._opened, rows[:size]))
        return Page(views, _cursor(rows[size - 1]) if len(rows) > size else "")

    def _opened(self, row: Mapping[str, Any]) -> DriftView:
        body = _VIEW.validate_json(self._sealer.open(bytes(row["body"]), _place(row["drift_id"])))
        # The row's own time is newer: an unchanged drift moves only that.
        return DriftView(**{**vars(body), "last_seen_at": row["last_seen_at"]})


def _view(drift: Drift) -> DriftView:
    finding, detected_at, observed_at = drift.finding, drift.detected_at, drift.observed_at
    assert finding is not None
    assert detected_at is not None
    assert observed_at is not None
    return DriftView(
        drift_id=drift.id_of_episode,
        urn=drift.urn,
        deployment_id=drift.deployment_id,
        namespace=drift.namespace,
        name=drift.name,
        type=drift.type,
        kind=str(finding.kind),
        episode=drift.episode,
        severity=str(finding.severity),
        rule=finding.rule,
        attributes=finding.attributes,
        impact=drift.downstream.impact,
        affected=drift.downstream.affected,
        outputs=drift.downstream.outputs,
        detected_at=detected_at,
        last_seen_at=observed_at,
        resolved_at=drift.resolved_at,
        desired_version=drift.desired_version,
        physical_id=drift.physical_id,
    )


def _place(drift_id: UUID) -> str:
    return f"drift-record|{drift_id}"


def _cursor(row: Mapping[str, Any]) -> str:
    text = json.dumps([row["detected_at"].isoformat(), str(row["drift_id"])])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, drift_id = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(at), UUID(drift_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadCursor from error
