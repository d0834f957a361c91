"""Making a deployment's data unreadable: its data keys go, and with them every row that is about it.

What is sealed needs no more than that. What is kept in clear, to be filtered and sorted by,
is deleted. A table says by a column `deployment_id` or `owner` that its rows are about one; so that none is forgotten,
the tables are found by it and not listed. Events stay where they are: they cannot be deleted, nor read any more.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Effects, Fact, Write
from deployforge_chassis.sealing import Sealer

_COLUMNS: Final = """
SELECT c.table_name AS "table", c.column_name AS "column", c.udt_name AS type
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name IN ('deployment_id', 'owner')
  AND c.table_name NOT IN ('data_keys', 'stream_heads')
  AND has_table_privilege(format('%%I.%%I', c.table_schema, c.table_name), 'DELETE')
ORDER BY 1
"""


class Shredding:
    """Takes what one service holds of a deployment away, for ever.

    `first` are statements for tables that say by nothing but a reference whose their rows are; each has the
    deployment's id as its only parameter and is executed before the rows go that it refers to.
    """

    def __init__(self, database: Database, sealer: Sealer, first: Sequence[str] = ()) -> None:
        self._database, self._sealer, self._first = database, sealer, first

    def erase(self, owner: UUID) -> Sequence[Write]:
        """The writes that do it, in one transaction with whatever is saved beside them. May be repeated."""
        # What follows in this process must meet the missing key, and not one that is remembered.
        self._sealer.forget()
        rows = self._database.query(_COLUMNS)
        return [
            *((statement, (owner,)) for statement in self._first),
            *(
                (f'DELETE FROM "{row["table"]}" WHERE "{row["column"]}" = %s::{row["type"]}', (str(owner),))  # noqa: S608
                for row in rows
            ),
            *self._parked(owner),
            self._sealer.shred(owner),
        ]

    def heard(self, fact: Fact) -> Effects:
        """A handler for the fact that a deployment was shredded."""
        assert fact.value is not None
        return Effects(writes=self.erase(UUID(fact.value["deployment_id"])))

    def _parked(self, owner: UUID) -> Sequence[Write]:
        """A message names its deployment in its seal; where its source did not say whose it is, in its key or value."""
        if self._database.one("SELECT to_regclass('parked') AS there") == {"there": None}:
            return ()
        delete = (
            "DELETE FROM parked WHERE position(%s::bytea IN key || coalesce(value, ''::bytea)) > 0 "
            "OR position(uuid_send(%s) IN coalesce(value, ''::bytea)) > 0"
        )
        return ((delete, (str(owner).encode(), owner)),)
