"""Given an incident in some state, when something is heard, then these events."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from deployforge_healer.domain.incident import About, Decision, Incident, request_id
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OWNER = UUID(int=7)
ABOUT = About("front", "shop", "d-1", "urn:df:front:shop:q", "changed", 2, ("a",), "f1", 1)
CHANGED = About("front", "shop", "d-1", "urn:df:front:shop:q", "changed", 3, ("a", "b"), "f2", 1)

Step = Callable[[Incident], object]


def _decision(attempt: int = 1) -> Decision:
    return Decision("correct", 0, attempt, f"r{attempt}", "why", (), "p", "{}", "e", NOW)


chosen: Step = lambda i: i.choose(_decision())  # noqa: E731 - the steps read as a list
asked: Step = lambda i: i.await_approval("r1")  # noqa: E731
approved: Step = lambda i: i.approve("r1")  # noqa: E731
started: Step = lambda i: i.start("r1")  # noqa: E731
succeeded: Step = lambda i: i.succeed("r1")  # noqa: E731
failed: Step = lambda i: i.fail("r1", "broke")  # noqa: E731
refused: Step = lambda i: i.refuse("r1", "no")  # noqa: E731
persisting: Step = lambda i: i.persist("r1", "still there")  # noqa: E731
escalated: Step = lambda i: i.escalate("mode", "off")  # noqa: E731
changed: Step = lambda i: i.change(CHANGED)  # noqa: E731
closed: Step = lambda i: i.close(NOW + timedelta(seconds=9))  # noqa: E731


def _given(*steps: Step) -> Incident:
    incident = Incident(OWNER, ABOUT, NOW)
    for step in steps:
        step(incident)
    incident.collect_events()
    return incident


def _then(incident: Incident) -> list[str]:
    return [type(event).__name__ for event in incident.collect_events()]


@pytest.mark.parametrize(
    ("given_", "when", "then", "state"),
    [
        ((), chosen, ["RemedyChosen"], "healing"),
        ((chosen,), chosen, [], "healing"),
        ((chosen,), asked, ["ApprovalAwaited"], "awaiting-approval"),
        ((chosen, asked), asked, [], "awaiting-approval"),
        ((chosen, asked), approved, ["Approved"], "healing"),
        ((chosen,), approved, [], "healing"),
        ((chosen, asked), started, ["RemedyStarted"], "healing"),
        ((chosen, started), asked, [], "healing"),
        ((chosen,), succeeded, ["RemedySucceeded"], "healing"),
        ((chosen, asked), succeeded, ["RemedySucceeded"], "healing"),
        ((chosen, succeeded), succeeded, [], "healing"),
        ((chosen, succeeded), failed, [], "healing"),
        ((chosen, succeeded), persisting, ["RemedyFailed"], "open"),
        ((chosen,), persisting, [], "healing"),
        ((chosen,), failed, ["RemedyFailed"], "open"),
        ((chosen, failed), failed, [], "open"),
        ((chosen, failed), succeeded, [], "open"),
        ((chosen, asked), refused, ["RemedyRefused"], "open"),
        ((), failed, [], "open"),
        ((), escalated, ["Escalated"], "escalated"),
        ((escalated,), escalated, [], "escalated"),
        ((chosen,), escalated, [], "healing"),
        ((escalated,), chosen, [], "escalated"),
        ((escalated,), changed, ["Changed"], "open"),
        ((chosen,), changed, ["Changed"], "healing"),
        ((changed,), changed, [], "open"),
        ((closed,), changed, [], "closed"),
        ((closed,), closed, [], "closed"),
        ((closed,), chosen, [], "closed"),
        ((escalated,), closed, ["Closed"], "closed"),
    ],
)  # fmt: skip
def test_what_is_heard_changes_what_it_may(given_: tuple[Step, ...], when: Step, then: list[str], state: str) -> None:
    incident = _given(*given_)
    when(incident)
    assert _then(incident) == then
    assert incident.state == state


@pytest.mark.parametrize(
    ("given_", "how"),
    [
        ((), "resolved-itself"),
        ((chosen,), "resolved-itself"),
        ((chosen, asked), "resolved-itself"),
        ((chosen, failed), "resolved-itself"),
        ((chosen, started, failed), "resolved-itself"),
        ((chosen, refused), "resolved-itself"),
        ((chosen, started), "healed"),
        ((chosen, succeeded), "healed"),
        ((chosen, asked, approved, started, succeeded), "healed"),
    ],
)
def test_only_an_executed_remedy_heals(given_: tuple[Step, ...], how: str) -> None:
    incident = _given(*given_)
    closed(incident)
    [event] = incident.collect_events()
    assert isinstance(event, Incident.Closed)
    assert (event.how, event.remedy, event.duration_ms) == (how, "correct" if how == "healed" else None, 9000)


def test_what_concerns_an_earlier_attempt_changes_nothing() -> None:
    incident = _given(chosen, failed, lambda i: i.choose(_decision(2)))
    for step in (asked, approved, started, succeeded, failed, refused, persisting):
        step(incident)
    assert _then(incident) == []


def test_every_attempt_has_a_request_of_its_own_and_always_the_same() -> None:
    ids = [request_id(UUID(int=1), remedy, attempt) for remedy in ("correct", "rollback") for attempt in (1, 2)]
    assert len(set(ids)) == 4
    assert ids[0] == request_id(UUID(int=1), "correct", 1)


_STEPS = [chosen, asked, approved, started, succeeded, failed, refused, persisting, escalated, changed, closed]


@given(st.lists(st.sampled_from(_STEPS), max_size=12))
def test_in_whatever_order_things_are_heard_nothing_breaks_and_repeating_the_last_changes_nothing(
    steps: list[Step],
) -> None:
    incident = _given(*steps)
    outcomes = [decision.outcome for decision in incident.decisions]
    assert outcomes.count("pending") <= 1
    assert (incident.state in ("healing", "awaiting-approval")) <= bool(outcomes)
    if steps and steps[-1] is not chosen:
        steps[-1](incident)
        assert _then(incident) == []
