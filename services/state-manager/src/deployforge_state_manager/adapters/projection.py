"""Keeps the read models, see tables.py: the writes by which one event changes them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealing import Sealer

from deployforge_state_manager.adapters import tables
from deployforge_state_manager.adapters.rows import COLUMNS, INVENTORY, PLACE, Rows, plain, strays
from deployforge_state_manager.domain.account import Account
from deployforge_state_manager.domain.resource import Resource


class PostgresProjection:
    """See ports.Projection. `suffix` names another set of tables than the one that is read."""

    def __init__(self, database: Database, sealer: Sealer, *, suffix: str = "") -> None:
        self._rows = Rows(sealer)
        self._suffix = suffix
        if not suffix:
            database.migrate([*Sealer.SCHEMA, *tables.SCHEMA])
            sealer.declare(*tables.SEALED)

    def writes(self, event: Any) -> Sequence[Write]:
        """See ports.Projection."""
        return self.writes_of(type(event), event.originator_version, plain(event))

    def writes_of(self, kind: type[Any], position: int, state: Mapping[str, Any]) -> Sequence[Write]:
        """As `writes`, for an event as it is stored: its class, its place in its stream, its state."""
        added = list(self._rows.of(kind, position, state))
        return [
            *(self._insert(table, COLUMNS[table], row) for table, row in added),
            *self._inventory(kind, position, state, dict(added)),
        ]

    def _insert(self, table: str, columns: Sequence[str], row: Sequence[Any]) -> Write:
        values = ", ".join(["%s"] * len(columns))
        return f"INSERT INTO {table}{self._suffix} ({', '.join(columns)}) VALUES ({values})", row  # noqa: S608 - own

    def _inventory(
        self, kind: type[Any], position: int, e: Mapping[str, Any], added: Mapping[str, Sequence[Any]]
    ) -> Iterator[Write]:
        if kind is Resource.Recorded:
            place, urn = added["resource_history"][-len(PLACE) :], e["state"]["urn"]
            row = (urn, e["deployment_id"], *place, e["resource_version"], e["at"]["effective_at"])
            yield from self._shown(row)
        elif kind is Resource.Removed:
            yield self._delete("inventory", e["urn"])
            yield self._delete("inventory_tags", e["urn"])
        elif kind is Resource.DriftNoted:
            drift = (e["drift"], e["urn"])
            yield f"UPDATE inventory{self._suffix} SET drift = %s WHERE urn = %s", drift  # noqa: S608 - own
        elif kind is Account.Changed:
            found, gone = strays(position, e)
            for stray in found.values():
                yield from self._shown(stray)
            for urn in gone:
                yield self._delete("inventory", urn)
                yield self._delete("inventory_tags", urn)

    def _shown(self, row: Sequence[Any]) -> Iterator[Write]:
        insert, _ = self._insert("inventory", INVENTORY, row)
        changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in INVENTORY[2:])
        yield f"{insert} ON CONFLICT (urn) DO UPDATE SET {changed}", row
        yield from self._tagged(row[0], row[INVENTORY.index("tags")])

    def _tagged(self, urn: str, tags: Sequence[str]) -> Iterator[Write]:
        yield self._delete("inventory_tags", urn)
        if tags:
            yield (
                f"INSERT INTO inventory_tags{self._suffix} (tag, urn) "  # noqa: S608 - own tables
                f"SELECT DISTINCT {tables.TAG_FORMS}, %s FROM unnest(%s::text[]) AS tag",
                (urn, list(tags)),
            )

    def _delete(self, table: str, urn: str) -> Write:
        return f"DELETE FROM {table}{self._suffix} WHERE urn = %s", (urn,)  # noqa: S608 - own tables
