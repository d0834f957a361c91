"""An incident: one drift, from its detection until it is gone or people have taken over."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_healer.domain.ladder import FAILED, PENDING, REFUSED, SUCCEEDED, Alternative, Tried

OPEN, HEALING, AWAITING, ESCALATED, CLOSED = "open", "healing", "awaiting-approval", "escalated", "closed"
HEALED = "healed"


@dataclass(frozen=True)
class About:
    """What an incident is about."""

    namespace: str
    name: str
    drift_id: str
    urn: str
    kind: str
    severity: int
    paths: tuple[str, ...]
    fingerprint: str
    desired_version: int


@dataclass(frozen=True)
class Decision:
    """One choice of a remedy with everything that explains it."""

    remedy: str
    rung: int
    attempt: int
    request_id: str
    reason: str
    alternatives: tuple[Alternative, ...]
    policy_digest: str
    inputs_json: str
    explanation_digest: str
    at: datetime
    outcome: str = PENDING


class Incident(Aggregate):
    """Id: `Incident.create_id(drift id)`."""

    @event("Opened")
    def __init__(self, deployment_id: UUID, about: About, at: datetime) -> None:
        self.deployment_id = deployment_id
        self.about = about
        self.opened_at = at
        self.closed_at: datetime | None = None
        self.state = OPEN
        self.reason = ""
        self.decisions: list[Decision] = []
        self.executing = False

    @staticmethod
    def create_id(about: About, **_: object) -> UUID:
        """A drift has one incident."""
        return incident_id(about.drift_id)

    @property
    def tried(self) -> tuple[Tried, ...]:
        """Remedies so far."""
        return tuple(Tried(d.remedy, d.outcome, d.at) for d in self.decisions)

    def change(self, about: About) -> bool:
        """The drift is another one now; False when nothing is new."""
        if self.state == CLOSED or about.fingerprint == self.about.fingerprint:
            return False
        self._changed(about=about)
        return True

    @event("Changed")
    def _changed(self, about: About) -> None:
        self.about = about
        if self.state == ESCALATED:
            self.state = OPEN

    def choose(self, decision: Decision) -> None:
        """A remedy is chosen and will be proposed."""
        if self.state == OPEN:
            self._remedy_chosen(about=self.about, decision=decision)

    @event("RemedyChosen")
    def _remedy_chosen(self, about: About, decision: Decision) -> None:
        self.decisions.append(decision)
        self.executing = False
        self.state = HEALING
        self.reason = decision.reason

    def await_approval(self, request_id: str) -> None:
        """The control plane asks people."""
        if self.state == HEALING and not self.executing and self._is_pending(request_id):
            self._approval_awaited()

    @event("ApprovalAwaited")
    def _approval_awaited(self) -> None:
        self.state = AWAITING
        self.reason = "waits for a person's approval"

    def approve(self, request_id: str) -> None:
        """People said yes."""
        if self.state == AWAITING and self._is_pending(request_id):
            self._approved()

    @event("Approved")
    def _approved(self) -> None:
        self.state = HEALING
        self.reason = "approved by people"

    def start(self, request_id: str) -> None:
        """The remedy is being executed: from now on it is what mends the drift, should that go away."""
        if self.state in (HEALING, AWAITING) and not self.executing and self._is_pending(request_id):
            self._remedy_started()

    @event("RemedyStarted")
    def _remedy_started(self) -> None:
        self.state = HEALING
        self.executing = True
        self.reason = "the remedy is being executed"

    def succeed(self, request_id: str) -> None:
        """The remedy was executed and verified; the next scan will tell."""
        if self.state in (HEALING, AWAITING) and self._is_pending(request_id):
            self._remedy_succeeded(urn=self.about.urn, paths=self.about.paths)

    @event("RemedySucceeded")
    def _remedy_succeeded(self, urn: str, paths: tuple[str, ...]) -> None:
        self.decisions[-1] = replace(self.decisions[-1], outcome=SUCCEEDED)
        self.state = HEALING
        self.reason = "mended; the next scan confirms it"

    def fail(self, request_id: str, why: str) -> None:
        """The remedy could not be executed; what is not about the pending remedy changes nothing."""
        if self.state in (HEALING, AWAITING) and self._is_pending(request_id):
            self._remedy_failed(about=self.about, decision=self.decisions[-1], why=why)

    def persist(self, request_id: str, why: str) -> None:
        """The remedy was executed, and the drift is there all the same."""
        if self.state == HEALING and self._is_current(request_id) and self.decisions[-1].outcome == SUCCEEDED:
            self._remedy_failed(about=self.about, decision=self.decisions[-1], why=why)

    @event("RemedyFailed")
    def _remedy_failed(self, about: About, decision: Decision, why: str) -> None:
        self.decisions[-1] = replace(self.decisions[-1], outcome=FAILED)
        self.state = OPEN
        self.reason = why

    def refuse(self, request_id: str, why: str) -> None:
        """Somebody who may said no; the same remedy is not proposed again."""
        if self.state in (HEALING, AWAITING) and self._is_pending(request_id):
            self._remedy_refused(about=self.about, decision=self.decisions[-1], why=why)

    @event("RemedyRefused")
    def _remedy_refused(self, about: About, decision: Decision, why: str) -> None:
        self.decisions[-1] = replace(self.decisions[-1], outcome=REFUSED)
        self.state = OPEN
        self.reason = why

    def wait(self, why: str) -> None:
        """Nothing may be done now."""
        if self.state == OPEN and self.reason != why:
            self._waited(why=why)

    @event("Waited")
    def _waited(self, why: str) -> None:
        self.reason = why

    def escalate(self, cause: str, why: str) -> None:
        """People must look."""
        if self.state == OPEN:
            self._escalated(about=self.about, cause=cause, why=why)

    @event("Escalated")
    def _escalated(self, about: About, cause: str, why: str) -> None:
        self.state = ESCALATED
        self.reason = f"{cause}: {why}"

    def close(self, at: datetime) -> None:
        """The drift is gone: healed when a remedy was executed, otherwise by itself."""
        if self.state == CLOSED:
            return
        # A scan may see the end before the orchestrator's word of it arrives: then the remedy is still pending.
        mended = any(d.outcome == SUCCEEDED or (d.outcome == PENDING and self.executing) for d in self.decisions[-1:])
        how = HEALED if mended else "resolved-itself"
        seconds = (at - self.opened_at).total_seconds()
        self._closed(
            about=self.about, how=how, remedy=self.decisions[-1].remedy if mended else None,
            attempts=len(self.decisions), duration_ms=max(0, int(seconds * 1000)), at=at,
        )  # fmt: skip

    @event("Closed")
    def _closed(self, about: About, how: str, remedy: str | None, attempts: int, duration_ms: int, at: datetime) -> None:
        self.state = CLOSED
        self.closed_at = at
        self.reason = how
        if how == HEALED:
            self.decisions[-1] = replace(self.decisions[-1], outcome=SUCCEEDED)

    def _is_current(self, request_id: str) -> bool:
        return bool(self.decisions) and self.decisions[-1].request_id == request_id

    def _is_pending(self, request_id: str) -> bool:
        return self._is_current(request_id) and self.decisions[-1].outcome == PENDING


def incident_id(drift_id: str) -> UUID:
    """The incident of a drift."""
    return uuid5(NAMESPACE_URL, f"deployforge:incident:{drift_id}")


def request_id(incident: UUID, remedy: str, attempt: int) -> UUID:
    """The request by which an attempt is proposed; the same after a crash."""
    return uuid5(incident, f"{remedy}#{attempt}")
