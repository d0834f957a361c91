"""What somebody could do who writes to the topic of observations as mcal may."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from deployforge_chassis import packed
from deployforge_chassis.avro import AvroCodec, MemoryRegistry
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact, example, runtime_url
from deployforge_drift_detector.adapters import records as detecting
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.adapters.stores import open_stores
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.entrypoints.batches import Batches
from deployforge_healer.adapters.ledger import PostgresLedger
from deployforge_healer.application.effects import Errands
from deployforge_healer.application.healer import Healer
from deployforge_healer.domain.incident import Decision, Incident, incident_id

_MANY = 500
_SHARD = "aws:000000000000:eu-west-1:03"
_SHOP = UUID(int=7)
_NOW = datetime(2100, 1, 1, 12, 0, tzinfo=UTC)
"""Far ahead of the database's own clock, by which effects are due."""
_POLICY = '{"mode":"auto","maxSeverity":"critical","ladder":["recreate","alert"],"limits":{"maxPercent":0}}'


class _Detector:
    """The drift detector's real parts, from the bytes of a message to the bytes of a fact."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.clock, self.codec, states = FixedClock(_NOW), AvroCodec(MemoryRegistry()), DesiredMap()
        self.app = DriftDetector(database, sealer, open_stores(database, sealer), states, self.clock)
        judging = Judging(self.app, second_read_seconds=10)
        self.batches = Batches(self.codec, judging, ParkedBatches(database), Meter(), self.clock)
        self.urns = [f"urn:df:front:shop:q{n:03}" for n in range(_MANY)]
        for urn in self.urns:
            states.put(
                Desired(
                    urn=urn, deployment_id=_SHOP, namespace="front", name="shop", version=1, desired_version=1, shard=_SHARD,
                    every_seconds=60, resource=urn[-4:], type="Queue", physical_id=urn, criticality="normal", generation=1,
                    properties={},
                )
            )  # fmt: skip

    def told_that_all_is_gone(self, sequence: int) -> None:
        """A forged scan that was asked for."""
        self.clock.advance(1)
        self.app.database.write([self.app.stores.schedule.put(_SHARD, sequence, None)])
        value = {
            "scan_id": f"s{sequence}", "shard": _SHARD, "sequence": sequence, "batch": 0, "last": True,
            "observed_at": self.clock.now(), "observations": [],
            "ids": b"".join(packed.key(_SHOP, urn) for urn in self.urns), "presences": b"\x02" * _MANY,
            "generations": packed.numbers([1] * _MANY), "digests": packed.digest(b"") * _MANY,
            "ends": packed.ends([b""] * _MANY), "bodies": b"",
        }  # fmt: skip
        assert self.batches.take("mcal.observations", 0, sequence, self.codec.encode("ObservationBatch", value))

    def facts(self) -> list[bytes]:
        page = self.app.recorder.select_notifications(None, 10 * _MANY)
        events = (self.app.mapper.to_domain_event(one) for one in page)
        said = [record for event in events for record in detecting.records(event) if record.fact == "DriftDetected"]
        return [self.codec.encode(record.fact, dict(record.value or {})) for record in said]


class _ControlPlane:
    """Notes what is proposed to it; every history is good."""

    def __init__(self) -> None:
        self.proposed: list[Decision] = []

    def propose(self, incident: Incident, decision: Decision) -> None:
        self.proposed.append(decision)

    def vouch(self, namespace: str, name: str) -> None: ...


def test_forged_all_deleted_opens_the_breaker_instead_of_a_mass_heal(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    KeyFile.create(tmp_path / "test.key")
    urls = new_database(), new_database()
    databases = [Database(runtime_url(url), owner_url=url, pool_size=1) for url in urls]
    sealers = [Sealer(database, KeyFile(tmp_path / "test.key"), service="test") for database in databases]
    for database in databases:
        database.migrate(Sealer.SCHEMA)
    try:
        detector, control_plane = _Detector(databases[0], sealers[0]), _ControlPlane()
        detector.told_that_all_is_gone(1)
        assert detector.facts() == []
        detector.told_that_all_is_gone(2)
        facts = [detector.codec.decode(said)[1] for said in detector.facts()]
        assert len(facts) == _MANY

        healer = Healer(databases[1], sealers[1], PostgresLedger(databases[1]), detector.clock, check_seconds=60)
        errands = Errands(healer, control_plane, control_plane, Bodies(databases[1], sealers[1]))
        workers = EffectWorkers(healer.queue, errands.handlers())
        known = example("StateVersionRecorded", deployment_id=str(_SHOP), healing_json=_POLICY, resources=_MANY)
        healer.commit(healer.version_recorded(a_fact("t", "StateVersionRecorded", known)))
        for fact in facts:
            healer.commit(healer.drift_detected(a_fact("t", "DriftDetected", fact)))
            while workers.work_once():
                pass
        # Those that waited for their turn look again.
        detector.clock.advance(timedelta(minutes=1).total_seconds())
        healer.database.query("UPDATE effects SET due_at = now() WHERE status = 'waiting' AND kind = 'decide'")
        while workers.work_once():
            pass

        incidents = [healer.find(Incident, incident_id(fact["drift_id"])) for fact in facts]
        states = [incident.state for incident in incidents if incident is not None]
        assert len(control_plane.proposed) == 5
        assert (states.count("healing"), states.count("escalated")) == (5, _MANY - 5)
        assert incidents[-1] is not None and incidents[-1].reason.startswith(f"mass-change: {_MANY} of {_MANY}")
    finally:
        for database in databases:
            database.close()
