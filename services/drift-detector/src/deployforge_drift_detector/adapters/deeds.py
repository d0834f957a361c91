"""Who changed each resource last, as clouds told; who it was stays sealed under the deployment's key."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer, Shredded

from deployforge_drift_detector.application.ports import Deed
from deployforge_drift_detector.domain.actor import Actor

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS deeds (urn text PRIMARY KEY, deployment_id uuid NOT NULL, at timestamptz NOT NULL, "
    "body bytea NOT NULL)",
)


class DeedTable:
    """See ports.Deeds."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate(SCHEMA)
        sealer.declare(SealedColumn("deeds", "body", ("urn",), lambda row: _place(row["urn"])))

    def put(self, deeds: Sequence[Deed]) -> Sequence[Write]:
        return [
            (
                "INSERT INTO deeds (urn, deployment_id, at, body) VALUES (%s, %s, %s, %s) ON CONFLICT (urn) DO UPDATE SET "
                "at = excluded.at, body = excluded.body WHERE deeds.at <= excluded.at",
                (deed.urn, deed.deployment_id, deed.at, self._sealed(deed)),
            )
            for deed in sorted(deeds, key=lambda deed: (deed.urn, deed.at))
        ]

    def _sealed(self, deed: Deed) -> bytes:
        said = json.dumps([deed.actor.name, deed.actor.kind]).encode()
        return self._sealer.seal(deed.deployment_id, said, _place(deed.urn))

    def of(self, urns: Collection[str]) -> Mapping[str, Deed]:
        rows = self._database.query("SELECT urn, deployment_id, at, body FROM deeds WHERE urn = ANY(%s)", (list(urns),))
        found: dict[str, Deed] = {}
        for row in rows:
            try:
                name, kind = json.loads(self._sealer.open(bytes(row["body"]), _place(row["urn"])))
            except Shredded:
                continue
            found[row["urn"]] = Deed(row["urn"], row["deployment_id"], Actor(name, kind), row["at"])
        return found

    def forget(self, urn: str) -> Write:
        return ("DELETE FROM deeds WHERE urn = %s", (urn,))


def _place(urn: str) -> str:
    return f"drift-deed|{urn}"
