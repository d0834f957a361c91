"""What ignore rules hide, a row per resource, rule and path; only what changed is written, and no values are."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_drift_detector.application.hiding import Hiding

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS hidings (urn text NOT NULL, rule text NOT NULL, path text NOT NULL, shard text NOT NULL, "
    "deployment_id uuid NOT NULL, since timestamptz NOT NULL, ended timestamptz, PRIMARY KEY (urn, rule, path))",
    "CREATE INDEX IF NOT EXISTS hidings_of_shard ON hidings (shard)",
    "CREATE INDEX IF NOT EXISTS hidings_of_deployment ON hidings (deployment_id)",
)


class HidingTable:
    """See ports.Hidings."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(SCHEMA)

    def of(self, shards: Collection[str]) -> Sequence[Hiding]:
        rows = self._database.query(
            "SELECT deployment_id, urn, rule, path, since, ended FROM hidings WHERE shard = ANY(%s) ORDER BY urn, path",
            (list(shards),),
        )
        return [Hiding(**row) for row in rows]

    def put(self, shard: str, changed: Mapping[str, Collection[Hiding]]) -> Sequence[Write]:
        if not changed:
            return ()
        rows = [one for some in changed.values() for one in some]
        columns = [
            [getattr(one, name) for one in rows] for name in ("urn", "rule", "path", "deployment_id", "since", "ended")
        ]
        return (
            ("DELETE FROM hidings WHERE urn = ANY(%s)", (list(changed),)),
            (
                "INSERT INTO hidings (shard, urn, rule, path, deployment_id, since, ended) SELECT %s, said.* FROM unnest("
                "%s::text[], %s::text[], %s::text[], %s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS said",
                (shard, *columns),
            ),
        )

    def forget(self, urn: str) -> Write:
        return ("DELETE FROM hidings WHERE urn = %s", (urn,))
