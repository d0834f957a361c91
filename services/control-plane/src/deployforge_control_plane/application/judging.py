"""Brings together what a judgement needs, and carries the verdict out on the request."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from deployforge_chassis import canonical
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.facts import NotYet, Write

from deployforge_control_plane.application.ports import DeployedStore
from deployforge_control_plane.domain.judge import Approve, Ask, Deployed, Done, Refuse, judge_remedy, judge_wish
from deployforge_control_plane.domain.request import SELF, Request
from deployforge_control_plane.domain.values import Action, ApprovalRule, Change

JUDGE: Final = "judge-remedy"
EXPIRE: Final = "expire-approval"


class Judge:
    """Judges the plan of a request. Nothing is saved here: the caller saves the request and the writes."""

    def __init__(self, bodies: Bodies, deployed: DeployedStore, queue: EffectQueue, new_id: Callable[[], UUID]) -> None:
        self._bodies, self._deployed, self._queue, self._new_id = bodies, deployed, queue, new_id

    def judge(self, request: Request, now: datetime) -> Sequence[Write]:
        """Judge a person's plan now; the healer's needs the plan's changes, so it becomes work for an effect."""
        if not request.waits_for_judgement or request.plan is None:
            return ()
        if request.wish.action is Action.HEAL:
            payload = {"request_id": str(request.id), "plan_id": request.plan.plan_id}
            return (self._queue.enqueue(JUDGE, str(request.id), payload, deployment_id=request.deployment_id),)
        wanted, rules = None, ""
        if request.wish.manifest_digest is not None:
            manifest = json.loads(self._bodies.get(request.wish.manifest_digest))
            wanted, rules = ApprovalRule.of(manifest), rules_digest(manifest)
        deployed = self._deployed.get(request.deployment_id)
        return self._carry_out(request, judge_wish(request.plan, request.wish, wanted, rules, deployed), now)

    def judge_remedy(self, request: Request, changes: Iterable[Change], now: datetime) -> Sequence[Write]:
        """Judge the healer's plan. Raises NotYet while the deployed version that it mends is not known here."""
        if not request.waits_for_judgement:
            return ()
        deployed = self._deployed.get(request.deployment_id)
        if deployed is None or deployed.desired_version < (request.wish.desired_version or 0):
            raise NotYet(f"desired version {request.wish.desired_version} of {request.namespace}/{request.name}")
        return self._carry_out(request, judge_remedy(request.wish, changes, deployed), now)

    def _carry_out(self, request: Request, verdict: Approve | Ask | Refuse | Done, now: datetime) -> Sequence[Write]:
        match verdict:
            case Approve(rule):
                request.approve_at_once(rule, str(self._new_id()), now)
            case Refuse(reason):
                request.reject(SELF, reason, now)
            case Done(reason):
                request.nothing_to_change(reason, now)
            case Ask(rule, why):
                request.ask(rule, why, now)
                assert request.approvals is not None
                return (
                    self._queue.enqueue(
                        EXPIRE,
                        str(request.id),
                        {"request_id": str(request.id)},
                        deployment_id=request.deployment_id,
                        not_before=request.approvals.expires_at,
                    ),
                )
        return ()


def rules_digest(manifest: Mapping[str, Any]) -> str:
    """Digest of everything in a canonical manifest that is not a resource."""
    return canonical.digest(canonical.dumps({key: value for key, value in manifest.items() if key != "resources"}))


def deployed_by(
    manifest: Mapping[str, Any], digest: str, desired_version: int, healing: Mapping[str, Any], healing_digest: str
) -> Deployed:
    """What is deployed when a version made from this manifest has been recorded."""
    return Deployed(desired_version, digest, ApprovalRule.of(manifest), healing, healing_digest, rules_digest(manifest))
