"""Remembers what was seen once and belongs to nobody. Not a read model: a rebuild leaves it alone, and losing it costs
one more listing."""

from collections.abc import Collection, Sequence
from typing import Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS sightings (shard text NOT NULL, physical_id text NOT NULL, "
    "first_seen timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (shard, physical_id))",
)
#: Seen twice within this time is seen once: a message was repeated.
_APART_SECONDS: Final = 1
#: What was not confirmed within this time was deployed, or is gone.
_KEPT_SECONDS: Final = 3600


class PostgresSightings:
    """See ports.Sightings."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def confirmed(self, shard: str, physical_ids: Sequence[str]) -> tuple[Collection[str], Sequence[Write]]:
        """See ports.Sightings."""
        wanted = list(physical_ids)
        rows = self._database.query(
            "SELECT physical_id FROM sightings WHERE shard = %s AND physical_id = ANY(%s) "
            "AND first_seen < now() - make_interval(secs => %s) "
            "AND NOT EXISTS (SELECT 1 FROM inventory i WHERE i.physical_id = sightings.physical_id "
            "AND i.deployment_id IS NOT NULL)",
            (shard, wanted, _APART_SECONDS),
        )
        return {row["physical_id"] for row in rows}, [
            (
                "INSERT INTO sightings (shard, physical_id) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                (shard, wanted),
            ),
            (
                "DELETE FROM sightings WHERE shard = %s AND NOT physical_id = ANY(%s) "
                "AND first_seen < now() - make_interval(secs => %s)",
                (shard, wanted, _KEPT_SECONDS),
            ),
        ]
