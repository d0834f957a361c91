from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from deployforge_healer.domain.ladder import (
    ATTEMPTS_PER_RUNG,
    LADDERS,
    Choice,
    Escalate,
    Inputs,
    Remedy,
    Tried,
    Wait,
    choose,
    inputs_json,
    replay,
)
from deployforge_healer.domain.policy import Policy, Window
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
AUTO = Policy(mode="auto", max_percent=0)
INPUTS = Inputs("i", "changed", 2, (), (), 0, 0, 10, False, AUTO, NOW)


def _tried(*remedies: str) -> tuple[Tried, ...]:
    return tuple(Tried(remedy, "failed", LONG_AGO) for remedy in remedies)


def _said(choice: Choice) -> str:
    match choice:
        case Remedy():
            return choice.remedy
        case Escalate():
            return choice.cause
        case Wait():
            return f"wait: {choice.reason}"


@pytest.mark.parametrize(
    ("kind", "tried", "said"),
    [
        ("changed", (), "correct"),
        ("changed", ("correct",), "correct"),
        ("changed", ("correct",) * 2, "rollback"),
        ("changed", ("correct",) * 2 + ("rollback",) * 2, "recreate"),
        ("changed", ("correct",) * 2 + ("rollback",) * 2 + ("recreate",) * 2, "ladder-exhausted"),
        ("missing", (), "recreate"),
        ("missing", ("recreate",) * 2, "rollback"),
        ("missing", ("recreate",) * 2 + ("rollback",) * 2, "ladder-exhausted"),
    ],
)
def test_the_ladder_is_climbed_rung_by_rung(kind: str, tried: tuple[str, ...], said: str) -> None:
    assert _said(choose(replace(INPUTS, kind=kind, tried=_tried(*tried)))) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"policy": replace(AUTO, mode="off")}, "mode"),
        ({"policy": replace(AUTO, ladder=("alert",))}, "ladder-exhausted"),
        ({"policy": replace(AUTO, ladder=("recreate", "alert"))}, "recreate"),
        ({"healed_at": (NOW - timedelta(minutes=1),) * 3}, "flapping"),
        ({"healed_at": (NOW - timedelta(hours=1),) * 3}, "correct"),
        ({"drifted_lately": 50, "resources": 200}, "mass-change"),
        ({"drifted_lately": 49, "resources": 49}, "correct"),
        ({"drifted_lately": 50, "resources": 201}, "correct"),
        ({"drifted_lately": 500, "policy": replace(AUTO, mass_count=0)}, "correct"),
        ({"drifted_lately": 50, "resources": 0}, "mass-change"),
        ({"paused": True}, "wait: healing is paused"),
        ({"healings_last_hour": 20}, "wait: 20 remedies within the hour, 20 allowed"),
        ({"open_healings": 5}, "wait: 5 resources are being healed, 5 allowed together"),
        (
            {"open_healings": 1, "policy": replace(AUTO, max_percent=10)},
            "wait: 1 resources are being healed, 1 allowed together",
        ),
        ({"tried": (Tried("correct", "failed", NOW),)}, "wait: after 1 failed attempts"),
        ({"policy": Policy.from_json('{"mode":"auto","windows":[{"days":["sat"]}]}')}, "wait: outside the healing windows"),
        ({"policy": Policy.from_json('{"mode":"auto","windows":[{"from":"11:00","to":"13:00"}]}')}, "correct"),
        ({"policy": Policy.from_json('{"mode":"auto","windows":[{"from":"22:00","to":"13:00"}]}')}, "correct"),
    ],
)
def test_policy_is_kept(change: dict[str, object], said: str) -> None:
    assert _said(choose(replace(INPUTS, **change))) == said


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        ((("correct", "refused"),), "rollback"),
        ((("correct", "failed"), ("correct", "refused")), "rollback"),
        ((("correct", "refused"), ("rollback", "refused")), "recreate"),
        ((("correct", "refused"), ("rollback", "refused"), ("recreate", "refused")), "ladder-exhausted"),
    ],
)
def test_what_was_refused_is_not_chosen_again(tried: tuple[tuple[str, str], ...], said: str) -> None:
    choice = choose(replace(INPUTS, tried=tuple(Tried(remedy, outcome, LONG_AGO) for remedy, outcome in tried)))
    assert _said(choice) == said
    assert not isinstance(choice, Wait)
    reasons = {a.remedy: a.reason for a in choice.alternatives}
    assert reasons["correct"] == "it was refused"


@pytest.mark.parametrize(
    ("change", "people"),
    [
        ({}, ""),
        ({"severity": 3}, "a critical drift is above degraded"),
        ({"severity": 3, "policy": replace(AUTO, max_severity=3)}, ""),
        ({"policy": replace(AUTO, mode="propose")}, "the healing mode is propose"),
        ({"policy": replace(AUTO, ladder=("recreate",))}, "a resource that exists would be recreated"),
        ({"policy": replace(AUTO, ladder=("recreate",)), "kind": "missing"}, ""),
    ],
)
def test_it_says_when_people_will_be_asked(change: dict[str, object], people: str) -> None:
    choice = choose(replace(INPUTS, **change))
    assert isinstance(choice, Remedy)
    assert choice.reason.partition("since ")[2] == people


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
def test_the_pause_after_failures_doubles_with_a_jitter_of_its_own(failures: int) -> None:
    remedies = ("correct", "correct", "rollback", "rollback")[:failures]
    inputs = [replace(INPUTS, incident_id=id, tried=tuple(Tried(r, "failed", NOW) for r in remedies)) for id in "ab"]
    waits = [choose(each) for each in inputs]
    assert waits == [choose(each) for each in inputs]
    pauses = [(w.until - NOW).total_seconds() for w in waits if isinstance(w, Wait)]
    assert len(set(pauses)) == 2
    assert all(2.5 * 2 ** (failures - 1) <= p <= 5 * 2 ** (failures - 1) for p in pauses)


def test_those_who_wait_for_others_look_again_at_the_same_moments() -> None:
    untils = set()
    for seconds in (0.5, 7, 29.9):
        wait = choose(replace(INPUTS, paused=True, now=NOW + timedelta(seconds=seconds)))
        assert isinstance(wait, Wait)
        untils.add(wait.until)
    assert untils == {NOW + timedelta(seconds=30)}


def test_every_alternative_is_explained() -> None:
    choice = choose(replace(INPUTS, kind="missing"))
    assert isinstance(choice, Remedy)
    assert {a.remedy: a.allowed for a in choice.alternatives} == {
        "correct": False, "rollback": True, "recreate": True, "alert": True,
    }  # fmt: skip
    assert all(a.reason for a in choice.alternatives)


_remedies = st.sampled_from(["correct", "rollback", "recreate"])
_inputs = st.builds(
    Inputs,
    st.text(max_size=4),
    st.sampled_from(["changed", "missing"]),
    st.integers(1, 3),
    st.lists(
        st.builds(Tried, _remedies, st.sampled_from(["failed", "succeeded", "refused"]), st.just(LONG_AGO)), max_size=7
    ).map(tuple),
    st.lists(st.just(NOW), max_size=4).map(tuple),
    st.integers(0, 30),
    st.integers(0, 8),
    st.integers(0, 100),
    st.booleans(),
    st.builds(
        Policy,
        mode=st.sampled_from(["off", "propose", "auto"]),
        max_severity=st.integers(1, 3),
        max_resources=st.integers(0, 6),
        max_percent=st.integers(0, 100),
        per_hour=st.integers(0, 30),
        flap_count=st.integers(0, 4),
        windows=st.lists(
            st.builds(Window, st.sampled_from([("tue",), ("sat", "sun")]), st.integers(0, 1439), st.integers(0, 1439)),
            max_size=2,
        ).map(tuple),
        ladder=st.lists(
            st.sampled_from(["retry", "correct", "rollback", "recreate", "alert"]), max_size=5, unique=True
        ).map(tuple),
    ),
    st.just(NOW),
)


@given(_inputs)
def test_nothing_is_chosen_that_policy_forbids(inputs: Inputs) -> None:
    choice = choose(inputs)
    if isinstance(choice, Remedy):
        assert inputs.policy.mode != "off"
        assert not inputs.paused
        assert choice.remedy in inputs.policy.ladder
        assert choice.remedy in LADDERS[inputs.kind]
        assert sum(t.remedy == choice.remedy for t in inputs.tried) < ATTEMPTS_PER_RUNG
        assert inputs.open_healings < inputs.policy.max_resources
        assert inputs.healings_last_hour < inputs.policy.per_hour
        assert not any(t.remedy == choice.remedy and t.outcome == "refused" for t in inputs.tried)
        assert inputs.policy.opens(inputs.now) is None
        if inputs.policy.max_percent and inputs.resources:
            # Never a larger share of the deployment than allowed, but one resource always may be mended.
            together = inputs.open_healings + 1
            assert together == 1 or together * 100 <= inputs.resources * inputs.policy.max_percent
        if inputs.policy.flap_count:
            assert len(inputs.healed_at) < inputs.policy.flap_count
        within = inputs.policy.mode == "auto" and inputs.severity <= inputs.policy.max_severity
        destroys = choice.remedy == "recreate" and inputs.kind == "changed"
        assert ("people approve it" in choice.reason) == (destroys or not within)


@given(_inputs)
def test_a_decision_is_replayed_to_the_same_choice(inputs: Inputs) -> None:
    assert replay(inputs_json(inputs)) == choose(inputs)
