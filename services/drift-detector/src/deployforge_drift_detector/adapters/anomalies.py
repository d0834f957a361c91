"""What every drift is thought to be, as readers see it: the newest opinion, one sealed row per episode."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer
from pydantic import TypeAdapter

from deployforge_drift_detector.domain.anomaly import Anomaly, Opinion

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS anomalies (drift_id uuid PRIMARY KEY, deployment_id uuid NOT NULL, "
    "namespace text NOT NULL, name text NOT NULL, body bytea NOT NULL)",
)
_OPINION: Final = TypeAdapter(Opinion)


class AnomalyTable:
    """See ports.Anomalies."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        database.migrate(SCHEMA)
        sealer.declare(SealedColumn("anomalies", "body", ("drift_id",), lambda row: _place(row["drift_id"])))

    def put(self, anomalies: Sequence[Anomaly]) -> Sequence[Write]:
        if not anomalies:
            return ()
        rows = sorted(anomalies, key=lambda one: one.drift_id)
        bodies = list(map(self._sealed, rows))
        statement = (
            "INSERT INTO anomalies (drift_id, deployment_id, namespace, name, body) "
            "SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bytea[]) "
            "ON CONFLICT (drift_id) DO UPDATE SET body = excluded.body"
        )
        owners = ([one.drift_id for one in rows], [one.deployment_id for one in rows])
        names = ([one.namespace for one in rows], [one.name for one in rows])
        return ((statement, (*owners, *names, bodies)),)

    def of(self, drift_ids: Collection[UUID]) -> Mapping[UUID, Opinion]:
        rows = self._database.query("SELECT drift_id, body FROM anomalies WHERE drift_id = ANY(%s)", (list(drift_ids),))
        return {row["drift_id"]: self._opened(row) for row in rows}

    def _sealed(self, anomaly: Anomaly) -> bytes:
        return self._sealer.seal(anomaly.deployment_id, _OPINION.dump_json(anomaly.opinion), _place(anomaly.drift_id))

    def _opened(self, row: Mapping[str, Any]) -> Opinion:
        return _OPINION.validate_json(self._sealer.open(bytes(row["body"]), _place(row["drift_id"])))


def _place(drift_id: UUID) -> str:
    return f"anomaly|{drift_id}"
