"""Which resources a shard has and the generation of each unit, in this service's database."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, fields
from typing import Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_mcal.application.messages import DesiredState
from deployforge_mcal.domain.units import Scope

_COLUMNS: Final = tuple(f.name for f in fields(DesiredState))

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS desired (deployment_id text NOT NULL, urn text PRIMARY KEY, version bigint NOT NULL, "
    "scan_shard text NOT NULL, type text NOT NULL, provider_type text NOT NULL, account text NOT NULL, "
    "location text NOT NULL, credential_ref text NOT NULL, unit_id text NOT NULL, physical_id text NOT NULL)",
    "CREATE INDEX IF NOT EXISTS desired_by_shard ON desired (scan_shard)",
    "CREATE TABLE IF NOT EXISTS units (deployment_id text NOT NULL, unit_id text NOT NULL, "
    "generation bigint NOT NULL, PRIMARY KEY (deployment_id, unit_id))",
    "CREATE TABLE IF NOT EXISTS listings (provider_type text NOT NULL, account text NOT NULL, location text NOT NULL, "
    "listed_at timestamptz NOT NULL, PRIMARY KEY (provider_type, account, location))",
)


class PostgresIndex:
    """See Index."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def put(self, resource: DesiredState) -> Write:
        """See Index."""
        names, marks = ", ".join(_COLUMNS), ", ".join(["%s"] * len(_COLUMNS))
        changes = ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS if c != "urn")
        return (
            f"INSERT INTO desired ({names}) VALUES ({marks}) ON CONFLICT (urn) DO UPDATE SET {changes} "  # noqa: S608
            "WHERE desired.version <= excluded.version",
            astuple(resource),
        )

    def drop(self, urn: str) -> Write:
        """See Index."""
        return "DELETE FROM desired WHERE urn = %s", (urn,)

    def of_shard(self, shard: str, urns: Sequence[str]) -> list[DesiredState]:
        """See Index."""
        rows = self._database.query(
            f"SELECT {', '.join(_COLUMNS)} FROM desired WHERE scan_shard = %s "  # noqa: S608
            "AND (cardinality(%s::text[]) = 0 OR urn = ANY(%s)) ORDER BY urn",
            (shard, list(urns), list(urns)),
        )
        return [DesiredState(**row) for row in rows]

    def turn(self, deployment_id: str, unit_id: str, generation: int) -> Write:
        """See Index."""
        return (
            "INSERT INTO units (deployment_id, unit_id, generation) VALUES (%s, %s, %s) "
            "ON CONFLICT (deployment_id, unit_id) DO UPDATE SET generation = excluded.generation",
            (deployment_id, unit_id, generation),
        )

    def generations(self, units: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """See Index."""
        wanted = sorted(units)
        rows = self._database.query(
            "SELECT deployment_id, unit_id, generation FROM units "
            "WHERE (deployment_id, unit_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
            ([d for d, _ in wanted], [u for _, u in wanted]),
        )
        found = {(row["deployment_id"], row["unit_id"]): int(row["generation"]) for row in rows}
        return {unit: found.get(unit, 0) for unit in wanted}

    def managed(self, scope: Scope) -> set[str]:
        """See Index."""
        rows = self._database.query(
            "SELECT physical_id FROM desired WHERE account = %s AND location = %s", (scope.account, scope.location)
        )
        return {row["physical_id"] for row in rows}

    def users(self) -> dict[str, set[str]]:
        """See Index."""
        rows = self._database.query(
            "SELECT DISTINCT credential_ref, split_part(urn, ':', 3) || '/' || split_part(urn, ':', 4) AS deployment "
            "FROM desired"
        )
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row["credential_ref"], set()).add(row["deployment"])
        return found

    def places(self, credential: str) -> list[Scope]:
        """See Index."""
        rows = self._database.query(
            "SELECT DISTINCT provider_type, account, location, credential_ref FROM desired WHERE credential_ref = %s "
            "ORDER BY 1, 2, 3",
            (credential,),
        )
        return [Scope(**row) for row in rows]

    def may_list(self, scope: Scope, every_seconds: float) -> bool:
        """See Index."""
        return bool(
            self._database.query(
                "INSERT INTO listings AS l (provider_type, account, location, listed_at) VALUES (%s, %s, %s, now()) "
                "ON CONFLICT (provider_type, account, location) DO UPDATE SET listed_at = now() "
                "WHERE l.listed_at < now() - make_interval(secs => %s) RETURNING 1 AS mine",
                (scope.provider_type, scope.account, scope.location, every_seconds),
            )
        )

    def forget_scans(self) -> Write:
        """See Index."""
        return (
            "DELETE FROM effects WHERE kind = 'scan' AND status = 'done' AND done_at < now() - interval '10 minutes'",
            (),
        )
