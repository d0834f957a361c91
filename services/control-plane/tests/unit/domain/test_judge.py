"""The rule that a plan is judged by."""

from dataclasses import replace
from typing import Any

import pytest
from deployforge_control_plane.domain.judge import (
    Approve,
    Ask,
    Deployed,
    Done,
    Refuse,
    judge_remedy,
    judge_wish,
)
from deployforge_control_plane.domain.values import Action, ApprovalRule, Change, Origin, Plan, Wish

APPLY = Wish(Action.APPLY, Origin.USER, "alice", "sha256:new")
POLICY = {"mode": "auto", "maxSeverity": "degraded", "ladder": ["correct", "rollback", "recreate"]}
DEPLOYED = Deployed(3, "sha256:old", ApprovalRule(0), POLICY, "sha256:h", "sha256:rules")
HEAL = Wish(
    Action.HEAL, Origin.HEALER, "healer", remedy="correct", urns=("urn:a",), severity="DEGRADED",
    desired_version=3, healing_policy_digest="sha256:h",
)  # fmt: skip
CREATES, NOTHING = Plan("p", "d", 0, creates=1), Plan("p", "d", 3, unchanged=4)


@pytest.mark.parametrize(
    ("plan", "wish", "wanted", "rules", "deployed", "verdict"),
    [
        (CREATES, APPLY, ApprovalRule(0), "r", None, Approve("no-approval-needed")),
        (CREATES, APPLY, ApprovalRule(2), "r", None, Ask(ApprovalRule(2), "approval.required")),
        # A manifest cannot lower the bar for itself.
        (
            CREATES, APPLY, ApprovalRule(0, False, 60), "r", replace(DEPLOYED, approval=ApprovalRule(1, True, 90)),
            Ask(ApprovalRule(1, True, 60), "approval.required"),
        ),
        # Nothing to change: done, unless something else in the manifest did change.
        (NOTHING, replace(APPLY, manifest_digest="sha256:old"), ApprovalRule(1), "r", DEPLOYED, Done("nothing to change")),
        (NOTHING, APPLY, ApprovalRule(1), "sha256:rules", DEPLOYED, Approve("no-approval-needed")),
        (NOTHING, APPLY, ApprovalRule(1), "sha256:other", DEPLOYED, Ask(ApprovalRule(1), "approval.required")),
        # Destroying and going back obey the deployed rule.
        (
            Plan("p", "d", 3, deletes=2), Wish(Action.DESTROY, Origin.USER, "alice"), None, "",
            replace(DEPLOYED, approval=ApprovalRule(1)), Ask(ApprovalRule(1), "approval.required"),
        ),
    ],
)  # fmt: skip
def test_a_persons_plan(
    plan: Plan, wish: Wish, wanted: ApprovalRule | None, rules: str, deployed: Deployed | None, verdict: Any
) -> None:
    assert judge_wish(plan, wish, wanted, rules, deployed) == verdict


def healed(changes: list[Change], wish: Wish = HEAL, **policy: Any) -> Any:
    return judge_remedy(wish, changes, replace(DEPLOYED, healing={**POLICY, **policy}))


CORRECT = [Change("urn:a", "correct"), Change("urn:b", "none")]


def test_a_remedy_within_the_policy_needs_nobody() -> None:
    assert healed(CORRECT) == Approve("healing-policy")
    assert healed([Change("urn:a", "update")]) == Approve("healing-policy")
    assert healed([Change("urn:a", "recreate")], replace(HEAL, remedy="recreate", missing=True)) == Approve(
        "healing-policy"
    )


@pytest.mark.parametrize(
    ("wish", "policy", "changes", "why"),
    [
        (HEAL, {"mode": "propose"}, CORRECT, "healing.mode is propose"),
        (replace(HEAL, severity="CRITICAL"), {}, CORRECT, "the drift is critical"),
        (replace(HEAL, severity="UNKNOWN"), {}, CORRECT, "the drift is unknown"),
        (HEAL, {"ladder": ["rollback"]}, CORRECT, "correct is not in healing.ladder"),
        (replace(HEAL, remedy="recreate"), {}, [Change("urn:a", "recreate")], "an existing resource"),
    ],
)
def test_a_remedy_beyond_the_policy_asks_people(
    wish: Wish, policy: dict[str, Any], changes: list[Change], why: str
) -> None:
    verdict = healed(changes, wish, **policy)
    assert isinstance(verdict, Ask)
    assert verdict.rule.required == 1
    assert why in verdict.why


@pytest.mark.parametrize(
    ("wish", "policy", "changes", "why"),
    [
        (HEAL, {"mode": "off"}, CORRECT, "off"),
        (replace(HEAL, healing_policy_digest="sha256:x"), {}, CORRECT, "another healing policy"),
        (HEAL, {}, [Change("urn:b", "correct")], "not proposed: urn:b"),
        (HEAL, {}, [Change("urn:a", "delete")], "may not delete"),
        (HEAL, {}, [Change("urn:a", "replace")], "may not replace"),
        (HEAL, {}, [Change("urn:a", "unknown action 99")], "may not unknown action 99"),
    ],
)
def test_a_remedy_against_the_policy_is_refused(
    wish: Wish, policy: dict[str, Any], changes: list[Change], why: str
) -> None:
    verdict = healed(changes, wish, **policy)
    assert isinstance(verdict, Refuse)
    assert why in verdict.reason
