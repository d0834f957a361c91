"""One method per fact heard and command; deciding and proposing are effects."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from deployforge_chassis.clock import Clock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import NOTHING, Effects, Fact, Write
from deployforge_chassis.identity import CONTROL_PLANE
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import AggregateNotFoundError

from deployforge_healer.application import messages
from deployforge_healer.application.ports import Ledger
from deployforge_healer.domain.care import Care
from deployforge_healer.domain.incident import OPEN, About, Incident, incident_id
from deployforge_healer.domain.ladder import SUCCEEDED

A = TypeVar("A")

_CONFLICTS_AT_MOST = 20
#: When an incident ends, so many of those that wait may try again: some of them have other reasons to wait too.
_WOKEN_BY_ONE = 3
_WOKEN_BY_RESUMPTION = 500

_SEVERITY = {"INFORMATIONAL": 1, "DEGRADED": 2, "CRITICAL": 3}


class Healer(EventSourcedApplication):
    """Turns drift into proposals, within policy."""

    def __init__(self, database: Database, sealer: Sealer, ledger: Ledger, clock: Clock, *, check_seconds: float) -> None:
        super().__init__(database, sealer, name="healer")
        self.queue = EffectQueue(self, sealer)
        self.ledger = ledger
        self.clock = clock
        self._check = timedelta(seconds=check_seconds)

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
        if not incident.pending_events:
            return NOTHING
        return self.effects(incident, *self._make_room(incident))

    def version_recorded(self, fact: Fact) -> Effects:
        """Learn the healing policy that is in force."""
        heard = fact.read(messages.StateVersionRecorded)
        care = self.care(heard.deployment_id)
        care.learn(heard.healing_json, heard.healing_policy_digest, heard.version, heard.desired_version, heard.resources)
        return Effects((care,))

    def approval_requested(self, fact: Fact) -> Effects:
        """The control plane asks people about a proposal."""
        return self._about_proposal(fact, lambda incident, heard: incident.await_approval(heard.request_id))

    def plan_approved(self, fact: Fact) -> Effects:
        """People, or the healing policy itself, let a proposal be executed."""
        return self._about_proposal(fact, lambda incident, heard: incident.approve(heard.request_id))

    def plan_rejected(self, fact: Fact) -> Effects:
        """What a person refuses is not proposed again; what the control plane refuses may pass when it is tried
        again: the policy may have changed meanwhile, or people had no time.
        """
        heard = fact.read(messages.PlanRejected)
        if heard.by == CONTROL_PLANE:
            return self.proposal_failed(fact)
        why = f"refused by {heard.by}: {heard.reason}"
        return self._about_proposal(fact, lambda incident, _: incident.refuse(heard.request_id, why))

    def execution_started(self, fact: Fact) -> Effects:
        """A proposal is being executed."""
        return self._about_proposal(fact, lambda incident, heard: incident.start(heard.request_id))

    def execution_verified(self, fact: Fact) -> Effects:
        """A remedy was executed: look again after a while, in case the drift stays."""
        return self._about_proposal(fact, lambda incident, heard: incident.succeed(heard.request_id))

    def proposal_failed(self, fact: Fact) -> Effects:
        """A remedy could not be planned, went stale or failed: the next attempt or rung."""

        def fail(incident: Incident, heard: messages.AboutRequest) -> None:
            incident.fail(heard.request_id, f"{fact.type}: {heard.reason}" if heard.reason else fact.type)

        return self._about_proposal(fact, fail)

    # --- commands --------------------------------------------------------------------------------------

    def pause(self, deployment_id: UUID, by: str, reason: str) -> None:
        """Start no remedy of the deployment."""
        self._command(deployment_id, lambda care: care.pause(by, reason))

    def resume(self, deployment_id: UUID, by: str) -> None:
        """Let remedies start again."""

        def resume(care: Care) -> Sequence[Write]:
            care.resume(by)
            return self._wake(deployment_id, f"resumed@{care.version}", _WOKEN_BY_RESUMPTION)

        self._command(deployment_id, resume)

    # --- how -------------------------------------------------------------------------------------------

    def effects(self, incident: Incident, *writes: Write) -> Effects:
        """An incident's new events with their read models and `writes`."""
        return Effects((incident,), (*writes, *self.ledger.writes(incident, incident.pending_events)))

    def go_on(self, incident: Incident) -> Effects:
        """A remedy has ended and mended nothing: decide again, and let others use the room that it leaves."""
        return self.effects(incident, self.decide_later(incident), *self._make_room(incident))

    def decide_later(self, incident: Incident, not_before: Any = None) -> Write:
        """Have the next step of an incident decided; one decision for each version of it."""
        version = incident.version + (1 if not_before else 0)
        suffix = f"@{not_before.isoformat()}" if not_before else ""
        return self.queue.enqueue(
            "decide", f"{incident.id}#{version}{suffix}", {"incident_id": str(incident.id)},
            deployment_id=incident.deployment_id, not_before=not_before,
        )  # fmt: skip

    def _check_later(self, incident: Incident) -> Write:
        id = incident.decisions[-1].request_id
        return self.queue.enqueue(
            "check", id, {"incident_id": str(incident.id)}, deployment_id=incident.deployment_id,
            not_before=self.clock.now() + self._check,
        )  # fmt: skip

    def _make_room(self, incident: Incident) -> Sequence[Write]:
        cause = f"{incident.id}@{incident.version}"
        return self._wake(incident.deployment_id, cause, _WOKEN_BY_ONE, but=incident.id)

    def _wake(self, deployment_id: UUID, cause: str, at_most: int, but: UUID | None = None) -> Sequence[Write]:
        """Have incidents decided again that wait for others to end or for a pause to be lifted."""
        return [
            self.queue.enqueue("decide", f"{id}<{cause}", {"incident_id": str(id)}, deployment_id=deployment_id)
            for id in self.ledger.waiting(deployment_id, at_most)
            if id != but
        ]

    def _command(self, deployment_id: UUID, act: Callable[[Care], Sequence[Write] | None]) -> None:
        """Change what is known of a deployment's healing, again when somebody else was faster."""
        for _ in range(_CONFLICTS_AT_MOST):
            care = self.care(deployment_id)
            writes = act(care) or ()
            try:
                return self.commit(Effects((care,), writes))
            except VersionConflict as conflict:
                last = conflict
        raise last

    def care(self, deployment_id: UUID) -> Care:
        """What is known of a deployment's healing."""
        return self.find(Care, Care.create_id(deployment_id)) or Care(deployment_id)

    def find(self, kind: type[A], id: UUID) -> A | None:
        """An aggregate of that kind, or None."""
        try:
            found: object = self.repository.get(id)
        except AggregateNotFoundError:
            return None
        return found if isinstance(found, kind) else None

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
            return self.go_on(incident)
        if incident.decisions[-1].outcome == SUCCEEDED:
            return self.effects(incident, self._check_later(incident))
        return self.effects(incident)
