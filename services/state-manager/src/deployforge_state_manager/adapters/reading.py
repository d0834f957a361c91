"""What the gRPC API reads from the projections."""

import base64
from collections.abc import Mapping, Sequence

from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer
from pydantic_core import from_json

from deployforge_state_manager.application.ports import BadCursor, Row, StateNotFound

_PAGE = 100
_PAGE_AT_MOST = 500


class PostgresStateReader:
    """See ports.StateReader."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def version(self, namespace: str, name: str, version: int = 0) -> Row:
        """A version (0: the newest). Raises StateNotFound."""
        row = self._database.one(
            "SELECT * FROM versions WHERE namespace = %s AND name = %s AND (%s = 0 OR version = %s) "
            "ORDER BY version DESC LIMIT 1",
            (namespace, name, version, version),
        )
        if row is None:
            what = f"version {version} of {namespace}/{name}" if version else f"{namespace}/{name}"
            raise StateNotFound(f"nothing is known of {what}")
        return self._opened(row)

    def last_known_good(self, namespace: str, name: str) -> Row:
        """The newest version whose compliance report passed. Raises StateNotFound."""
        row = self._database.one(
            "SELECT * FROM versions WHERE namespace = %s AND name = %s AND good ORDER BY version DESC LIMIT 1",
            (namespace, name),
        )
        if row is None:
            raise StateNotFound(f"no version of {namespace}/{name} is known to be good")
        return self._opened(row)

    def history(self, namespace: str, name: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """Versions, newest first, and the next cursor."""
        size = _size(size)
        rows = self._database.query(
            "SELECT * FROM versions WHERE namespace = %s AND name = %s AND version < %s ORDER BY version DESC LIMIT %s",
            (namespace, name, int(_open_cursor(cursor) or 2**62), size + 1),
        )
        more = _cursor(str(rows[size - 1]["version"])) if len(rows) > size else ""
        return [self._opened(row) for row in rows[:size]], more

    def resources(self, version: Row) -> Sequence[Row]:
        """The resources of a version, by urn."""
        rows = self._database.query(
            "SELECT urn, from_version, body FROM resource_versions WHERE deployment_id = %s AND from_version <= %s "
            "AND (to_version IS NULL OR to_version > %s) ORDER BY urn",
            (version["deployment_id"], version["version"], version["version"]),
        )
        return [
            from_json(
                self._sealer.open(
                    bytes(row["body"]), f"resource|{version['deployment_id']}|{row['urn']}|{row['from_version']}"
                )
            )
            for row in rows
        ]

    def inventory(self, filters: Mapping[str, str], namespaces: Sequence[str] | None, size: int, cursor: str
                  ) -> tuple[Sequence[Row], str]:  # fmt: skip
        """Resources of all deployments by urn; `namespaces` None means all. Filters by column, empty ones ignored."""
        size = _size(size)
        where, params = ["urn > %s"], [_open_cursor(cursor)]
        for column in ("namespace", "name", "type", "provider", "location"):
            if filters.get(column):
                where.append(f"{column} = %s")
                params.append(filters[column])
        if namespaces is not None:
            where.append("namespace = ANY(%s)")
            params.append(list(namespaces))  # type: ignore[arg-type]
        rows = self._database.query(
            f"SELECT * FROM inventory WHERE {' AND '.join(where)} ORDER BY urn LIMIT %s",  # noqa: S608 - own columns
            (*params, size + 1),
        )
        return rows[:size], _cursor(rows[size - 1]["urn"]) if len(rows) > size else ""

    def _opened(self, row: Row) -> Row:
        place = f"version|{row['deployment_id']}|{row['version']}"
        return {**row, **from_json(self._sealer.open(bytes(row["body"]), place))} | {
            "effective_at": row["effective_at"], "body": None,
        }  # fmt: skip


def _size(asked: int) -> int:
    return min(asked or _PAGE, _PAGE_AT_MOST)


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _open_cursor(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError as error:
        raise BadCursor(f"{cursor!r} is no cursor of this listing") from error
