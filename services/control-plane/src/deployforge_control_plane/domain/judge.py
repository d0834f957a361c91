"""Judges a plan: approve it at once, ask people, or refuse it. Pure: everything it needs is given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_control_plane.domain.values import ApprovalRule, Change, Plan, Wish

NO_APPROVAL_NEEDED: Final = "no-approval-needed"
APPROVAL_REQUIRED: Final = "approval.required"
HEALING_POLICY: Final = "healing-policy"

_SEVERITY: Final = {"informational": 1, "degraded": 2, "critical": 3}
_HEALING_ACTIONS: Final = frozenset({"correct", "recreate", "update"})


@dataclass(frozen=True)
class Approve:
    """Without people, by this rule."""

    rule: str


@dataclass(frozen=True)
class Ask:
    """People decide, under this rule; `why` is the rule's name or what made it necessary."""

    rule: ApprovalRule
    why: str


@dataclass(frozen=True)
class Refuse:
    """It will not be executed."""

    reason: str


@dataclass(frozen=True)
class Done:
    """There is nothing to execute."""

    reason: str


Verdict = Approve | Ask | Refuse | Done


@dataclass(frozen=True)
class Deployed:
    """What is deployed: its desired version, its manifest, the rules that came with it."""

    desired_version: int
    manifest_digest: str
    approval: ApprovalRule
    healing: Mapping[str, Any]
    healing_policy_digest: str
    rules_digest: str
    """Of everything in its manifest that is not a resource: what people approved beside the resources."""


def judge_wish(
    plan: Plan, wish: Wish, wanted: ApprovalRule | None, rules_digest: str, deployed: Deployed | None
) -> Verdict:
    """The verdict on a person's plan. `wanted` is the rule of the submitted manifest, None without one.

    The stricter of the submitted and the deployed rule counts: a manifest cannot lower the bar for itself.
    """
    rule = (wanted or ApprovalRule()).stricter(deployed.approval if deployed else None)
    if plan.changes_nothing and deployed is not None:
        if wish.manifest_digest is not None and wish.manifest_digest == deployed.manifest_digest:
            return Done("nothing to change")
        if wish.manifest_digest is not None and rules_digest == deployed.rules_digest:
            return Approve(NO_APPROVAL_NEEDED)
    return Ask(rule, APPROVAL_REQUIRED) if rule.required else Approve(NO_APPROVAL_NEEDED)


def judge_remedy(wish: Wish, changes: Iterable[Change], deployed: Deployed) -> Verdict:
    """The verdict on the healer's plan, under the healing policy that was approved with the deployment."""
    policy = deployed.healing
    touched = [change for change in changes if change.action != "none"]
    if policy["mode"] == "off":
        return Refuse("the healing policy is off")
    if wish.healing_policy_digest != deployed.healing_policy_digest:
        return Refuse("the remedy was chosen under another healing policy than the deployed one")
    if strangers := sorted({change.urn for change in touched} - set(wish.urns)):
        return Refuse(f"the plan touches what was not proposed: {', '.join(strangers[:3])}")
    if foreign := sorted({change.action for change in touched} - _HEALING_ACTIONS):
        return Refuse(f"a remedy may not {' or '.join(foreign)}")
    why = _beyond(policy, wish, touched)
    if why is None:
        return Approve(HEALING_POLICY)
    rule = deployed.approval
    return Ask(ApprovalRule(max(1, rule.required), rule.distinct_from_author, rule.expires_seconds), why)


def _beyond(policy: Mapping[str, Any], wish: Wish, touched: Iterable[Change]) -> str | None:
    """Why the remedy is outside what the policy allows without people; None when it is within."""
    if policy["mode"] != "auto":
        return f"healing.mode is {policy['mode']}"
    if _SEVERITY.get(wish.severity.lower(), 4) > _SEVERITY[policy["maxSeverity"]]:
        return f"the drift is {wish.severity.lower()}, healing.maxSeverity is {policy['maxSeverity']}"
    if wish.remedy not in policy["ladder"]:
        return f"{wish.remedy} is not in healing.ladder"
    if not wish.missing and any(change.action == "recreate" for change in touched):
        return "an existing resource would be recreated"
    return None
