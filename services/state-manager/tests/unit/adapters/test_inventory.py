"""Pages: every filter and sorting gives what a plain search would, in order, without gaps, and reads little."""

import random
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from deployforge_state_manager.adapters import inventory
from deployforge_state_manager.adapters.inventory import PostgresInventoryReader
from deployforge_state_manager.adapters.past import PostgresPastInventoryReader
from deployforge_state_manager.application.ports import BadCursor, BadFilter, Filters, Point

from ...conftest import Memory, urn

_FILL = """
INSERT INTO inventory (urn, deployment_id, namespace, name, type, native_type, provider, provider_type, account, location,
    physical_id, criticality, owner, tags, drift, version, changed_at)
SELECT 'urn:df:ns' || n % 5 || ':app' || n % 20 || ':r' || n, CASE n % 50 WHEN 0 THEN NULL ELSE gen_random_uuid() END,
    CASE n % 50 WHEN 0 THEN '' ELSE 'ns' || n % 5 END, 'app' || n % 20, CASE n % 1000 WHEN 7 THEN 'Table' ELSE 'Queue' END,
    'x', CASE n % 3 WHEN 0 THEN 'gcp' ELSE 'aws' END, 'aws', '0', CASE n % 7 WHEN 0 THEN 'eu-west-1' ELSE 'us-east-1' END,
    'p' || n, CASE n % 100 WHEN 3 THEN 'high' ELSE 'normal' END, '', ARRAY['team=' || n % 11],
    CASE n % 40 WHEN 1 THEN 'drifted' WHEN 2 THEN 'missing' ELSE '' END, 1, to_timestamp(1790000000 + n * 7919 % 100000)
FROM generate_series(1, {rows}) AS n
"""
_TAG = (
    "INSERT INTO inventory_tags SELECT DISTINCT unnest(ARRAY[t, split_part(t, '=', 1)]), urn FROM inventory, unnest(tags) t"
)

_FILTERS = [
    Filters(**dict(zip(("namespace", "name", "type", "provider", "drift", "tag"), values, strict=True)))
    for values in product(("", "ns2"), ("", "app7"), (None, "Table"), (None, "gcp"), (None, "drifted"), ("", "team=3"))
]
_REACHES: list[Sequence[str] | None] = [None, ["ns1", "ns2", "ns2"], [f"ns{n}" for n in range(12)], ["elsewhere"], []]


def _fill(memory: Memory, rows: int) -> None:
    memory.app.database.migrate([_FILL.format(rows=rows), _TAG, "ANALYZE inventory", "ANALYZE inventory_tags"])


def _everything(memory: Memory, filters: Filters, reach: Sequence[str] | None, sort: str, size: int) -> list[Any]:
    found, cursor, pages = [], "", 0
    while True:
        rows, cursor = memory.inventory.page(filters, reach, size, cursor, sort)
        assert len(rows) <= size
        found += rows
        pages += 1
        if not cursor:
            return found
        assert pages < 400


def _held(row: Any, filters: Filters, reach: Sequence[str] | None) -> bool:
    wanted = {name: getattr(filters, name) for name in ("namespace", "name", "type", "provider", "drift", "state")}
    return (
        all(value in (None, "") or row[name] == value for name, value in wanted.items())
        and (not filters.tag or filters.tag in row["tags"])
        and (reach is None or row["namespace"] in reach)
    )


@pytest.mark.parametrize("looked_at", [50, 4000])
def test_every_filter_gives_what_a_plain_search_gives(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    _fill(memory, 500)
    monkeypatch.setattr(inventory, "_LOOKED_AT", looked_at)
    rows = memory.app.database.query("SELECT * FROM inventory")
    orders: dict[str, Any] = {
        "urn": lambda r: r["urn"], "changed": lambda r: (r["changed_at"], r["urn"]), "type": lambda r: (r["type"], r["urn"]),
    }  # fmt: skip
    chance = random.Random(looked_at)
    for filters, reach, sort in chance.sample(list(product(_FILTERS, _REACHES, orders)), 90):
        found = _everything(memory, filters, reach, sort, 30)
        expected = sorted((r for r in rows if _held(r, filters, reach)), key=orders[sort], reverse=sort == "changed")
        assert [r["urn"] for r in found] == [r["urn"] for r in expected], (filters, reach, sort)


def test_pages_stay_true_while_rows_come_and_go(memory: Memory) -> None:
    _fill(memory, 300)
    before = {row["urn"] for row in memory.app.database.query("SELECT urn FROM inventory")}
    rows, cursor = memory.inventory.page(Filters(), None, 100)
    memory.executed({f"new{n}": {} for n in range(3)})
    memory.app.database.write([("DELETE FROM inventory WHERE urn = %s", (rows[0]["urn"],))])
    found = [row["urn"] for row in rows]
    while cursor:
        rows, cursor = memory.inventory.page(Filters(), None, 100, cursor)
        found += [row["urn"] for row in rows]
    assert len(found) == len(set(found))
    assert before <= set(found)


def test_a_page_reads_little_however_much_there_is(memory: Memory) -> None:
    _fill(memory, 30_000)
    pages: list[tuple[Filters, Sequence[str] | None]] = [
        (Filters(), None), (Filters(), ["ns3"]), (Filters(), ["ns1", "ns3"]), (Filters(namespace="ns3"), None),
        (Filters(namespace="ns3", type="Table"), None), (Filters(type="Table"), ["ns3"]), (Filters(location="nowhere"), None),
        (Filters(provider="gcp"), None), (Filters(state="unmanaged"), None), (Filters(drift="drifted"), ["ns1"]),
    ]  # fmt: skip
    for (filters, reach), sort in product(pages, ("urn", "changed", "type")):
        # Of 30,000 rows.
        assert _read_by(memory, filters, reach, sort) <= inventory._LOOKED_AT, (filters, reach, sort)
    # However rare in combination, a page costs no more than it may: of each row, its tags are looked up too.
    rare = Filters(type="Queue", provider="aws", location="us-east-1", tag="team=12")
    assert _read_by(memory, rare, None, "changed") <= 2 * inventory._LOOKED_AT


def _read_by(memory: Memory, filters: Filters, reach: Sequence[str] | None, sort: str) -> int:
    """How many rows a page of 20 makes the database read."""
    count = (
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS n FROM pg_stat_xact_user_tables WHERE relname = 'inventory'"
    )
    with memory.app.database.transaction() as cursor:
        through = PostgresInventoryReader(_Through(cursor))  # type: ignore[arg-type]
        # The reader begins its transaction itself.
        cursor.execute("COMMIT; BEGIN")
        through.page(filters, reach, 20, "", sort)
        cursor.execute(count.encode())
        return int(cursor.fetchall()[0]["n"])


class _Through:
    """Queries by one cursor, whose statistics can be read before its transaction ends."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    @contextmanager
    def transaction(self) -> Any:
        yield self._cursor


def test_counts_of_a_bounded_number_of_rows_say_so(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(memory, 300)
    assert memory.inventory.count(Filters(), None) == memory.inventory.count(Filters(), None)
    whole = memory.inventory.count(Filters(provider="gcp"), None)
    assert (whole.total, whole.exact) == (100, True)
    assert sum(whole.facets["drift"].values()) == 100
    monkeypatch.setattr(inventory, "_COUNTED", 40)
    cut = memory.inventory.count(Filters(provider="gcp"), None)
    assert (cut.total, cut.exact) == (40, False)
    assert memory.inventory.count(Filters(namespace="ns1"), ["ns1"]).total == 60


def test_a_cursor_is_for_its_own_listing_only(memory: Memory) -> None:
    _fill(memory, 300)
    filters = Filters(provider="aws")
    cursor = memory.inventory.page(filters, None, 2)[1]
    for other, sort in ((Filters(), "urn"), (replace(filters, drift="drifted"), "urn"), (filters, "changed")):
        with pytest.raises(BadCursor):
            memory.inventory.page(other, None, 2, cursor, sort)
    assert memory.inventory.page(filters, None, 2, cursor)[0]
    for foreign in ("?", "AA==", "/w==", "WzEsMl0=", "W10=", "MQ=="):
        with pytest.raises(BadCursor):
            memory.inventory.page(filters, None, 2, foreign)


def test_there_are_no_other_sortings(memory: Memory) -> None:
    with pytest.raises(BadFilter, match="urn, changed, type"):
        memory.inventory.page(Filters(), None, sort="namespace; DROP TABLE inventory")


START = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_past_is_as_the_log_has_it(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployforge_state_manager.adapters.past._LOOKED_UP", 2)
    hours = [START + timedelta(hours=n) for n in range(6)]
    drift = "drift-detector.drift"
    memory.executed({name: {"location": "eu"} for name in "abcd"}, effective_at=hours[0])
    memory.hear(drift, "DriftDetected", urn=urn("b"), kind="MISSING", observed_at=hours[1])
    memory.hear(drift, "DriftDetected", urn=urn("c"), kind="CHANGED", observed_at=hours[1])
    memory.hear(drift, "DriftResolved", urn=urn("c"), resolved_at=hours[2])
    memory.executed({"a": {"location": "us"}}, ("d",), effective_at=hours[3])
    past = PostgresPastInventoryReader(memory.app.database)

    def at(hour: int, **filters: Any) -> dict[str, str]:
        found, cursor, point = {}, "", Point(as_of=hours[hour])
        while True:
            rows, cursor = past.page(point, Filters(**filters), None, 2, cursor)
            found.update({row["urn"][-1]: row["drift"] for row in rows})
            if not cursor:
                return found

    assert at(0) == {"a": "", "b": "", "c": "", "d": ""}
    assert at(1) == {"a": "", "b": "missing", "c": "drifted", "d": ""}
    assert at(2) == {"a": "", "b": "missing", "c": "in-sync", "d": ""}
    assert at(3) == {"a": "", "b": "missing", "c": "in-sync"}
    assert at(1, drift="drifted") == {"c": "drifted"}
    assert (at(2, location="us"), at(4, location="us")) == ({}, {"a": ""})
    assert at(1, state="missing") == {"b": "missing"}
    assert past.page(Point(as_of=hours[1], known_at=START), Filters(), None)[0] == []
