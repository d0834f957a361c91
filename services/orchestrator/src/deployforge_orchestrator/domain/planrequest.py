"""A wish of the control plane, from its arrival to the one execution of its plan."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_orchestrator.domain.refusals import PlanAlreadyDecided, Problem


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    namespace: str
    name: str
    request_id: str
    action: str
    origin: str
    author: str
    manifest_digest: str | None
    targets: tuple[str, ...]
    to_version: int | None
    remedy: str | None
    urns: tuple[str, ...]
    missing: bool


@dataclass(frozen=True)
class Summary:
    """What the control plane judges by, beside the plan itself."""

    counts: dict[str, int]
    units: int
    warnings: tuple[str, ...]
    monthly_cost_delta_usd: str


class PlanRequest(Aggregate):
    """Id: the request's own."""

    @event("Wished")
    def __init__(self, deployment_id: UUID, wish: Wish) -> None:
        self.deployment_id = deployment_id
        self.wish = wish
        self.state = "planning"
        self.plan_id = ""
        self.plan_digest = ""
        self.base_version = 0
        self.approvers: tuple[str, ...] = ()
        self.nonce = ""

    @staticmethod
    def create_id(wish: Wish, **_: Any) -> UUID:
        """A request has one stream."""
        return UUID(wish.request_id)

    def draft(self, plan_id: str, plan_digest: str, base_version: int, summary: Summary, at: datetime) -> None:
        """A plan is made. A second one of the same request changes nothing."""
        if self.state == "planning":
            self._drafted(
                wish=self.wish, plan_id=plan_id, plan_digest=plan_digest, base_version=base_version,
                summary=summary, at=at,
            )  # fmt: skip

    @event("Drafted")
    def _drafted(
        self, wish: Wish, plan_id: str, plan_digest: str, base_version: int, summary: Summary, at: datetime
    ) -> None:
        self.state = "drafted"
        self.plan_id = plan_id
        self.plan_digest = plan_digest
        self.base_version = base_version

    def give_up(self, problems: tuple[Problem, ...], reason: str, stale: bool = False) -> None:
        """No plan can be made."""
        if self.state == "planning":
            self._gave_up(wish=self.wish, problems=problems, why=reason, stale=stale)

    @event("GaveUp")
    def _gave_up(self, wish: Wish, problems: tuple[Problem, ...], why: str, stale: bool) -> None:
        self.state = "failed"

    def approve(self, plan_digest: str, approvers: tuple[str, ...], nonce: str) -> None:
        """The plan may be executed, once: by the approval of this nonce. Raises PlanAlreadyDecided."""
        if self.state != "drafted" or plan_digest != self.plan_digest:
            raise PlanAlreadyDecided(f"plan {plan_digest} of request {self.id} is {self.state}")
        self._approved(approvers=approvers, nonce=nonce)

    @event("Approved")
    def _approved(self, approvers: tuple[str, ...], nonce: str) -> None:
        self.state = "approved"
        self.approvers = approvers
        self.nonce = nonce

    def go_stale(self, current_version: int) -> None:
        """The state moved: the plan will not be executed."""
        if self.state in ("drafted", "approved"):
            self._went_stale(
                wish=self.wish, plan_id=self.plan_id, plan_digest=self.plan_digest, base_version=self.base_version,
                current_version=current_version,
            )  # fmt: skip

    @event("WentStale")
    def _went_stale(self, wish: Wish, plan_id: str, plan_digest: str, base_version: int, current_version: int) -> None:
        self.state = "stale"

    def execute(self) -> None:
        """The approval is consumed. Raises PlanAlreadyDecided."""
        if self.state != "approved":
            raise PlanAlreadyDecided(f"the plan of request {self.id} is {self.state}")
        self._executed()

    @event("Executed")
    def _executed(self) -> None:
        self.state = "executed"

    def cancel(self) -> None:
        """Nothing of it will be executed (any more)."""
        if self.state in ("planning", "drafted", "approved"):
            self._dropped()

    @event("Dropped")
    def _dropped(self) -> None:
        self.state = "cancelled"
