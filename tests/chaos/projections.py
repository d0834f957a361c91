"""Read models derived again from the log alone, and compared with what they were.

The state manager rebuilds its own, as it would after a change of their shape. Those of the other services are derived
from a replay of every aggregate, in a transaction that is rolled back. Sealed bodies are opened first: each sealing is
another text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import psycopg
from deployforge_chassis import canonical
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Write
from deployforge_chassis.identity import CONTROL_PLANE, DRIFT_DETECTOR, HEALER, MCAL, STATE_MANAGER
from deployforge_control_plane.adapters.requests import RequestTable
from deployforge_control_plane.domain.request import Request
from deployforge_drift_detector.adapters.drifts import DriftTable
from deployforge_drift_detector.domain.drift import Drift
from deployforge_healer.adapters.ledger import PostgresLedger
from deployforge_healer.domain.incident import Incident
from deployforge_local import postgres
from deployforge_mcal.adapters.index import PostgresIndex
from deployforge_mcal.domain.operation import Unit
from deployforge_state_manager.adapters.rebuilding import Rebuild
from psycopg.rows import dict_row
from pydantic_core import to_json

from tests.chaos.history import ProjectionDigest
from tests.chaos.stores import Store

Row = Mapping[str, Any]

#: Table → (how its rows are sorted, under which place a body is sealed).
_STATE_TABLES: Final[Mapping[str, tuple[str, Callable[[Row], str]]]] = {
    "versions": ("deployment_id, version", lambda r: f"version|{r['deployment_id']}|{r['version']}"),
    "good_versions": ("deployment_id, version", lambda r: ""),
    "requests": ("deployment_id, kind, id", lambda r: f"{r['kind']}|{r['deployment_id']}|{r['id']}"),
    "resource_history": (
        "deployment_id, urn, resource_version",
        lambda r: f"resource|{r['deployment_id']}|{r['urn']}|{r['resource_version']}",
    ),
    "drift_notes": ("deployment_id, urn, position", lambda r: ""),
    "inventory": ("urn", lambda r: ""),
    "inventory_tags": ("tag, urn", lambda r: ""),
    "inventory_counts": ("namespace, facet, value", lambda r: ""),
}
#: A row that somebody holds locked for longer is a finding, not something to wait for.
_LOCK_SECONDS: Final = 10


def rebuilt(stores: Iterable[Store]) -> Iterator[ProjectionDigest]:
    """Every read model, before and after. Nothing may be recorded meanwhile."""
    for store in stores:
        if store.service == STATE_MANAGER:
            yield from _state_manager(store)
        elif store.service in _DERIVED:
            yield from _derived(store, _DERIVED[store.service])


# --- the state manager -------------------------------------------------------------------------------------


def _state_manager(store: Store) -> list[ProjectionDigest]:
    app = EventSourcedApplication(store.database, store.sealer, name=STATE_MANAGER)
    before = {table: _opened(store, table) for table in _STATE_TABLES}
    Rebuild(store.database, store.sealer).run(app)
    return [_digest(STATE_MANAGER, table, before[table], _opened(store, table)) for table in _STATE_TABLES]


def _opened(store: Store, table: str) -> Sequence[Row]:
    order, place = _STATE_TABLES[table]
    rows = store.database.query(f"SELECT * FROM {table} ORDER BY {order}")
    for row in rows:
        if row.get("body") is not None:
            row["body"] = store.sealer.open(bytes(row["body"]), place(row)).decode()
    return rows


# --- the others --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Derived:
    """Read models of one service."""

    columns: Mapping[str, str]
    """Table → its columns that come from the log; not counters of the database, nor times of unchanged observations."""
    writes: Callable[[Store, EventSourcedApplication], Iterator[Write]]
    """The writes that derive all of the tables."""


def _requests(store: Store, app: EventSourcedApplication) -> Iterator[Write]:
    table = RequestTable(store.database)
    for id in _streams(store, Request):
        yield table.put(app.repository.get(id))


def _incidents(store: Store, app: EventSourcedApplication) -> Iterator[Write]:
    ledger = PostgresLedger(store.database)
    for id in _streams(store, Incident):
        yield from ledger.writes(app.repository.get(id), list(app.events.get(id)))


def _units(store: Store, app: EventSourcedApplication) -> Iterator[Write]:
    index = PostgresIndex(store.database)
    for id in _streams(store, Unit):
        unit: Any = app.repository.get(id)
        yield index.turn(str(unit.deployment_id), unit.unit_id, unit.generation)


def _drifts(store: Store, app: EventSourcedApplication) -> Iterator[Write]:
    table = DriftTable(store.database, store.sealer)
    for id in _streams(store, Drift):
        drift: Any = None
        for event in app.events.get(id):
            drift = cast(Any, event).mutate(drift)
            if not isinstance(event, Drift.Watched):
                yield table.put(drift)


_DERIVED: Final[Mapping[str, _Derived]] = {
    CONTROL_PLANE: _Derived(
        {"requests": "request_id, deployment_id, namespace, name, origin, state, requested_at, view"}, _requests
    ),
    HEALER: _Derived(
        {
            "incidents": "id, deployment_id, namespace, name, urn, state, opened_at",
            "proposals": "request_id, incident_id, deployment_id, chosen_at",
            "heals": "incident_id, request_id, fingerprint, at",
        },
        _incidents,
    ),
    MCAL: _Derived({"units": "deployment_id, unit_id, generation"}, _units),
    DRIFT_DETECTOR: _Derived(
        {"drifts": "drift_id, urn, deployment_id, namespace, name, fingerprint, open, detected_at, resolved_at"}, _drifts
    ),
}
"""The orchestrator has none: it answers from its log."""


def _derived(store: Store, of: _Derived) -> list[ProjectionDigest]:
    writes = list(of.writes(store, EventSourcedApplication(store.database, store.sealer, name=store.service)))
    url = postgres.url(store.settings, postgres.owner(store.service))
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'".encode())
        before = {table: _rows(connection, table, columns) for table, columns in of.columns.items()}
        for table in of.columns:
            connection.execute(f"DELETE FROM {table}".encode())
        for sql, params in writes:
            connection.execute(sql.encode(), params)
        after = {table: _rows(connection, table, columns) for table, columns in of.columns.items()}
        connection.rollback()
    return [_digest(store.service, table, before[table], after[table]) for table in of.columns]


def _rows(connection: "psycopg.Connection[dict[str, Any]]", table: str, columns: str) -> Sequence[Row]:
    return connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2".encode()).fetchall()


def _streams(store: Store, aggregate: type[Any]) -> list[Any]:
    topic = f"{aggregate.__module__}:{aggregate.__qualname__}.%"
    rows = store.database.query(
        "SELECT DISTINCT originator_id FROM events WHERE topic LIKE %s AND originator_version = 1 ORDER BY 1", (topic,)
    )
    return [row["originator_id"] for row in rows]


# --- comparing ---------------------------------------------------------------------------------------------


def _digest(service: str, name: str, before: Sequence[Row], after: Sequence[Row]) -> ProjectionDigest:
    texts = [[_text(row) for row in rows] for rows in (before, after)]
    first = next((f"{a} → {b}" for a, b in zip(*texts, strict=False) if a != b), "")
    if not first and len(before) != len(after):
        first = f"{len(before)} rows before, {len(after)} after"
    digests = [canonical.digest("\n".join(lines).encode()) for lines in texts]
    return ProjectionDigest(service, name, digests[0], digests[1], len(before), first[:2000])


def _text(row: Row) -> str:
    return to_json(dict(sorted(row.items()))).decode()
