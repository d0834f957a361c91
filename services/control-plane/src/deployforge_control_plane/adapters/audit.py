"""The audit log: append-only, each record chained to the one before by its hash.

    hash(n) = sha256(hash(n-1) ‖ LF ‖ n ‖ LF ‖ canonical JSON of the record)

The place in the chain is taken by the database, under the event store's insert lock (see timeline), in the
transaction of what the record is about. A trigger refuses to update or delete.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from deployforge_chassis import append_only, canonical
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_control_plane.adapters.scopes import restriction
from deployforge_control_plane.application.views import AuditRecord, Page, Scope
from deployforge_control_plane.domain.refusals import BadCursor

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS audit (position bigint PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL, "
    "action text NOT NULL, outcome text NOT NULL, namespace text NOT NULL, name text NOT NULL, "
    "request_id text NOT NULL, detail text NOT NULL, record text NOT NULL, prev_hash text NOT NULL, "
    "hash text NOT NULL)",
    *append_only.guard("audit"),
)
GENESIS: Final = "0" * 64
_LONGEST_DETAIL: Final = 1000
_FIELDS: Final = ("actor", "action", "outcome", "namespace", "name", "request_id", "detail")

_APPEND: Final = """
INSERT INTO audit (position, at, actor, action, outcome, namespace, name, request_id, detail, record, prev_hash, hash)
SELECT p.position, %s, %s, %s, %s, %s, %s, %s, %s, r.record, p.hash,
       encode(sha256(convert_to(p.hash || E'\\n' || p.position || E'\\n' || r.record, 'UTF8')), 'hex')
FROM (SELECT coalesce(max(position), 0) + 1 AS position,
             coalesce((array_agg(hash ORDER BY position DESC))[1], %s) AS hash
      FROM (SELECT position, hash FROM audit ORDER BY position DESC LIMIT 1) last) p,
     (SELECT %s::text AS record) r
"""


@dataclass(frozen=True)
class Broken:
    """The first record that is not as it was written."""

    position: int
    reason: str


class AuditTable:
    """See ports.AuditLog."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def append(self, record: AuditRecord) -> Write:
        at = record.at or datetime.now(UTC)
        # PostgreSQL text holds no NUL; what an attacker put into a name must not keep it out of the log.
        fields = {name: getattr(record, name).replace("\0", "�") for name in _FIELDS}
        fields["detail"] = fields["detail"][:_LONGEST_DETAIL]
        text = canonical.dumps({"at": _instant(at), **fields})
        return _APPEND, (at, *(fields[name] for name in _FIELDS), GENESIS, text)

    def page(self, scope: Scope, actor: str, size: int, cursor: str) -> Page:
        where, params = restriction(scope, "request_id")
        if actor:
            where.append("actor = %s")
            params.append(actor)
        if cursor:
            where.append("position < %s")
            params.append(_opened(cursor))
        rows = self._database.query(
            f"SELECT position, at, {', '.join(_FIELDS)} FROM audit WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY position DESC LIMIT %s",
            (*params, size + 1),
        )
        shown = tuple(AuditRecord(**row) for row in rows[:size])
        return Page(shown, _cursor(shown[-1].position) if len(rows) > size else "")

    def verify(self) -> Broken | None:
        """Recompute the chain from its beginning; the first broken record, or None."""
        expected, prev = 1, GENESIS
        for row in self._rows():
            position = row["position"]
            if position != expected:
                return Broken(expected, "missing")
            if row["prev_hash"] != prev or row["hash"] != _hash(prev, position, row["record"]):
                return Broken(position, "its hash does not follow from the record before it")
            if row["record"] != canonical.dumps({"at": _instant(row["at"]), **{f: row[f] for f in _FIELDS}}):
                return Broken(position, "its columns differ from its record")
            expected, prev = position + 1, row["hash"]
        return None

    def _rows(self) -> Iterator[dict[str, Any]]:
        position = 0
        while rows := self._database.query(
            "SELECT * FROM audit WHERE position > %s ORDER BY position LIMIT 1000", (position,)
        ):
            yield from rows
            position = rows[-1]["position"]


def _hash(prev: str, position: int, record: str) -> str:
    return hashlib.sha256(f"{prev}\n{position}\n{record}".encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _opened(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor))
    except ValueError as error:
        raise BadCursor from error
