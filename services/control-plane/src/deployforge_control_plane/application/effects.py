"""Work that asks other services or waits for a time: the healer's plans, compliance, approvals that expire."""

from collections.abc import Callable, Mapping
from uuid import UUID

from deployforge_chassis.effects import Work
from deployforge_chassis.facts import NOTHING, Effects, NotYet

from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.hearing import COMPLIANCE
from deployforge_control_plane.application.judging import EXPIRE, JUDGE
from deployforge_control_plane.application.ports import PlanReader, VerifiedReader
from deployforge_control_plane.domain import compliance


class Errands:
    """One method per kind of work. Each only reads outside, so repeating one after a crash is harmless."""

    def __init__(self, app: ControlPlane, plans: PlanReader, verified: VerifiedReader) -> None:
        self._app, self._plans, self._verified = app, plans, verified

    def handlers(self) -> Mapping[str, Callable[[Work], Effects]]:
        """Who does what."""
        return {JUDGE: self.judge, COMPLIANCE: self.comply, EXPIRE: self.expire}

    def judge(self, work: Work) -> Effects:
        """Read the healer's plan and judge it."""
        changes = self._plans.changes(work.payload["plan_id"])
        request = self._app.request(UUID(work.payload["request_id"]))
        if request is None:
            return NOTHING
        return self._app.effects(request, self._app.judge.judge_remedy(request, changes, self._app.clock.now()))

    def comply(self, work: Work) -> Effects:
        """Read what verification saw and run the policies on it."""
        policies = work.payload["policies"]
        findings = compliance.report(policies, self._verified.verified(work.payload["execution_id"]))
        request = self._app.request(UUID(work.payload["request_id"]))
        if request is None:
            return NOTHING
        names = tuple(policy["ref"] for policy in policies)
        request.report_compliance(work.payload["execution_id"], names, findings, self._app.clock.now())
        return self._app.effects(request)

    def expire(self, work: Work) -> Effects:
        """Reject the plan if it still waits. Raises NotYet when the database's clock was ahead of ours."""
        now = self._app.clock.now()
        request = self._app.request(UUID(work.payload["request_id"]))
        if request is None:
            return NOTHING
        if request.waits_for_people_until is not None and now < request.waits_for_people_until:
            raise NotYet(f"the approval of {request.id} has not expired")
        request.expire(now)
        return self._app.effects(request)
