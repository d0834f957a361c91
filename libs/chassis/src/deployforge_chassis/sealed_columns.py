"""Where sealed values lie, declared by whoever keeps them, so that re-encryption finds them all.

A store declares its column when it is made (`sealer.declare`). What is not declared is found too: re-encryption looks
into every other column of bytes before it gives up old keys.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

Row = Mapping[str, Any]

# In front of a sealed value: format (1 byte, 1), owner (16), generation (4); see sealer.py. A shredded owner has a
# tombstone of generation 0, and what its keys sealed stays as it is.
_OLD = (
    "substring({column} FROM 1 FOR 1) = '\\x01' AND length({column}) > 48 "
    "AND substring({column} FROM 18 FOR 4) <> int4send(%s) "
    "AND EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = substring({column} FROM 2 FOR 20)) AND NOT EXISTS "
    "(SELECT 1 FROM data_keys k WHERE k.key_id = substring({column} FROM 2 FOR 16) || int4send(0))"
)
_OTHER_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = 'public' AND data_type = 'bytea' AND is_generated = 'NEVER' "
    "AND table_name NOT IN ('data_keys', 'key_state') ORDER BY 1, 2"
)


@dataclass(frozen=True)
class SealedColumn:
    """One column of one table."""

    table: str
    column: str
    key: tuple[str, ...]
    """Names the primary key's columns."""
    place: Callable[[Row], str]
    """What a row's value is bound to, from its key and what `also` adds."""
    also: tuple[str, ...] = ()
    replace: str = ""
    """A statement instead of a plain UPDATE: key, old and new value → a row whose only column is true."""

    @property
    def name(self) -> str:
        """`table.column`."""
        return f"{self.table}.{self.column}"


def old_rows(connection: Connection[Row], column: SealedColumn, generation: int, batch: int) -> Iterator[Sequence[Row]]:
    """Rows whose value another generation sealed, in batches, in the order of their key; each row once."""
    after: tuple[Any, ...] | None = None
    while True:
        key = sql.SQL(", ").join(map(sql.Identifier, column.key))
        beyond = sql.SQL("({}) > ({}) AND ").format(key, sql.SQL(", ").join([sql.Placeholder()] * len(column.key)))
        query = sql.SQL("SELECT {} FROM {} WHERE {}{} ORDER BY {} LIMIT {}").format(
            sql.SQL(", ").join(map(sql.Identifier, (*column.key, *column.also, column.column))),
            sql.Identifier(column.table),
            beyond if after else sql.SQL(""),
            _is_old(column.column),
            key,
            sql.Literal(batch),
        )
        rows = connection.execute(query, (*(after or ()), generation)).fetchall()
        if rows:
            yield rows
        if len(rows) < batch:
            return
        after = tuple(rows[-1][name] for name in column.key)


def count_old(connection: Connection[Row], table: str, column: str, generation: int) -> int:
    """How many values of a column another generation sealed, those of shredded owners left out."""
    query = sql.SQL("SELECT count(*) AS n FROM {} WHERE {}").format(sql.Identifier(table), _is_old(column))
    row = connection.execute(query, (generation,)).fetchone()
    return int(row["n"]) if row else 0


def put(connection: Connection[Row], column: SealedColumn, row: Row, fresh: bytes) -> bool:
    """Replace a value by compare-and-set; False when somebody has changed the row meanwhile."""
    names, key = column.key, [row[name] for name in column.key]
    if column.replace:
        answer = connection.execute(column.replace.encode(), (*key, row[column.column], fresh)).fetchone()
        return bool(answer and next(iter(answer.values())))
    query = sql.SQL("UPDATE {} SET {} = %s WHERE {} AND {} = %s RETURNING true AS done").format(
        sql.Identifier(column.table),
        sql.Identifier(column.column),
        sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names),
        sql.Identifier(column.column),
    )
    return connection.execute(query, (fresh, *key, row[column.column])).fetchone() is not None


def other_columns(connection: Connection[Row], declared: Sequence[SealedColumn]) -> list[tuple[str, str]]:
    """Columns of bytes that nobody has declared."""
    known = {(column.table, column.column) for column in declared}
    rows = connection.execute(_OTHER_COLUMNS.encode()).fetchall()
    return [pair for row in rows if (pair := (row["table_name"], row["column_name"])) not in known]


def _is_old(column: str) -> sql.Composed:
    return sql.SQL(_OLD).format(column=sql.Identifier(column))
