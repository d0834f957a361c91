"""One method per fact heard and command; deciding and proposing are effects."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from deployforge_chassis.clock import Clock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import NOTHING, Effects, Fact, Write
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import AggregateNotFoundError

from deployforge_healer.application import messages
from deployforge_healer.application.ports import Ledger
from deployforge_healer.domain.care import Care
from deployforge_healer.domain.incident import OPEN, About, Incident, incident_id

A = TypeVar("A")

_SEVERITY = {"INFORMATIONAL": 1, "DEGRADED": 2, "CRITICAL": 3}


class Healer(EventSourcedApplication):
    """Turns drift into proposals, within policy."""

    def __init__(self, database: Database, sealer: Sealer, ledger: Ledger, clock: Clock) -> None:
        super().__init__(database, sealer, name="healer")
        self.queue = EffectQueue(self, sealer)
        self.ledger = ledger
        self.clock = clock

    # --- facts heard -----------------------------------------------------------------------------------

    def drift_detected(self, fact: Fact) -> Effects:
        """Open an incident, or bring it up to date."""
        heard = fact.read(messages.DriftDetected)
        about = About(
            heard.namespace, heard.name, heard.drift_id, heard.urn, heard.kind.lower(),
            _SEVERITY.get(heard.severity, 2), tuple(sorted(a.path for a in heard.attributes)), heard.fingerprint,
            heard.desired_version,
        )  # fmt: skip
        incident = self.find(Incident, incident_id(heard.drift_id))
        if incident is None:
            incident = Incident(heard.deployment_id, about, heard.detected_at)
        elif not incident.change(about):
            return NOTHING
        return self.effects(incident, self.decide_later(incident))

    def drift_resolved(self, fact: Fact) -> Effects:
        """Close the incident."""
        heard = fact.read(messages.DriftResolved)
        incident = self.find(Incident, incident_id(heard.drift_id))
        if incident is None:
            return NOTHING
        incident.close(heard.resolved_at)
        return self.effects(incident)

    def version_recorded(self, fact: Fact) -> Effects:
        """Learn the healing policy that is in force."""
        heard = fact.read(messages.StateVersionRecorded)
        care = self.care(heard.deployment_id)
        care.learn(heard.healing_json, heard.healing_policy_digest, heard.version, heard.desired_version, heard.resources)
        return Effects((care,))

    def approval_requested(self, fact: Fact) -> Effects:
        """The control plane asks people about a proposal."""
        return self._about_proposal(fact, lambda incident, heard: incident.await_approval(heard.request_id))

    def execution_verified(self, fact: Fact) -> Effects:
        """A remedy was executed: look again after a while, in case the drift stays."""
        return self._about_proposal(fact, lambda incident, heard: incident.succeed(heard.request_id))

    def proposal_failed(self, fact: Fact) -> Effects:
        """A remedy was refused, went stale or failed: the next attempt or rung."""

        def fail(incident: Incident, heard: messages.AboutRequest) -> None:
            incident.fail(heard.request_id, f"{fact.type}: {heard.reason}" if heard.reason else fact.type)

        return self._about_proposal(fact, fail)

    # --- commands --------------------------------------------------------------------------------------

    def pause(self, deployment_id: UUID, by: str, reason: str) -> None:
        """Start no remedy of the deployment."""
        care = self.care(deployment_id)
        care.pause(by, reason)
        self.commit(Effects((care,)))

    def resume(self, deployment_id: UUID, by: str) -> None:
        """Let remedies start again."""
        care = self.care(deployment_id)
        care.resume(by)
        self.commit(Effects((care,)))

    # --- how -------------------------------------------------------------------------------------------

    def effects(self, incident: Incident, *writes: Write) -> Effects:
        """An incident's new events with their read models and `writes`."""
        return Effects((incident,), (*writes, *self.ledger.writes(incident, incident.pending_events)))

    def decide_later(self, incident: Incident, not_before: Any = None) -> Write:
        """Have the next step of an incident decided; one decision for each version of it."""
        version = incident.version + (1 if not_before else 0)
        suffix = f"@{not_before.isoformat()}" if not_before else ""
        return self.queue.enqueue(
            "decide", f"{incident.id}#{version}{suffix}", {"incident_id": str(incident.id)},
            deployment_id=incident.deployment_id, not_before=not_before,
        )  # fmt: skip

    def care(self, deployment_id: UUID) -> Care:
        """What is known of a deployment's healing."""
        return self.find(Care, Care.create_id(deployment_id)) or Care(deployment_id)

    def find(self, kind: type[A], id: UUID) -> A | None:
        """An aggregate, or None."""
        try:
            found: A = self.repository.get(id)
        except AggregateNotFoundError:
            return None
        return found

    def _about_proposal(self, fact: Fact, act: Callable[[Incident, messages.AboutRequest], object]) -> Effects:
        heard = fact.read(messages.AboutRequest)
        id = self.ledger.incident_of(heard.request_id)
        incident = self.find(Incident, id) if id else None
        if incident is None:
            return NOTHING
        act(incident, heard)
        if not incident.pending_events:
            return NOTHING
        if incident.state == OPEN:
            return self.effects(incident, self.decide_later(incident))
        return self.effects(incident)
