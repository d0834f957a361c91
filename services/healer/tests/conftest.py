"""What the tests of the healer share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.facts import Record
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact, example
from deployforge_healer.adapters.ledger import PostgresLedger
from deployforge_healer.adapters.records import records
from deployforge_healer.application.effects import Errands
from deployforge_healer.application.healer import Healer
from deployforge_healer.application.ports import DamagedHistory, ProposalRefused
from deployforge_healer.domain.incident import Decision, Incident, incident_id
from eventsourcing.persistence import StoredEvent

DRIFT = "a1b2c3d4-0000-5000-8000-00000000000a"
DEPLOYMENT = UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")
NOW = datetime(2100, 1, 1, 12, 0, tzinfo=UTC)
"""Far ahead of the database's own clock: what is due at once by that one is due by the fixed one too, always."""
AUTO = '{"mode":"auto","limits":{"maxPercent":0}}'


class World:
    """The healer with a control plane that notes what is proposed."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.ledger = PostgresLedger(database)
        self.clock = FixedClock(NOW)
        self.app = Healer(database, sealer, self.ledger, self.clock, check_seconds=60)
        self.bodies = Bodies(database, sealer)
        self.proposed: list[Decision] = []
        self.refuse = False
        self.damage = ""
        errands = Errands(self.app, self, self, self.bodies)
        self.errands = errands
        self.workers = EffectWorkers(self.app.queue, errands.handlers())

    def propose(self, incident: Incident, decision: Decision) -> None:
        if self.refuse:
            raise ProposalRefused("NOT_FOUND: no such deployment")
        self.proposed.append(decision)

    def vouch(self, namespace: str, name: str) -> None:
        if self.damage:
            raise DamagedHistory(self.damage)

    def hear(self, handler: Callable[..., Any], type: str, work: bool = True, **changed: Any) -> None:
        self.app.commit(handler(a_fact("t", type, example(type, **changed))))
        if work:
            self.work()

    def policy(self, healing_json: str = AUTO, version: int = 2) -> None:
        self.hear(self.app.version_recorded, "StateVersionRecorded", healing_json=healing_json, version=version)

    def drift(self, **changed: Any) -> None:
        self.hear(self.app.drift_detected, "DriftDetected", **changed)

    def resolved(self, drift: str = DRIFT) -> None:
        self.hear(self.app.drift_resolved, "DriftResolved", drift_id=drift, resolved_at=self.clock.now())

    def asked(self) -> None:
        self.about(self.app.approval_requested, "ApprovalRequested")

    def approved(self) -> None:
        self.about(self.app.plan_approved, "PlanApproved")

    def rejected(self, by: str) -> None:
        self.about(self.app.plan_rejected, "PlanRejected", by=by, reason="no")

    def started(self) -> None:
        self.about(self.app.execution_started, "ExecutionStarted")

    def failed(self) -> None:
        self.about(self.app.proposal_failed, "ExecutionRolledBack", reason="broke")

    def verified(self) -> None:
        self.about(self.app.execution_verified, "ExecutionVerified")

    def about(self, handler: Callable[..., Any], type: str, **changed: Any) -> None:
        """Hear something about the last proposal."""
        self.hear(handler, type, request_id=self.proposed[-1].request_id, **changed)

    def later(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())
        self.app.database.query(
            "UPDATE effects SET due_at = due_at - make_interval(secs => %s)", (timedelta(**span).total_seconds(),)
        )
        self.work()

    def work(self) -> None:
        # The database's own clock decides what is due; only what was due by the fixed clock is brought forward.
        self.app.database.query(
            "UPDATE effects SET due_at = now() WHERE status = 'waiting' AND due_at <= %s", (self.clock.now(),)
        )
        for _ in range(10):
            if not self.workers.work_once():
                return

    def incident(self, drift: str = DRIFT) -> Incident:
        found = self.app.find(Incident, incident_id(drift))
        assert found is not None
        return found

    def records(self) -> list[Record]:
        events = [
            self.app.sealed.to_domain_event(StoredEvent(n.originator_id, n.originator_version, n.topic, n.state))
            for n in self.app.recorder.select_notifications(None, 1000)
        ]
        return [record for event in events for record in records(event)]

    def said(self) -> list[str]:
        return [record.fact for record in self.records()]


@pytest.fixture
def world(fresh_database: Database, sealer: Sealer) -> World:
    return World(fresh_database, sealer)
