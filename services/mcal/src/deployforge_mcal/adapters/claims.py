"""The claims on addresses, in this service's database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from typing import Any, Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_mcal.domain.topology.addressing import Claim

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS address_claims (urn text NOT NULL, asked text NOT NULL, cidr text NOT NULL, "
    "parent text NOT NULL, provider_type text NOT NULL, account text NOT NULL, location text NOT NULL, "
    "in_use boolean NOT NULL, asked_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (urn, asked))",
)
_COLUMNS: Final = tuple(f.name for f in fields(Claim))
_NAMES: Final = ", ".join(_COLUMNS)
#: Serialises whoever gives addresses; any constant does, it only has to be ours.
_LOCK: Final = 0x4446_4144


class PostgresClaims:
    """See Claims."""

    def __init__(self, database: Database, *, planned_days: float) -> None:
        self._database, self._planned_days = database, planned_days
        database.migrate(SCHEMA)

    def all(self) -> list[Claim]:
        """See Claims."""
        return [Claim(**row) for row in self._database.query(f"SELECT {_NAMES} FROM address_claims")]  # noqa: S608

    @contextmanager
    def all_to_itself(self) -> Iterator["_Table"]:
        """See Claims. What was planned long ago and never made is forgotten first."""
        with self._database.transaction() as cursor:
            cursor.execute(b"SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor.execute(
                b"DELETE FROM address_claims WHERE NOT in_use AND asked_at < now() - make_interval(secs => %s)",
                (self._planned_days * 86_400,),
            )
            yield _Table(cursor)

    def free(self, urns: Sequence[str]) -> list[Write]:
        """See Claims."""
        return [("DELETE FROM address_claims WHERE urn = ANY(%s)", (list(urns),))] if urns else []

    def only(self, ranges: Mapping[str, Sequence[str]]) -> list[Write]:
        """See Claims."""
        sql = "DELETE FROM address_claims WHERE urn = %s AND cidr <> ALL(%s)"
        return [(sql, (urn, list(cidrs))) for urn, cidrs in sorted(ranges.items())]

    def unused(self, urns: Sequence[str]) -> list[Write]:
        """See Claims."""
        return [("UPDATE address_claims SET in_use = false WHERE urn = ANY(%s)", (list(urns),))] if urns else []


class _Table:
    """The claims within a transaction that nobody else's runs beside."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def all(self) -> list[Claim]:
        """Those of all deployments."""
        rows = self._cursor.execute(f"SELECT {_NAMES} FROM address_claims".encode()).fetchall()  # noqa: S608
        return [Claim(**row) for row in rows]

    def keep(self, claims: Iterable[Claim]) -> None:
        """Add claims, or renew them."""
        marks = ", ".join(["%s"] * len(_COLUMNS))
        for claim in claims:
            self._cursor.execute(
                f"INSERT INTO address_claims ({_NAMES}) VALUES ({marks}) ON CONFLICT (urn, asked) DO UPDATE SET "  # noqa: S608
                "cidr = excluded.cidr, parent = excluded.parent, provider_type = excluded.provider_type, "
                "account = excluded.account, location = excluded.location, in_use = excluded.in_use, "
                "asked_at = now()".encode(),
                astuple(claim),
            )
