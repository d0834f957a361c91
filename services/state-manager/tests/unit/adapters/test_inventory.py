"""Pages: every filter gives what a plain search would, in order, without gaps, and reads little."""

from collections.abc import Sequence
from itertools import product

import pytest
from deployforge_state_manager.adapters.inventory import PostgresInventoryReader
from deployforge_state_manager.application.ports import BadCursor

from ...conftest import Memory

_FILL = """
INSERT INTO inventory (urn, deployment_id, namespace, name, type, native_type, provider, account, location,
    physical_id, criticality, version, changed_at)
SELECT 'urn:df:ns' || n % 5 || ':app' || n % 20 || ':r' || n, gen_random_uuid(), 'ns' || n % 5, 'app' || n % 20,
    CASE n % 1000 WHEN 7 THEN 'Table' ELSE 'Queue' END, 'x', CASE n % 3 WHEN 0 THEN 'gcp' ELSE 'aws' END, '0',
    CASE n % 7 WHEN 0 THEN 'eu-west-1' ELSE 'us-east-1' END, 'p', 'normal', 1, now()
FROM generate_series(1, {rows}) AS n
"""

_FILTERS = [
    dict(zip(("namespace", "name", "type", "provider", "location"), values, strict=True))
    for values in product(("", "ns2"), ("", "app7"), ("", "Table"), ("", "gcp"), ("", "eu-west-1"))
]
_REACHES: list[Sequence[str] | None] = [None, ["ns1", "ns2", "ns2"], ["elsewhere"], []]


def _fill(memory: Memory, rows: int) -> None:
    memory.app.database.migrate([_FILL.format(rows=rows), "ANALYZE inventory"])


def test_every_filter_gives_what_a_plain_search_gives(memory: Memory) -> None:
    _fill(memory, 600)
    everything = memory.app.database.query("SELECT * FROM inventory")
    for filters, reach in product(_FILTERS, _REACHES):
        found, cursor = [], ""
        while True:
            rows, cursor = memory.inventory.page(filters, reach, 50, cursor)
            found += [row["urn"] for row in rows]
            if not cursor:
                break
        assert found == sorted(
            row["urn"]
            for row in everything
            if all(row[column] == wanted for column, wanted in filters.items() if wanted)
            and (reach is None or row["namespace"] in reach)
        )


def test_a_page_reads_little_however_much_there_is(memory: Memory) -> None:
    _fill(memory, 30_000)
    pages: list[tuple[dict[str, str], Sequence[str] | None]] = [
        ({}, None), ({}, ["ns3"]), ({}, ["ns1", "ns3"]), ({"namespace": "ns3"}, None), ({"namespace": "ns3"}, ["ns3"]),
        ({"namespace": "ns3", "type": "Table"}, None), ({"type": "Queue"}, ["ns3"]), ({"type": "Table"}, None),
        ({"location": "nowhere"}, None), ({"provider": "gcp"}, None),
    ]  # fmt: skip
    for filters, reach in pages:
        assert _read_by(memory, filters, reach) <= 600, (filters, reach)


def _read_by(memory: Memory, filters: dict[str, str], reach: Sequence[str] | None) -> int:
    """How many rows a page of 20 makes the database read."""
    count = (
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS n FROM pg_stat_xact_user_tables WHERE relname = 'inventory'"
    )
    with memory.app.database.transaction() as cursor:
        through = PostgresInventoryReader(_Through(cursor))  # type: ignore[arg-type]
        cursor.execute(count.encode())
        before = cursor.fetchall()[0]["n"]
        through.page(filters, reach, 20, "")
        cursor.execute(count.encode())
        return int(cursor.fetchall()[0]["n"] - before)


class _Through:
    """Queries by one cursor, whose statistics can be read before its transaction ends."""

    def __init__(self, cursor: object) -> None:
        self._cursor = cursor

    def query(self, sql: str, params: Sequence[object] = ()) -> object:
        return self._cursor.execute(sql.encode(), params).fetchall()  # type: ignore[attr-defined]


def test_a_cursor_that_nobody_gave_out_is_refused(memory: Memory) -> None:
    for cursor in ("?", "AA==", "/w=="):
        with pytest.raises(BadCursor):
            memory.inventory.page({}, None, 2, cursor)
