"""Reading versions and resources: by number, or at a point on the two time axes.

The rule of both axes: of all that was recorded by `known_at`, what became true last by `as_of` counts, each resource
for itself. So what becomes known late, though it was true early, changes the answer about then, and not about now.
Source of the model: Snodgrass, Developing Time-Oriented Database Applications in SQL (1999), bitemporal tables.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer
from pydantic_core import from_json

from deployforge_state_manager.application.cursors import closed, number, page_size
from deployforge_state_manager.application.ports import NEWEST, Point, RollbackInfo, Row, StateNotFound

_VERSIONS: Final = (
    "SELECT v.*, g.recorded_at AS good_at FROM versions AS v LEFT JOIN good_versions AS g USING (deployment_id, version)"
)


class PostgresStateReader:
    """See ports.StateReader."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def version(self, namespace: str, name: str, at: Point = NEWEST) -> Row:
        """See ports.StateReader."""
        if at.timed:
            row = self._database.one(
                f"{_VERSIONS} WHERE namespace = %s AND name = %s AND v.effective_at <= %s AND v.recorded_at <= %s "
                "ORDER BY effective_at DESC, version DESC LIMIT 1",
                (namespace, name, at.as_of or "infinity", at.known_at or "infinity"),
            )
        else:
            row = self._database.one(
                f"{_VERSIONS} WHERE namespace = %s AND name = %s AND (%s = 0 OR version = %s) "
                "ORDER BY version DESC LIMIT 1",
                (namespace, name, at.version, at.version),
            )
        if row is None:
            raise StateNotFound(f"nothing is known of {namespace}/{name}{at.words}")
        return self._opened([row], at.known_at)[0]

    def last_known_good(self, namespace: str, name: str) -> Row:
        """See ports.StateReader."""
        row = self._database.one(
            f"{_VERSIONS} WHERE namespace = %s AND name = %s AND g.recorded_at IS NOT NULL ORDER BY version DESC LIMIT 1",
            (namespace, name),
        )
        if row is None:
            raise StateNotFound(f"no version of {namespace}/{name} is known to be good")
        return self._opened([row])[0]

    def ways_back(self, namespace: str, name: str) -> RollbackInfo:
        """See ports.StateReader."""
        row = self._database.one(
            f"WITH own AS ({_VERSIONS} WHERE namespace = %s AND name = %s), "  # noqa: S608 - own
            "newest AS (SELECT desired_version FROM own ORDER BY version DESC LIMIT 1) "
            "SELECT coalesce(max(version) FILTER (WHERE good_at IS NOT NULL), 0) AS good, "
            "coalesce(max(version) FILTER (WHERE good_at IS NOT NULL AND own.desired_version <> newest.desired_version), "
            "0) AS target FROM own, newest",
            (namespace, name),
        )
        return RollbackInfo(row["good"], row["target"]) if row else RollbackInfo(0, 0)

    def history(self, namespace: str, name: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """See ports.StateReader."""
        size = page_size(size)
        rows = self._database.query(
            f"{_VERSIONS} WHERE namespace = %s AND name = %s AND version < %s ORDER BY version DESC LIMIT %s",
            (namespace, name, number(cursor), size + 1),
        )
        more = closed(str(rows[size - 1]["version"])) if len(rows) > size else ""
        return self._opened(rows[:size]), more

    def resources(self, version: Row, at: Point = NEWEST) -> Sequence[Row]:
        """See ports.StateReader."""
        if at.timed:
            chosen = "effective_at <= %s AND recorded_at <= %s", "effective_at DESC, resource_version DESC"
            params = (at.as_of or "infinity", at.known_at or "infinity")
        else:
            chosen, params = ("from_version <= %s", "resource_version DESC"), (version["version"],)
        rows = self._database.query(
            "SELECT DISTINCT ON (urn) deployment_id, urn, resource_version, body FROM resource_history "  # noqa: S608
            f"WHERE deployment_id = %s AND {chosen[0]} ORDER BY urn, {chosen[1]}",
            (version["deployment_id"], *params),
        )
        return [self._resource(row) for row in rows if row["body"] is not None]

    def resource_history(self, namespace: str, name: str, urn: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """See ports.StateReader."""
        size = page_size(size)
        deployment_id = self.version(namespace, name)["deployment_id"]
        place, before = (deployment_id, urn), number(cursor)
        rows = self._database.query(
            "SELECT * FROM (SELECT deployment_id, urn, position, resource_version, from_version, '' AS drift, "
            "effective_at, recorded_at, body FROM resource_history WHERE deployment_id = %s AND urn = %s UNION ALL "
            "SELECT deployment_id, urn, position, 0, 0, drift, effective_at, recorded_at, NULL FROM drift_notes "
            "WHERE deployment_id = %s AND urn = %s AND drift <> '') AS told "
            "WHERE position < %s ORDER BY position DESC LIMIT %s",
            (*place, *place, before, size + 1),
        )
        if not rows and not cursor:
            raise StateNotFound(f"{urn.rsplit(':', 1)[-1]} was never a resource of {namespace}/{name}")
        told = rows[:size]
        states = self._states(place, [v for row in told for v in (row["resource_version"], row["resource_version"] - 1)])
        more = closed(str(told[-1]["position"])) if len(rows) > size else ""
        return [
            {**row, "state": states.get(row["resource_version"]), "before": states.get(row["resource_version"] - 1)}
            for row in told
        ], more

    def _states(self, place: tuple[Any, str], versions: Sequence[int]) -> dict[int, dict[str, Any]]:
        rows = self._database.query(
            "SELECT * FROM resource_history WHERE deployment_id = %s AND urn = %s AND resource_version = ANY(%s) "
            "AND body IS NOT NULL",
            (*place, list(versions)),
        )
        return {row["resource_version"]: self._resource(row) for row in rows}

    def urns(self, deployment_id: UUID) -> Sequence[str]:
        """See ports.StateReader."""
        rows = self._database.query("SELECT DISTINCT urn FROM resource_history WHERE deployment_id = %s", (deployment_id,))
        return sorted(row["urn"] for row in rows)

    def _resource(self, row: Row) -> dict[str, Any]:
        place = f"resource|{row['deployment_id']}|{row['urn']}|{row['resource_version']}"
        return dict(from_json(self._sealer.open(bytes(row["body"]), place)))

    def _opened(self, rows: Sequence[Row], known_at: datetime | None = None) -> list[Row]:
        """Versions with their bodies, and with what is known of their requests."""
        if not rows:
            return []
        requests = self._database.query(
            "SELECT * FROM requests WHERE deployment_id = %s AND id = ANY(%s)",
            (rows[0]["deployment_id"], [str(row[key]) for row in rows for key in ("request_id", "plan_id", "version")]),
        )
        known = {
            (row["kind"], row["id"]): from_json(
                self._sealer.open(bytes(row["body"]), f"{row['kind']}|{row['deployment_id']}|{row['id']}")
            )
            for row in requests
        }
        opened = []
        for row in rows:
            place = f"version|{row['deployment_id']}|{row['version']}"
            body = from_json(self._sealer.open(bytes(row["body"]), place))
            asked, released = known.get(("asked", row["request_id"])), known.get(("released", row["plan_id"]))
            good = row["good_at"] is not None and (known_at is None or row["good_at"] <= known_at)
            origin = known.get(("origin", str(row["version"])))
            about = {"good": good, "asked": asked, "released": released, "origin": origin}
            opened.append({**body, **row, "body": None, **about})
        return opened
