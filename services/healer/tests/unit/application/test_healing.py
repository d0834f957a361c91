from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact, example
from deployforge_healer.adapters.ledger import PostgresLedger
from deployforge_healer.adapters.records import records
from deployforge_healer.application.effects import Errands
from deployforge_healer.application.healer import Healer
from deployforge_healer.application.ports import ProposalRefused
from deployforge_healer.domain.incident import Decision, Incident, incident_id
from eventsourcing.persistence import StoredEvent

DRIFT = "a1b2c3d4-0000-5000-8000-00000000000a"
DEPLOYMENT = UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AUTO = '{"mode":"auto","limits":{"maxPercent":0}}'


class World:
    """The healer with a control plane that notes what is proposed."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.ledger = PostgresLedger(database)
        self.clock = FixedClock(NOW)
        self.app = Healer(database, sealer, self.ledger, self.clock)
        self.proposed: list[Decision] = []
        self.refuse = False
        errands = Errands(self.app, self, Bodies(database, sealer), check_seconds=60)
        self.workers = EffectWorkers(self.app.queue, errands.handlers())

    def propose(self, incident: Incident, decision: Decision) -> None:
        if self.refuse:
            raise ProposalRefused("NOT_FOUND: no such deployment")
        self.proposed.append(decision)

    def hear(self, handler: Callable[..., Any], type: str, work: bool = True, **changed: Any) -> None:
        self.app.commit(handler(a_fact("t", type, example(type, **changed))))
        if work:
            self.work()

    def policy(self, healing_json: str = AUTO, version: int = 2) -> None:
        self.hear(self.app.version_recorded, "StateVersionRecorded", healing_json=healing_json, version=version)

    def drift(self, **changed: Any) -> None:
        self.hear(self.app.drift_detected, "DriftDetected", **changed)

    def failed(self) -> None:
        self.hear(self.app.proposal_failed, "ExecutionRolledBack", request_id=self.proposed[-1].request_id, reason="broke")

    def verified(self) -> None:
        self.hear(self.app.execution_verified, "ExecutionVerified", request_id=self.proposed[-1].request_id)

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

    def said(self) -> list[str]:
        events = [
            self.app.sealed.to_domain_event(StoredEvent(n.originator_id, n.originator_version, n.topic, n.state))
            for n in self.app.recorder.select_notifications(None, 1000)
        ]
        return [record.fact for event in events for record in records(event)]


@pytest.fixture
def world(fresh_database: Database, sealer: Sealer) -> World:
    return World(fresh_database, sealer)


def test_drift_is_corrected_and_closed_when_it_is_gone(world: World) -> None:
    world.policy()
    world.drift()
    assert [d.remedy for d in world.proposed] == ["correct"]
    world.verified()
    world.hear(world.app.drift_resolved, "DriftResolved")
    assert world.said() == ["IncidentOpened", "RemedyChosen", "IncidentClosed"]
    incident = world.incident()
    assert (incident.state, incident.reason, incident.decisions[0].outcome) == ("closed", "healed", "succeeded")


def test_the_same_drift_twice_is_one_incident(world: World) -> None:
    world.policy()
    world.drift()
    world.drift()
    assert world.said() == ["IncidentOpened", "RemedyChosen"]


def test_a_failed_remedy_is_tried_again_then_the_next_rung(world: World) -> None:
    world.policy()
    world.drift()
    for _ in range(2):
        world.failed()
        world.later(minutes=1)
    assert [d.remedy for d in world.proposed] == ["correct", "correct", "rollback"]
    assert len({d.request_id for d in world.proposed}) == 3


def test_a_refused_proposal_counts_as_failed(world: World) -> None:
    world.policy()
    world.refuse = True
    world.drift()
    for _ in range(8):
        world.later(minutes=5)
    assert world.incident().state == "escalated"
    assert "ladder-exhausted" in world.incident().reason


def test_healing_off_escalates(world: World) -> None:
    world.policy('{"mode":"off"}')
    world.drift()
    assert world.said() == ["IncidentOpened", "IncidentEscalated"]
    assert not world.proposed


def test_a_drift_that_goes_away_resolves_itself(world: World) -> None:
    world.policy('{"mode":"off"}')
    world.drift()
    world.hear(world.app.drift_resolved, "DriftResolved")
    assert world.incident().reason == "resolved-itself"


def test_nothing_is_decided_before_the_policy_is_known(world: World) -> None:
    world.drift()
    assert world.said() == ["IncidentOpened"]
    world.policy()
    world.app.database.query("UPDATE effects SET due_at = now() WHERE status = 'waiting'")
    world.work()
    assert [d.remedy for d in world.proposed] == ["correct"]


def test_a_remedy_that_does_not_mend_it_is_followed_by_the_next(world: World) -> None:
    world.policy()
    world.drift()
    world.verified()
    world.later(seconds=61)
    world.later(seconds=61)
    assert [d.remedy for d in world.proposed] == ["correct", "correct"]


def test_flapping_stops(world: World) -> None:
    world.policy()
    for episode in range(4):
        drift = f"a1b2c3d4-0000-5000-8000-00000000000{episode}"
        world.drift(drift_id=drift)
        if world.incident(drift).state == "escalated":
            break
        world.verified()
        world.hear(world.app.drift_resolved, "DriftResolved", drift_id=drift)
    assert len(world.proposed) == 3
    assert "flapping" in world.incident("a1b2c3d4-0000-5000-8000-000000000003").reason


def test_a_pause_holds_until_it_is_lifted(world: World) -> None:
    world.policy()
    world.app.pause(DEPLOYMENT, "bob", "maintenance")
    world.drift()
    assert (world.proposed, world.incident().reason) == ([], "healing is paused")
    world.app.resume(DEPLOYMENT, "bob")
    world.later(seconds=20)
    assert [d.remedy for d in world.proposed] == ["correct"]


def test_an_old_outcome_changes_nothing(world: World) -> None:
    world.policy()
    world.drift()
    world.failed()
    world.later(minutes=1)
    world.hear(world.app.proposal_failed, "ExecutionFailed", request_id=world.proposed[0].request_id, reason="again")
    assert [d.outcome for d in world.incident().decisions] == ["failed", "pending"]


def test_incidents_are_listed_newest_first(world: World) -> None:
    world.policy()
    world.drift()
    world.drift(drift_id="a1b2c3d4-0000-5000-8000-00000000000b")
    ids, cursor = world.ledger.page("", "", None, False, 1, "")
    assert ids == [incident_id("a1b2c3d4-0000-5000-8000-00000000000b")]
    assert world.ledger.page("", "", None, False, 1, cursor) == ([incident_id(DRIFT)], "")
    assert world.ledger.page("", "", ["elsewhere"], False, 1, "") == ([], "")
