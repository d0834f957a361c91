"""Deciding, proposing, and checking afterwards."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from deployforge_chassis.bodies import Bodies
from deployforge_chassis.effects import Work, WorkHandler
from deployforge_chassis.facts import NOTHING, Effects, NotYet
from pydantic_core import to_json

from deployforge_healer.application.healer import Healer
from deployforge_healer.application.ports import DamagedHistory, Histories, ProposalRefused, Proposals
from deployforge_healer.domain.care import Care
from deployforge_healer.domain.incident import HEALING, OPEN, Decision, Incident, request_id
from deployforge_healer.domain.ladder import Escalate, Inputs, Remedy, Wait, choose, inputs_json
from deployforge_healer.domain.policy import Policy

_HOUR = timedelta(hours=1)


class Errands:
    """The handlers of the effect queue."""

    def __init__(self, app: Healer, proposals: Proposals, histories: Histories, bodies: Bodies) -> None:
        self._app, self._proposals, self._histories, self._bodies = app, proposals, histories, bodies

    def handlers(self) -> Mapping[str, WorkHandler]:
        """Kind → handler."""
        return {"decide": self.decide, "propose": self.propose, "check": self.check}

    def decide(self, work: Work) -> Effects:
        """Choose what happens next with an open incident."""
        incident = self._app.find(Incident, UUID(work.payload["incident_id"]))
        if incident is None or incident.state != OPEN:
            return NOTHING
        care = self._app.care(incident.deployment_id)
        if not care.state_version:
            raise NotYet("the healing policy of the deployment")
        now = self._app.clock.now()
        inputs = self._inputs(incident, care, now)
        match choose(inputs):
            case Escalate() as end:
                incident.escalate(end.cause, end.reason)
                return self._app.effects(incident)
            case Wait() as wait:
                incident.wait(wait.reason)
                return self._app.effects(incident, self._app.decide_later(incident, wait.until))
            case Remedy() as remedy:
                # Asked last, since the answer costs the most; what people decide is held up by the plan, not here.
                try:
                    self._histories.vouch(incident.about.namespace, incident.about.name)
                except DamagedHistory as damaged:
                    incident.escalate("damaged-history", str(damaged))
                    return self._app.effects(incident)
                return self._propose_later(incident, care, inputs, remedy, now)

    def _inputs(self, incident: Incident, care: Care, now: datetime) -> Inputs:
        policy, ledger, about = Policy.from_json(care.healing_json), self._app.ledger, incident.about
        since = now - timedelta(seconds=policy.flap_within_seconds)
        return Inputs(
            str(incident.id), about.kind, about.severity, incident.tried,
            tuple(ledger.healed_at(about.urn, about.paths, since)),
            ledger.healings(incident.deployment_id, now - _HOUR),
            ledger.open_healings(incident.deployment_id, incident.id), care.resources, care.paused, policy, now,
            ledger.drifted(incident.deployment_id, now - timedelta(seconds=policy.mass_within_seconds)),
        )  # fmt: skip

    def _propose_later(self, incident: Incident, care: Care, inputs: Inputs, remedy: Remedy, now: datetime) -> Effects:
        id = str(request_id(incident.id, remedy.remedy, remedy.attempt))
        explanation = to_json({"inputs": inputs, "choice": remedy, "policy_digest": care.policy_digest})
        digest, body = self._bodies.put(incident.deployment_id, explanation)
        incident.choose(
            Decision(
                remedy.remedy, remedy.rung, remedy.attempt, id, remedy.reason, remedy.alternatives,
                care.policy_digest, inputs_json(inputs), digest, now,
            )
        )  # fmt: skip
        payload = {"incident_id": str(incident.id), "request_id": id}
        propose = self._app.queue.enqueue("propose", id, payload, deployment_id=incident.deployment_id)
        care.admit(id)
        return self._app.effects(incident, body, propose) + Effects((care,))

    def propose(self, work: Work) -> Effects:
        """Hand the remedy to the control plane; the same request twice is one."""
        incident = self._app.find(Incident, UUID(work.payload["incident_id"]))
        if incident is None or incident.state != HEALING or incident.decisions[-1].request_id != work.id:
            return NOTHING
        try:
            self._proposals.propose(incident, incident.decisions[-1])
        except ProposalRefused as refused:
            incident.refuse(work.id, str(refused))
            return self._app.go_on(incident)
        return NOTHING

    def check(self, work: Work) -> Effects:
        """A remedy was executed a while ago and the drift is still there: it did not mend it."""
        incident = self._app.find(Incident, UUID(work.payload["incident_id"]))
        if incident is None:
            return NOTHING
        incident.persist(work.id, "executed, and the drift is still there")
        return self._app.go_on(incident) if incident.pending_events else NOTHING
