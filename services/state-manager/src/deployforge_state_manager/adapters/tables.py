"""The read models' tables. They hold nothing that the event log does not, so a new shape of them is no migration:
they are dropped, made anew and filled again from the log.

Bodies are sealed; only what is filtered and sorted by is in clear. `effective_at` is when something was true,
`recorded_at` when it was known.
"""

from typing import Final

from deployforge_chassis.sealed_columns import SealedColumn

#: Changes with every change below; a database with another number derives its rows again.
SHAPE: Final = 2

TABLES: Final = ("versions", "requests", "resource_history", "drift_notes", "inventory")

_DROP: Final = (
    "CREATE TABLE IF NOT EXISTS read_models (shape int NOT NULL, filled boolean NOT NULL DEFAULT false)",
    f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM read_models WHERE shape = {SHAPE}) THEN "  # noqa: S608 - own constants
    f"DROP TABLE IF EXISTS {', '.join(TABLES)}, resource_versions CASCADE; DELETE FROM read_models; "
    f"INSERT INTO read_models (shape) VALUES ({SHAPE}); END IF; END $$",
)

SCHEMA: Final = (
    *_DROP,
    "CREATE TABLE IF NOT EXISTS versions (deployment_id uuid NOT NULL, version bigint NOT NULL, "
    "namespace text NOT NULL, name text NOT NULL, desired_version bigint NOT NULL, request_id text NOT NULL, "
    "plan_id text NOT NULL, good_at timestamptz, effective_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL, "
    "body bytea NOT NULL, PRIMARY KEY (deployment_id, version))",
    "CREATE INDEX IF NOT EXISTS versions_by_name ON versions (namespace, name, version DESC)",
    # One row for a reason (kind asked) or for what released a plan (kind released).
    "CREATE TABLE IF NOT EXISTS requests (deployment_id uuid NOT NULL, id text NOT NULL, kind text NOT NULL, "
    "body bytea NOT NULL, PRIMARY KEY (deployment_id, kind, id))",
    # One row each time that a resource was recorded, or removed (then without a body). `position` counts whatever
    # happened to the resource, drift included.
    'CREATE TABLE IF NOT EXISTS resource_history (deployment_id uuid NOT NULL, urn text COLLATE "C" NOT NULL, '
    "resource_version bigint NOT NULL, position bigint NOT NULL, from_version bigint NOT NULL, "
    "effective_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL, body bytea, "
    "PRIMARY KEY (deployment_id, urn, resource_version))",
    'CREATE TABLE IF NOT EXISTS drift_notes (deployment_id uuid NOT NULL, urn text COLLATE "C" NOT NULL, '
    "position bigint NOT NULL, drift text NOT NULL, effective_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL, "
    "PRIMARY KEY (deployment_id, urn, position))",
    'CREATE TABLE IF NOT EXISTS inventory (urn text COLLATE "C" PRIMARY KEY, deployment_id uuid NOT NULL, '
    "namespace text NOT NULL, name text NOT NULL, type text NOT NULL, native_type text NOT NULL, "
    "provider text NOT NULL, account text NOT NULL, location text NOT NULL, physical_id text NOT NULL, "
    "criticality text NOT NULL, drift text NOT NULL DEFAULT '', version bigint NOT NULL, "
    "changed_at timestamptz NOT NULL)",
    # Each ends in the urn, by which pages are sorted: a page then costs its own rows, however many there are.
    "CREATE INDEX IF NOT EXISTS inventory_by_namespace ON inventory (namespace, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_name ON inventory (namespace, name, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_namespace_and_type ON inventory (namespace, type, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_type ON inventory (type, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_provider ON inventory (provider, urn)",
    "CREATE INDEX IF NOT EXISTS inventory_by_location ON inventory (location, urn)",
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
