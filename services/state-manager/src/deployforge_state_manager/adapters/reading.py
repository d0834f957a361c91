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
            (namespace, name, _number(cursor), size + 1),
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
        for column in ("name", "type", "provider", "location"):
            if filters.get(column):
                where.append(f"{column} = %s")
                params.append(filters[column])
        page = f"SELECT * FROM inventory WHERE {' AND '.join(where)}"  # noqa: S608 - own columns
        wanted = _wanted(filters.get("namespace", ""), namespaces)
        if wanted is None:
            rows = self._database.query(f"{page} ORDER BY urn LIMIT %s", (*params, size + 1))
        else:
            # A page of each namespace, then of those: an index can serve each in order, but not all at once.
            rows = self._database.query(
                f"SELECT found.* FROM unnest(%s::text[]) AS wanted (namespace) CROSS JOIN LATERAL "  # noqa: S608
                f"({page} AND inventory.namespace = wanted.namespace ORDER BY urn LIMIT %s) AS found "
                "ORDER BY found.urn LIMIT %s",
                (wanted, *params, size + 1, size + 1),
            )
        return rows[:size], _cursor(rows[size - 1]["urn"]) if len(rows) > size else ""

    def _opened(self, row: Row) -> Row:
        place = f"version|{row['deployment_id']}|{row['version']}"
        return {**row, **from_json(self._sealer.open(bytes(row["body"]), place))} | {
            "effective_at": row["effective_at"], "body": None,
        }  # fmt: skip


def _wanted(namespace: str, reach: Sequence[str] | None) -> list[str] | None:
    """The namespaces to list; None means all."""
    if not namespace:
        return None if reach is None else sorted(set(reach))
    return [namespace] if reach is None or namespace in reach else []


def _size(asked: int) -> int:
    return min(asked or _PAGE, _PAGE_AT_MOST)


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _number(cursor: str) -> int:
    opened = _open_cursor(cursor)
    if opened and not opened.isdecimal():
        raise BadCursor(f"{cursor!r} is no cursor of this listing")
    return int(opened or 2**62)


def _open_cursor(cursor: str) -> str:
    try:
        opened = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise BadCursor(f"{cursor!r} is no cursor of this listing") from error
    if not opened.isprintable():
        raise BadCursor(f"{cursor!r} is no cursor of this listing")
    return opened
