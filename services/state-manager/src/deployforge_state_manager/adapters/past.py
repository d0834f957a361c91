"""Reading the inventory as it was: what was managed, where, and what had drifted, by the rule of versions.py.

Pages go by urn. Of so many resources at most it is looked up what they were; then the page ends where it is, short or
empty, with a cursor, as pages of the present do.
"""

from collections.abc import Sequence
from typing import Any, Final

from deployforge_chassis.database import Database

from deployforge_state_manager.application.cursors import bound, page_size, unbound
from deployforge_state_manager.application.ports import Filters, Point, Row

#: Resources looked up for one page.
_LOOKED_UP: Final = 600

_AT: Final = "effective_at <= %s AND recorded_at <= %s ORDER BY effective_at DESC"
_PAGE: Final = (
    "WITH looked_up AS (SELECT DISTINCT urn FROM resource_history WHERE {where} ORDER BY urn LIMIT %s) "  # noqa: S608 - own
    "SELECT looked_up.urn AS at, h.*, h.resource_version AS version, h.effective_at AS changed_at, "
    "coalesce(d.drift, '') AS drift FROM looked_up "
    f"LEFT JOIN LATERAL (SELECT * FROM resource_history h WHERE h.urn = looked_up.urn AND {_AT}, resource_version DESC "
    "LIMIT 1) AS h ON true LEFT JOIN LATERAL (SELECT drift FROM drift_notes d WHERE d.deployment_id = h.deployment_id "
    f"AND d.urn = h.urn AND {_AT}, position DESC LIMIT 1) AS d ON true ORDER BY looked_up.urn"
)


class PostgresPastInventoryReader:
    """See ports.PastInventoryReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, at: Point, filters: Filters, namespaces: Sequence[str] | None, size: int = 0, cursor: str = ""
    ) -> tuple[Sequence[Row], str]:
        """See ports.PastInventoryReader."""
        size, listing = page_size(size), [filters, at]
        where, params = ["urn > %s"], [(unbound(cursor, listing, 1) or [""])[0]]
        if filters.namespace:
            where, params = [*where, "namespace = %s"], [*params, filters.namespace]
        times = (at.as_of or "infinity", at.known_at or "infinity")
        rows = self._database.query(_PAGE.replace("{where}", " AND ".join(where)), (*params, _LOOKED_UP, *times, *times))
        found = [_shown(row) for row in rows if row["body"] is not None and _passes(row, filters, namespaces)]
        if len(found) > size:
            return found[:size], bound([found[size - 1]["urn"]], listing)
        return found, bound([rows[-1]["at"]], listing) if len(rows) == _LOOKED_UP else ""


def _shown(row: Row) -> dict[str, Any]:
    return {**row, "state": _state(row)}


def _state(row: Row) -> str:
    return "missing" if row["drift"] == "missing" else "managed"


def _passes(row: Row, filters: Filters, namespaces: Sequence[str] | None) -> bool:
    if namespaces is not None and row["namespace"] not in namespaces:
        return False
    if filters.name and row["name"] != filters.name:
        return False
    if filters.tag and not any(tag == filters.tag or tag.startswith(f"{filters.tag}=") for tag in row["tags"]):
        return False
    held = {name: getattr(filters, name) for name in ("type", "provider", "location", "drift", "criticality")}
    return all(value is None or row[name] == value for name, value in held.items()) and filters.state in (None, _state(row))
