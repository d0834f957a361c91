"""Reading the inventory: resources of all deployments, and what was found in their accounts and is nobody's.

A page is served in order by one index: on the filter that the fewest rows pass (the counts know), then on what is
sorted by. The other filters are checked row by row, of so many rows at most; then the page ends where it is, short or
empty, with a cursor. So every page costs about the same, whatever is asked for and however much there is, and finding
what is rare in combination takes several pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis.database import Database
from psycopg import Cursor

from deployforge_state_manager.adapters.tables import FACETS
from deployforge_state_manager.application.cursors import bound, page_size, unbound
from deployforge_state_manager.application.ports import BadFilter, Counts, Filters, Row

#: Index entries looked at for one page.
_LOOKED_AT: Final = 1_500
#: A listing of more namespaces looks through all rows for those in them, instead of through each namespace.
_NAMESPACES_AT_MOST: Final = 8
#: Rows counted one by one, where counts are not kept.
_COUNTED: Final = 20_000


@dataclass(frozen=True)
class _Sort:
    """What is sorted by; the last part is the urn, so that no two rows are equal. All parts go one way."""

    parts: tuple[str, ...]
    casts: tuple[str, ...]
    descending: bool = False

    @property
    def order(self) -> str:
        return ", ".join(f"{part}{' DESC' if self.descending else ''}" for part in self.parts)

    @property
    def beyond(self) -> str:
        """The condition of coming after a key."""
        values = ", ".join(f"%s::{cast}" for cast in self.casts)
        return f"({', '.join(self.parts)}) {'<' if self.descending else '>'} ({values})"

    def key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[part] for part in self.parts)


_SORTS: Final[Mapping[str, _Sort]] = {
    "urn": _Sort(("urn",), ("text",)),
    "changed": _Sort(("changed_at", "urn"), ("timestamptz", "text"), descending=True),
    "type": _Sort(("type", "urn"), ("text", "text")),
}
_COLUMNS: Final = ("type", "provider", "location", "drift", "criticality", "state")


@dataclass(frozen=True)
class _Condition:
    sql: str
    params: tuple[Any, ...]
    few: bool = False
    """Few rows pass, and no index has them in every order: they are sorted."""


class PostgresInventoryReader:
    """See ports.InventoryReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, filters: Filters, namespaces: Sequence[str] | None, size: int = 0, cursor: str = "", sort: str = ""
    ) -> tuple[Sequence[Row], str]:
        """See ports.InventoryReader."""
        by = _SORTS.get(sort or "urn")
        if by is None:
            raise BadFilter(f"nothing is sorted by {sort!r}; there are {', '.join(_SORTS)}")
        if sort == "type" and filters.type is not None:
            # Of one type that is the same order, and PostgreSQL would sort all of it to find out.
            by = _SORTS["urn"]
        size, listing = page_size(size), [filters, sort or "urn"]
        after = unbound(cursor, listing, len(by.parts))
        with self._database.transaction() as transaction:
            # One moment for all that a page is put together from.
            transaction.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            leads, others = _plan(transaction, filters, namespaces)
            if not any(lead.few for lead in leads):
                # In the order of an index from the first row on, instead of all rows sorted first.
                transaction.execute("SET LOCAL enable_sort = off")
            rows: list[Row] = []
            ends: list[Row] = []
            for lead in leads:
                most = max(size + 1, _LOOKED_AT // len(leads))
                found, end = _looked_up(transaction, lead, others, by, after, size + 1, most)
                rows += found
                ends += [end] if end is not None else []
        return _merged(rows, ends, by, size, listing)

    def count(self, filters: Filters, namespaces: Sequence[str] | None) -> Counts:
        """See ports.InventoryReader."""
        wanted = _wanted(filters.namespace, namespaces)
        if filters == Filters(namespace=filters.namespace):
            rows = self._database.query(
                "SELECT facet, value, sum(n)::bigint AS n FROM inventory_counts WHERE namespace = ANY(%s) GROUP BY 1, 2",
                (["*"] if wanted is None else wanted,),
            )
            return _counts(rows, exact=True)
        with self._database.transaction() as transaction:
            transaction.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            leads, others = _plan(transaction, filters, namespaces)
            counted: list[Row] = []
            exact = True
            for lead in leads:
                most = _COUNTED // len(leads)
                found, end = _looked_up(transaction, lead, others, _SORTS["urn"], None, most, most)
                counted += found
                exact = exact and end is None and len(found) < most
        return _counts(
            [{"facet": facet, "value": row[facet], "n": 1} for row in counted for facet in FACETS]
            + [{"facet": "", "value": "", "n": len(counted)}],
            exact,
        )


def _plan(cursor: Cursor[Any], filters: Filters, reach: Sequence[str] | None) -> tuple[list[_Condition], list[_Condition]]:
    """The conditions that lead (each is looked through by itself), and those that every row is held to."""
    wanted = _wanted(filters.namespace, reach)
    conditions = {
        column: _Condition(f"{column} = %s", (value,))
        for column in _COLUMNS
        if (value := getattr(filters, column)) is not None
    }
    if filters.tag:
        tagged = "EXISTS (SELECT 1 FROM inventory_tags t WHERE t.tag = %s AND t.urn = inventory.urn)"
        conditions["tag"] = _Condition(tagged, (filters.tag,))
    if filters.name:
        conditions["name"] = _Condition("name = %s", (filters.name,))
    sizes = {column: _size(cursor, column, getattr(filters, column)) for column in _COLUMNS if column in conditions}
    if filters.tag:
        sizes["tag"] = _few(cursor, "inventory_tags", "tag = %s", (filters.tag,))
    if wanted is not None and len(wanted) <= _NAMESPACES_AT_MOST:
        places = [_Condition("namespace = %s", (namespace,)) for namespace in wanted]
        if filters.name:
            named = conditions.pop("name")
            joined = [_Condition(f"{p.sql} AND {named.sql}", (*p.params, *named.params), few=True) for p in places]
            return joined, _values(conditions)
        if sum(_size(cursor, "", "", namespace) for namespace in wanted) <= min(sizes.values(), default=2**62):
            return places, _values(conditions)
    if wanted is not None:
        conditions["namespace"] = _Condition("namespace = ANY(%s)", (wanted,))
    if not sizes:
        return [_Condition("true", ())], _values(conditions)
    lead = min(sizes, key=lambda column: sizes[column])
    if lead == "tag":
        # There are few of them, or it would not lead: all can be sorted.
        conditions["tag"] = _Condition("urn IN (SELECT urn FROM inventory_tags WHERE tag = %s)", (filters.tag,), few=True)
    return [conditions.pop(lead)], _values(conditions)


def _values(conditions: Mapping[str, _Condition]) -> list[_Condition]:
    return list(conditions.values())


def _size(cursor: Cursor[Any], facet: str, value: str, namespace: str = "*") -> int:
    """How many rows have a value."""
    row = cursor.execute(
        "SELECT n FROM inventory_counts WHERE namespace = %s AND facet = %s AND value = %s", (namespace, facet, value)
    ).fetchone()
    return row["n"] if row else 0


def _few(cursor: Cursor[Any], table: str, condition: str, params: tuple[Any, ...]) -> int:
    """How many rows, of so many that it would not matter."""
    row = cursor.execute(
        f"SELECT count(*) AS n FROM (SELECT 1 FROM {table} WHERE {condition} LIMIT %s) AS few".encode(),  # noqa: S608
        (*params, _LOOKED_AT),
    ).fetchone()
    return row["n"] if row and row["n"] < _LOOKED_AT else 2**61


def _looked_up(
    cursor: Cursor[Any],
    lead: _Condition,
    others: Sequence[_Condition],
    by: _Sort,
    after: Sequence[str] | None,
    limit: int,
    most: int,
) -> tuple[list[Row], Row | None]:
    """The first `limit` rows of `most` that are looked at; and the last one looked at, where there may be more."""
    where, params = lead.sql, list(lead.params)
    if after is not None:
        where, params = f"{where} AND {by.beyond}", [*params, *after]
    looked_at = f"SELECT * FROM inventory WHERE {where} ORDER BY {by.order} LIMIT {most if others else limit}"  # noqa: S608
    if not others:
        return cursor.execute(looked_at.encode(), params).fetchall(), None
    held = " AND ".join(f"({condition.sql})" for condition in others)
    params += [param for condition in others for param in condition.params]
    # Looked through once, and only so far as it takes to fill the page.
    sql = (
        f"WITH inventory AS MATERIALIZED ({looked_at}), "  # noqa: S608 - own
        f"page AS MATERIALIZED (SELECT * FROM inventory WHERE {held} ORDER BY {by.order} LIMIT {limit}), "
        f"last AS (SELECT * FROM inventory WHERE (SELECT count(*) FROM page) < {limit} "
        f"ORDER BY {by.order} OFFSET {most - 1}) "
        "SELECT *, false AS is_last FROM page UNION ALL SELECT *, true FROM last"
    )
    rows = cursor.execute(sql.encode(), params).fetchall()
    end = next((row for row in rows if row["is_last"]), None)
    found = [row for row in rows if not row["is_last"]]
    found.sort(key=by.key, reverse=by.descending)
    return found, end


def _merged(rows: list[Row], ends: list[Row], by: _Sort, size: int, listing: Any) -> tuple[list[Row], str]:
    """Rows of several lookups as one page. What lies beyond where the first lookup ended is not known to be next."""
    rows.sort(key=by.key, reverse=by.descending)
    if not ends:
        page = rows[:size]
        return page, bound(_written(by.key(page[-1])), listing) if len(rows) > size else ""
    end = (max if by.descending else min)(by.key(row) for row in ends)
    known = [row for row in rows if (by.key(row) >= end if by.descending else by.key(row) <= end)]
    page = known[:size]
    return page, bound(_written(by.key(page[-1]) if len(known) > size else end), listing)


def _written(key: Sequence[Any]) -> list[str]:
    return [part if isinstance(part, str) else part.isoformat() for part in key]


def _counts(rows: Sequence[Row], exact: bool) -> Counts:
    found: dict[str, dict[str, int]] = {facet: {} for facet in ("", *FACETS)}
    for row in rows:
        values = found[row["facet"]]
        values[row["value"]] = values.get(row["value"], 0) + row["n"]
    total = found.pop("").get("", 0)
    return Counts(
        total, {f: dict(sorted(v.items(), key=lambda item: (-item[1], item[0]))) for f, v in found.items()}, exact
    )


def _wanted(namespace: str, reach: Sequence[str] | None) -> list[str] | None:
    """The namespaces to list; None means all."""
    if not namespace:
        return None if reach is None else sorted(set(reach))
    return [namespace] if reach is None or namespace in reach else []
