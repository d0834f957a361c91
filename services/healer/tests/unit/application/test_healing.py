import json
from typing import Any

import pytest
from deployforge_chassis.causality import Causality
from deployforge_chassis.effects import EffectWorkers, Work
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.testing import until
from deployforge_healer.domain.incident import incident_id
from deployforge_healer.domain.ladder import Remedy, replay
from pydantic_core import to_json

from ...conftest import AUTO, DEPLOYMENT, DRIFT, World


def test_drift_is_corrected_and_closed_when_it_is_gone(world: World) -> None:
    world.policy()
    world.drift()
    assert [d.remedy for d in world.proposed] == ["correct"]
    world.verified()
    world.resolved()
    assert world.said() == ["IncidentOpened", "RemedyChosen", "IncidentClosed"]
    incident = world.incident()
    assert (incident.state, incident.reason, incident.decisions[0].outcome) == ("closed", "healed", "succeeded")


def test_the_same_drift_twice_is_one_incident(world: World) -> None:
    world.policy()
    world.drift()
    world.drift()
    assert world.said() == ["IncidentOpened", "RemedyChosen"]


def test_a_failed_remedy_is_tried_again_then_the_next_rung(world: World) -> None:
    world.policy()
    world.drift()
    for _ in range(2):
        world.failed()
        world.later(minutes=1)
    assert [d.remedy for d in world.proposed] == ["correct", "correct", "rollback"]
    assert len({d.request_id for d in world.proposed}) == 3


def test_what_the_control_plane_will_not_take_is_not_proposed_again(world: World) -> None:
    world.policy()
    world.refuse = True
    world.drift()
    for _ in range(8):
        world.later(minutes=5)
    assert [d.outcome for d in world.incident().decisions] == ["refused"] * 3
    assert "ladder-exhausted" in world.incident().reason


def test_healing_off_escalates(world: World) -> None:
    world.policy('{"mode":"off"}')
    world.drift()
    assert world.said() == ["IncidentOpened", "IncidentEscalated"]
    assert not world.proposed


def test_a_drift_that_goes_away_resolves_itself(world: World) -> None:
    world.policy('{"mode":"off"}')
    world.drift()
    world.resolved()
    assert world.incident().reason == "resolved-itself"


def test_nothing_is_decided_before_the_policy_is_known(world: World) -> None:
    world.drift()
    assert world.said() == ["IncidentOpened"]
    world.policy()
    world.app.database.query("UPDATE effects SET due_at = now() WHERE status = 'waiting'")
    world.work()
    assert [d.remedy for d in world.proposed] == ["correct"]


def test_a_remedy_that_does_not_mend_it_is_followed_by_the_next(world: World) -> None:
    world.policy()
    world.drift()
    world.verified()
    world.later(seconds=61)
    world.later(seconds=61)
    assert [d.remedy for d in world.proposed] == ["correct", "correct"]
    assert "still there" in next(r.value or {} for r in world.records() if r.fact == "RemedyFailed")["reason"]


def test_remedies_that_did_not_mend_are_no_flapping(world: World) -> None:
    world.policy()
    world.drift()
    for _ in range(12):
        if world.incident().decisions[-1].outcome == "pending":
            world.verified()
        world.later(seconds=61)
    assert [d.remedy for d in world.proposed] == ["correct", "correct", "rollback", "rollback", "recreate", "recreate"]
    assert "ladder-exhausted" in world.incident().reason


def test_a_remedy_that_people_approve_late_is_checked_like_any_other(world: World) -> None:
    world.policy()
    world.drift()
    world.asked()
    world.later(minutes=30)
    assert world.incident().state == "awaiting-approval"
    world.approved()
    assert world.incident().state == "healing"
    world.started()
    world.verified()
    world.later(seconds=61)
    world.later(seconds=61)
    assert [d.outcome for d in world.incident().decisions] == ["failed", "pending"]


def test_an_approval_that_is_heard_late_changes_nothing(world: World) -> None:
    world.policy()
    world.drift()
    world.started()
    world.asked()
    assert world.incident().state == "healing"
    world.verified()
    world.asked()
    world.approved()
    assert world.incident().state == "healing"
    assert world.incident().decisions[-1].outcome == "succeeded"


def test_what_a_person_refuses_is_not_proposed_again(world: World) -> None:
    world.policy()
    world.drift()
    world.asked()
    world.rejected(by="bob")
    assert [d.remedy for d in world.proposed] == ["correct", "rollback"]
    assert world.incident().decisions[0].outcome == "refused"
    assert next(r.value or {} for r in world.records() if r.fact == "RemedyFailed")["reason"] == "refused by bob: no"


def test_what_the_control_plane_rejects_is_tried_again(world: World) -> None:
    world.policy()
    world.drift()
    world.rejected(by="control-plane")
    world.later(minutes=1)
    assert [d.remedy for d in world.proposed] == ["correct", "correct"]


def test_a_drift_that_goes_away_while_people_are_asked_resolves_itself(world: World) -> None:
    world.policy()
    world.drift()
    world.asked()
    world.resolved()
    assert world.incident().reason == "resolved-itself"
    closed = world.records()[-1]
    assert (closed.value or {})["remedy"] is None


def test_a_scan_may_see_the_end_before_the_orchestrator_tells_it(world: World) -> None:
    world.policy()
    world.drift()
    world.started()
    world.resolved()
    assert (world.incident().reason, world.incident().decisions[-1].outcome) == ("healed", "succeeded")
    world.verified()
    assert world.said() == ["IncidentOpened", "RemedyChosen", "IncidentClosed"]


@pytest.mark.parametrize("order", ["told first", "seen first"])
def test_flapping_stops(world: World, order: str) -> None:
    world.policy()
    for episode in range(4):
        drift = f"a1b2c3d4-0000-5000-8000-00000000000{episode}"
        world.drift(drift_id=drift)
        if world.incident(drift).state == "escalated":
            break
        world.started()
        if order == "told first":
            world.verified()
        world.resolved(drift)
        world.later(minutes=1)
    assert len(world.proposed) == 3
    assert "flapping" in world.incident("a1b2c3d4-0000-5000-8000-000000000003").reason


def test_a_pause_holds_until_it_is_lifted(world: World) -> None:
    world.policy()
    world.app.pause(DEPLOYMENT, "bob", "maintenance")
    world.drift()
    assert (world.proposed, world.incident().reason) == ([], "healing is paused")
    world.app.resume(DEPLOYMENT, "bob")
    world.work()
    assert [d.remedy for d in world.proposed] == ["correct"]


def test_an_old_outcome_changes_nothing(world: World) -> None:
    world.policy()
    world.drift()
    world.failed()
    world.later(minutes=1)
    world.hear(world.app.proposal_failed, "ExecutionFailed", request_id=world.proposed[0].request_id, reason="again")
    assert [d.outcome for d in world.incident().decisions] == ["failed", "pending"]


def test_incidents_are_listed_newest_first(world: World) -> None:
    world.policy()
    world.drift()
    world.drift(drift_id="a1b2c3d4-0000-5000-8000-00000000000b")
    ids, cursor = world.ledger.page("", "", None, False, 1, "")
    assert ids == [incident_id("a1b2c3d4-0000-5000-8000-00000000000b")]
    assert world.ledger.page("", "", None, False, 1, cursor) == ([incident_id(DRIFT)], "")
    assert world.ledger.page("", "", ["elsewhere"], False, 1, "") == ([], "")


def _drifts(count: int) -> list[str]:
    return [f"a1b2c3d4-0000-5000-8000-0000000000{n:02x}" for n in range(count)]


def _detected(world: World, drifts: list[str], work: bool = False) -> None:
    for n, drift in enumerate(drifts):
        world.hear(world.app.drift_detected, "DriftDetected", work, drift_id=drift, urn=f"urn:df:storefront:webshop:q{n}")


def _healing(world: World, drifts: list[str]) -> int:
    return sum(world.incident(drift).state in ("healing", "awaiting-approval") for drift in drifts)


def test_two_decisions_at_once_keep_the_limit(world: World) -> None:
    world.policy('{"mode":"auto","limits":{"maxPercent":0,"maxResources":1}}')
    _detected(world, drifts := _drifts(2))
    work = [Work("decide", d, {"incident_id": str(incident_id(d))}, 1, Causality("", ""), 1, DEPLOYMENT) for d in drifts]
    first, second = (world.errands.decide(each) for each in work)
    world.app.commit(first)
    with pytest.raises(VersionConflict):
        world.app.commit(second)
    assert _healing(world, drifts) == 1


def test_a_pause_stops_a_decision_that_knew_nothing_of_it(world: World) -> None:
    world.policy()
    _detected(world, [DRIFT])
    decided = world.errands.decide(
        Work("decide", "x", {"incident_id": str(incident_id(DRIFT))}, 1, Causality("", ""), 1, DEPLOYMENT)
    )
    world.app.pause(DEPLOYMENT, "bob", "maintenance")
    with pytest.raises(VersionConflict):
        world.app.commit(decided)


def test_a_pause_is_tried_again_when_somebody_was_faster(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.policy()
    commit, failures = world.app.commit, [VersionConflict("first")]

    def contended(*args: Any) -> None:
        if failures:
            raise failures.pop()
        commit(*args)

    monkeypatch.setattr(world.app, "commit", contended)
    world.app.pause(DEPLOYMENT, "bob", "maintenance")
    assert world.app.care(DEPLOYMENT).paused


def test_threads_never_heal_more_than_the_limit_and_leave_nobody_behind(world: World) -> None:
    world.policy('{"mode":"auto","limits":{"maxPercent":0,"maxResources":2}}')
    _detected(world, drifts := _drifts(8))
    workers = EffectWorkers(world.app.queue, world.errands.handlers(), threads=4)
    workers.start()
    try:
        done: set[str] = set()
        while len(done) < len(drifts):
            until(lambda: len(world.proposed) > len(done))
            assert _healing(world, drifts) <= 2
            drift = next(d for d in drifts if d not in done and world.incident(d).state == "healing")
            [decision] = world.incident(drift).decisions
            for handler, type in ((world.app.execution_started, "ExecutionStarted"),
                                  (world.app.execution_verified, "ExecutionVerified")):  # fmt: skip
                world.hear(handler, type, work=False, request_id=decision.request_id)
            world.hear(world.app.drift_resolved, "DriftResolved", work=False, drift_id=drift)
            done.add(drift)
    finally:
        workers.stop(5)
    assert {world.incident(drift).reason for drift in drifts} == {"healed"}


def test_whoever_waits_is_woken_by_who_ends(world: World) -> None:
    world.policy('{"mode":"auto","limits":{"maxPercent":0,"maxResources":1}}')
    _detected(world, drifts := _drifts(2), work=True)
    assert [world.incident(d).state for d in drifts] == ["healing", "open"]
    world.started()
    world.resolved(drifts[0])
    assert [world.incident(d).state for d in drifts] == ["closed", "healing"]


def test_a_remedy_that_failed_leaves_its_room_to_others_meanwhile(world: World) -> None:
    world.policy('{"mode":"auto","limits":{"maxPercent":0,"maxResources":1}}')
    _detected(world, drifts := _drifts(2), work=True)
    world.failed()
    assert [world.incident(d).state for d in drifts] == ["open", "healing"]
    assert world.incident(drifts[0]).reason == "after 1 failed attempts"


def test_waiting_long_costs_little(world: World) -> None:
    world.policy('{"mode":"auto","limits":{"maxPercent":0,"maxResources":1}}')
    _detected(world, _drifts(2), work=True)
    for _ in range(120):
        world.later(seconds=2)
    row = world.app.database.one("SELECT count(*) AS n FROM effects WHERE kind = 'decide'")
    assert row is not None
    assert row["n"] < 20


def test_an_explanation_is_kept_and_gives_the_same_remedy_again(world: World) -> None:
    world.policy()
    world.drift()
    [decision] = world.incident().decisions
    kept = json.loads(world.bodies.get(decision.explanation_digest))
    again = replay(json.dumps(kept["inputs"]))
    assert isinstance(again, Remedy)
    assert again == replay(decision.inputs_json)
    assert json.loads(to_json(again)) == kept["choice"]
    assert kept["policy_digest"] == decision.policy_digest == world.app.care(DEPLOYMENT).policy_digest


def test_an_older_version_does_not_bring_its_policy_back(world: World) -> None:
    world.policy('{"mode":"off"}', version=5)
    world.policy(AUTO, version=4)
    assert world.app.care(DEPLOYMENT).healing_json == '{"mode":"off"}'


def test_a_proposal_is_repeated_with_the_same_request_after_a_crash(world: World) -> None:
    world.policy()
    world.drift()
    world.app.database.query("UPDATE effects SET status = 'waiting', due_at = now() WHERE kind = 'propose'")
    world.work()
    assert len(world.proposed) == 2
    assert len({d.request_id for d in world.proposed}) == 1


def test_every_fact_twice_changes_nothing(world: World) -> None:
    world.policy()
    world.policy()
    for _ in range(2):
        world.drift()
    world.asked()
    world.asked()
    for step in (world.approved, world.started, world.verified, world.resolved):
        step()
        events = world.incident().version
        step()
        assert world.incident().version == events
    assert world.said() == ["IncidentOpened", "RemedyChosen", "IncidentClosed"]


def test_nothing_is_healed_by_a_history_that_nobody_vouches_for(world: World) -> None:
    world.policy()
    world.damage = "stream 4711 is damaged at version 3: the event was changed"
    world.drift()
    world.later(hours=1)
    incident = world.incident()
    assert (incident.state, incident.decisions, world.proposed) == ("escalated", [], [])
    assert incident.reason == f"damaged-history: {world.damage}"
    assert world.said() == ["IncidentOpened", "IncidentEscalated"]


def test_what_could_not_be_planned_on_a_damaged_history_is_not_tried_again(world: World) -> None:
    world.policy()
    world.drift()
    world.damage = "stream 4711 is damaged at version 3: the event was changed"
    world.failed()
    world.later(hours=1)
    assert (len(world.proposed), world.incident().state) == (1, "escalated")


def test_when_too_much_drifts_at_once_nothing_more_is_healed(world: World) -> None:
    def detected(drifts: list[str]) -> None:
        for n, drift in enumerate(drifts):
            about = {"urn": f"urn:df:storefront:webshop:q{n}", "detected_at": world.clock.now()}
            world.hear(world.app.drift_detected, "DriftDetected", work=False, drift_id=drift, **about)
        for _ in drifts:
            world.work()

    world.policy('{"mode":"auto","limits":{"maxPercent":0,"maxResources":5,"massChange":{"count":20,"within":60}}}')
    detected(drifts := _drifts(30))
    assert {world.incident(drift).state for drift in drifts} == {"escalated"}
    assert world.incident(drifts[0]).reason.startswith("mass-change: 30")
    assert world.proposed == []
    world.clock.advance(120)
    detected(later := [f"a1b2c3d4-0000-5000-8000-0000000009{n:02}" for n in range(3)])
    assert _healing(world, later) == 3
