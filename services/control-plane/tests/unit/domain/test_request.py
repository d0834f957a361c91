"""A request, from wish to version. Given facts, when command, then facts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from deployforge_control_plane.domain.compliance import Finding
from deployforge_control_plane.domain.refusals import (
    AlreadyApproved,
    AnotherPlan,
    ApprovalExpired,
    AuthorMayNotApprove,
    WrongState,
)
from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.values import (
    Action,
    ApprovalRule,
    Origin,
    Plan,
    RequestState,
    Wish,
    deployment_id,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PLAN = Plan("plan-1", "sha256:1", 0, creates=1)
Given = Callable[[Request], object]


def requested(plan_only: bool = False, author: str = "alice") -> Request:
    return Request(
        request_id=uuid4(),
        deployment_id=deployment_id("front", "shop"),
        namespace="front",
        name="shop",
        wish=Wish(Action.APPLY, Origin.USER, author, "sha256:m", plan_only=plan_only),
        at=NOW,
    )


def waiting(required: int = 1, distinct: bool = True) -> Request:
    request = requested()
    request.hears_planned(PLAN, NOW)
    request.ask(ApprovalRule(required, distinct, 60), "approval.required", NOW)
    return request


def approved() -> Request:
    request = waiting()
    request.approve("bob", "sha256:1", "", "nonce", NOW)
    return request


def names(request: Request) -> list[str]:
    return [type(event).__name__ for event in request.pending_events]


def test_a_request_is_known_by_its_id_and_says_who_wants_what() -> None:
    request_id = uuid4()
    request = Request(
        request_id=request_id, deployment_id=UUID(int=1), namespace="n", name="d",
        wish=Wish(Action.APPLY, Origin.USER, "alice"), at=NOW,
    )  # fmt: skip
    assert (request.id, request.state) == (request_id, RequestState.PLANNING)
    assert names(request) == ["Requested"]


def test_the_last_approval_that_is_needed_approves() -> None:
    request = waiting(required=2)
    request.approve("bob", "sha256:1", "fine", "nonce-1", NOW)
    assert request.state is RequestState.AWAITING_APPROVAL
    request.approve("carol", "sha256:1", "", "nonce-2", NOW)
    assert request.state is RequestState.APPROVED
    assert names(request)[-3:] == ["ApprovalGiven", "ApprovalGiven", "Approved"]
    final = request.pending_events[-1]
    assert isinstance(final, Request.Approved)
    assert (final.approvers, final.nonce, final.plan_digest) == (("bob", "carol"), "nonce-2", "sha256:1")


def test_the_author_may_not_approve() -> None:
    with pytest.raises(AuthorMayNotApprove):
        waiting().approve("alice", "sha256:1", "", "n", NOW)


def test_the_author_may_approve_where_the_rule_says_so() -> None:
    request = waiting(distinct=False)
    request.approve("alice", "sha256:1", "", "n", NOW)
    assert request.state is RequestState.APPROVED


def test_one_person_counts_once() -> None:
    request = waiting(required=2)
    request.approve("bob", "sha256:1", "", "n", NOW)
    with pytest.raises(AlreadyApproved):
        request.approve("bob", "sha256:1", "", "n", NOW)


def test_an_approval_is_of_exactly_one_plan() -> None:
    with pytest.raises(AnotherPlan):
        waiting().approve("bob", "sha256:2", "", "n", NOW)


def test_an_approval_may_come_too_late() -> None:
    request = waiting()
    with pytest.raises(ApprovalExpired):
        request.approve("bob", "sha256:1", "", "n", NOW + timedelta(seconds=60))
    request.expire(NOW + timedelta(seconds=59))
    assert request.state is RequestState.AWAITING_APPROVAL
    request.expire(NOW + timedelta(seconds=60))
    assert request.state is RequestState.REJECTED
    assert "expired" in request.reason


@pytest.mark.parametrize(
    "decide",
    [
        lambda r: r.approve("bob", "sha256:1", "", "n", NOW),
        lambda r: r.reject("bob", "no", NOW),
    ],
)
def test_what_is_decided_is_decided(decide: Given) -> None:
    for decided in (approved(), _rejected()):
        with pytest.raises(WrongState):
            decide(decided)


def test_a_rejected_plan_cannot_be_cancelled() -> None:
    with pytest.raises(WrongState):
        _rejected().cancel("alice", "", NOW)


def _rejected() -> Request:
    request = waiting()
    request.reject("bob", "not on a Friday", NOW)
    return request


def test_a_plan_only_request_waits_for_execute() -> None:
    request = requested(plan_only=True)
    request.hears_planned(PLAN, NOW)
    assert request.state is RequestState.PLANNED
    assert not request.waits_for_judgement
    with pytest.raises(AnotherPlan):
        request.execute("sha256:2", "alice", NOW)
    request.execute("sha256:1", "alice", NOW)
    assert request.waits_for_judgement
    with pytest.raises(WrongState):
        request.execute("sha256:1", "alice", NOW)


def test_a_second_plan_is_not_taken() -> None:
    request = waiting()
    assert not request.hears_planned(Plan("plan-2", "sha256:2", 0), NOW)
    assert request.plan == PLAN


def test_cancelling_ends_what_does_not_run_yet() -> None:
    request = waiting()
    request.cancel("carol", "changed my mind", NOW)
    assert (request.state, request.reason) == (RequestState.CANCELLED, "cancelled by carol: changed my mind")
    assert not request.hears_planned(PLAN, NOW)


def test_cancelling_what_runs_waits_for_the_orchestrator() -> None:
    request = approved()
    request.hears_executing("exec-1", NOW)
    request.cancel("carol", "", NOW)
    assert request.state is RequestState.EXECUTING
    request.hears_ended(RequestState.CANCELLED, "cancelled by carol", NOW)
    assert request.state is RequestState.CANCELLED


def test_an_approval_is_used_up_by_one_execution() -> None:
    request = approved()
    request.hears_executing("exec-1", NOW)
    request.hears_executing("exec-2", NOW)
    assert request.execution_id == "exec-1"


@pytest.mark.parametrize("recorded_first", [True, False])
def test_it_succeeds_when_it_is_recorded_and_judged(recorded_first: bool) -> None:
    request = approved()
    request.hears_executing("exec-1", NOW)
    request.hears_verifying(NOW)
    steps: list[Given] = [
        lambda r: r.hears_recorded(7, NOW),
        lambda r: r.report_compliance("exec-1", (), (), NOW),
    ]
    for step in steps if recorded_first else reversed(steps):
        assert request.state is RequestState.VERIFYING
        step(request)
    assert (request.state, request.recorded_version) == (RequestState.SUCCEEDED, 7)


def test_findings_are_said_but_what_is_done_is_done() -> None:
    request = approved()
    request.hears_executing("exec-1", NOW)
    request.report_compliance("exec-1", ("org/encryption",), (Finding("org/encryption", "urn", "off"),), NOW)
    request.hears_recorded(1, NOW)
    assert request.state is RequestState.SUCCEEDED
    assert "1 compliance findings" in request.reason


@pytest.mark.parametrize("state", [RequestState.FAILED, RequestState.ROLLED_BACK, RequestState.STALE])
def test_an_end_is_final(state: RequestState) -> None:
    request = approved()
    request.hears_ended(state, "because", NOW)
    request.hears_ended(RequestState.CANCELLED, "later", NOW)
    request.hears_recorded(1, NOW)
    assert (request.state, request.reason) == (state, "because")


def test_every_event_says_where_it_belongs() -> None:
    for event in approved().pending_events:
        assert (event.namespace, event.name) == ("front", "shop")  # type: ignore[attr-defined]
