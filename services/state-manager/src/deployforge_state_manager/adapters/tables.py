"""The read models' tables. They hold nothing that the event log does not, so a new shape of them is no migration:
they are dropped, made anew and filled again from the log. A rebuild fills a second set of them, whose names end in
`_next`, and puts it in the place of the first.

Bodies are sealed; only what is filtered and sorted by is in clear. `effective_at` is when something was true,
`recorded_at` when it was known. All but the last three tables are only ever added to.
"""

from collections.abc import Sequence
from typing import Final

from deployforge_chassis.sealed_columns import SealedColumn

#: Changes with every change below; a database with another number derives its rows again.
SHAPE: Final = 4

NEXT: Final = "_next"

_TIMES: Final = "effective_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL"
_PLACE: Final = (
    'namespace text NOT NULL, name text NOT NULL, type text COLLATE "C" NOT NULL, native_type text NOT NULL, '
    "provider text NOT NULL, "
    "provider_type text NOT NULL, account text NOT NULL, location text NOT NULL, physical_id text NOT NULL, "
    "criticality text NOT NULL, owner text NOT NULL, tags text[] NOT NULL"
)

COLUMNS: Final = {
    "versions": "deployment_id uuid NOT NULL, version bigint NOT NULL, namespace text NOT NULL, name text NOT NULL, "
    f"desired_version bigint NOT NULL, request_id text NOT NULL, plan_id text NOT NULL, {_TIMES}, body bytea NOT NULL, "
    "PRIMARY KEY (deployment_id, version)",
    # Versions whose compliance report has passed, and when that was known.
    "good_versions": "deployment_id uuid NOT NULL, version bigint NOT NULL, recorded_at timestamptz NOT NULL, "
    "PRIMARY KEY (deployment_id, version)",
    # One row for a reason (kind asked), for what released a plan (kind released), for where a version comes from
    # (kind origin).
    "requests": "deployment_id uuid NOT NULL, kind text NOT NULL, id text NOT NULL, body bytea NOT NULL, "
    "PRIMARY KEY (deployment_id, kind, id)",
    # One row each time that a resource was recorded, or removed (then without a body). `position` counts whatever
    # happened to the resource, drift included.
    "resource_history": 'deployment_id uuid NOT NULL, urn text COLLATE "C" NOT NULL, resource_version bigint NOT NULL, '
    f"position bigint NOT NULL, from_version bigint NOT NULL, {_TIMES}, body bytea, {_PLACE.replace(' NOT NULL', '')}, "
    "PRIMARY KEY (deployment_id, urn, resource_version)",
    "drift_notes": 'deployment_id uuid NOT NULL, urn text COLLATE "C" NOT NULL, position bigint NOT NULL, '
    f"drift text NOT NULL, {_TIMES}, PRIMARY KEY (deployment_id, urn, position)",
    # What is there now. Without a deployment: found in an account, and nobody's.
    "inventory": 'urn text COLLATE "C" PRIMARY KEY, deployment_id uuid, '
    f"{_PLACE}, drift text NOT NULL DEFAULT '', version bigint NOT NULL, changed_at timestamptz NOT NULL, "
    "state text NOT NULL GENERATED ALWAYS AS (CASE WHEN deployment_id IS NULL THEN 'unmanaged' "
    "WHEN drift = 'missing' THEN 'missing' ELSE 'managed' END) STORED",
    # Each tag twice: with its value, and its key alone.
    "inventory_tags": 'tag text NOT NULL, urn text COLLATE "C" NOT NULL REFERENCES inventory ON DELETE CASCADE, '
    "PRIMARY KEY (tag, urn)",
    # How many rows of the inventory have a value; namespace '*' is all of them together. Kept by a trigger.
    "inventory_counts": "namespace text NOT NULL, facet text NOT NULL, value text NOT NULL, n bigint NOT NULL, "
    "PRIMARY KEY (namespace, facet, value)",
}

TABLES: Final = tuple(COLUMNS)

#: Every listing is served in order by an index on the filter that fewest rows pass, and then on what is sorted by.
LEADS: Final = ("namespace", "type", "provider", "location", "drift", "state", "criticality")
_INDEXES: Final = (
    ("versions", "(namespace, name, version DESC)"),
    ("resource_history", "(urn)"),
    ("resource_history", "(namespace, urn) WHERE namespace IS NOT NULL"),
    ("inventory", "(physical_id)"),
    ("inventory", "(changed_at, urn)"),
    ("inventory", "(namespace, name, urn)"),
    *(("inventory", f"({lead}, urn)") for lead in LEADS),
    *(("inventory", f"({lead}, changed_at, urn)") for lead in LEADS),
    *(("inventory", f"({lead}, type, urn)") for lead in LEADS if lead != "type"),
    ("inventory_tags", "(urn)"),
    ("inventory_counts", "(n) WHERE n = 0"),
)

#: A tag as it is, and its key alone.
TAG_FORMS: Final = "unnest(ARRAY[tag, split_part(tag, '=', 1)])"

FACETS: Final = ("type", "provider", "location", "drift", "state", "criticality")
_VALUES: Final = ", ".join(f"('{facet}', r.{facet})" for facet in FACETS) + ", ('', '')"


def counts(rows: str) -> str:
    """A query: what `rows` (a query of inventory columns and a `d`) add to the counts."""
    return (
        "SELECT place.namespace, v.facet, v.value, sum(r.d) AS n "  # noqa: S608 - own constants
        f"FROM ({rows}) AS r CROSS JOIN LATERAL (VALUES {_VALUES}) AS v (facet, value) "
        "CROSS JOIN LATERAL (VALUES (r.namespace), ('*')) AS place (namespace) "
        "GROUP BY 1, 2, 3 HAVING sum(r.d) <> 0"
    )


_SEEN: Final = {
    "insert": ("NEW TABLE AS added", "SELECT *, 1 AS d FROM added"),
    "delete": ("OLD TABLE AS gone", "SELECT *, -1 AS d FROM gone"),
    "update": ("NEW TABLE AS added OLD TABLE AS gone", "SELECT *, 1 AS d FROM added UNION ALL SELECT *, -1 FROM gone"),
}


def _triggers(suffix: str) -> Sequence[str]:
    """Per statement and not per row: many rows of one statement cost one change of each count."""
    statements = []
    for operation, (seen, rows) in _SEEN.items():
        body = (
            f"INSERT INTO inventory_counts{suffix} AS c (namespace, facet, value, n) {counts(rows)} ORDER BY 1, 2, 3 "  # noqa: S608
            "ON CONFLICT (namespace, facet, value) DO UPDATE SET n = c.n + EXCLUDED.n; "
            f"DELETE FROM inventory_counts{suffix} WHERE n = 0; RETURN NULL;"
        )
        function = f"inventory_{operation}{suffix}()"
        statements += [
            f"CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"CREATE TRIGGER inventory_{operation} AFTER {operation} ON inventory{suffix} REFERENCING {seen} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}",
        ]
    return statements


def create(suffix: str = "") -> Sequence[str]:
    """Tables without what makes filling them slow."""
    return [
        f"CREATE TABLE {table}{suffix} ({columns.replace('REFERENCES inventory', f'REFERENCES inventory{suffix}')})"
        for table, columns in COLUMNS.items()
    ]


def finish(suffix: str = "") -> Sequence[str]:
    """Indexes and triggers. Names of indexes are left to PostgreSQL, which keeps those of both sets apart."""
    return [*(f"CREATE INDEX ON {table}{suffix} {columns}" for table, columns in _INDEXES), *_triggers(suffix)]


def drop(suffix: str = "") -> Sequence[str]:
    """Remove a set of tables, as far as it is there."""
    return [
        f"DROP TABLE IF EXISTS {', '.join(table + suffix for table in TABLES)} CASCADE",
        *(f"DROP FUNCTION IF EXISTS inventory_{operation}{suffix}()" for operation in _SEEN),
    ]


def swap() -> Sequence[str]:
    """Put the second set in the place of the first."""
    return [
        *drop(),
        *(f"ALTER TABLE {table}{NEXT} RENAME TO {table}" for table in TABLES),
        *(f"DROP TRIGGER inventory_{operation} ON inventory" for operation in _SEEN),
        *drop(NEXT),
        *_triggers(""),
    ]


def _made_anew() -> str:
    """A statement that makes the tables where those that are there have another shape."""
    statements = [*drop(), "DROP TABLE IF EXISTS resource_versions", *create(), *finish()]
    return (
        f"DO $made$ BEGIN IF NOT EXISTS (SELECT 1 FROM read_models WHERE shape = {SHAPE}) THEN "  # noqa: S608 - own
        f"{'; '.join(statements)}; DELETE FROM read_models; INSERT INTO read_models (shape) VALUES ({SHAPE}); "
        "END IF; END $made$"
    )


SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS read_models (shape int NOT NULL, filled boolean NOT NULL DEFAULT false)",
    _made_anew(),
)

SEALED: Final = (
    SealedColumn(
        "versions", "body", ("deployment_id", "version"), lambda row: f"version|{row['deployment_id']}|{row['version']}"
    ),
    SealedColumn(
        "requests",
        "body",
        ("deployment_id", "kind", "id"),
        lambda row: f"{row['kind']}|{row['deployment_id']}|{row['id']}",
    ),
    SealedColumn(
        "resource_history",
        "body",
        ("deployment_id", "urn", "resource_version"),
        lambda row: f"resource|{row['deployment_id']}|{row['urn']}|{row['resource_version']}",
    ),
)
"""Where the bodies lie, and what each is bound to."""
