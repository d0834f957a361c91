"""Reading the inventory: resources of all deployments."""

from collections.abc import Mapping, Sequence

from deployforge_chassis.database import Database

from deployforge_state_manager.adapters.cursors import closed, opened, page_size
from deployforge_state_manager.application.ports import Row


class PostgresInventoryReader:
    """See ports.InventoryReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, filters: Mapping[str, str], namespaces: Sequence[str] | None, size: int, cursor: str
             ) -> tuple[Sequence[Row], str]:  # fmt: skip
        """See ports.InventoryReader."""
        size = page_size(size)
        where, params = ["urn > %s"], [opened(cursor)]
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
        return rows[:size], closed(rows[size - 1]["urn"]) if len(rows) > size else ""


def _wanted(namespace: str, reach: Sequence[str] | None) -> list[str] | None:
    """The namespaces to list; None means all."""
    if not namespace:
        return None if reach is None else sorted(set(reach))
    return [namespace] if reach is None or namespace in reach else []
