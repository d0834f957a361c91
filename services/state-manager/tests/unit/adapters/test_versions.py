"""Two time axes, against the plainest reading of the event log; and history, newest first."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deployforge_state_manager.application.ports import BadCursor, BadPoint, Point, StateNotFound
from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.resource import Resource
from eventsourcing.persistence import StoredEvent

from ...conftest import WHERE, Memory, urn

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("a", "b", "c")


def _at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def _values(memory: Memory, at: Point) -> dict[str, str]:
    try:
        version = memory.reader.version(*WHERE, at)
    except StateNotFound:
        return {}
    return {row["resource"]: row["desired_json"] for row in memory.reader.resources(version, at)}


class Naive:
    """The answer by looking at every event there is."""

    def __init__(self, memory: Memory) -> None:
        stored = memory.app.recorder.select_notifications(None, 1000)
        self.events: Sequence[Any] = [
            memory.app.sealed.to_domain_event(StoredEvent(n.originator_id, n.originator_version, n.topic, n.state))
            for n in stored
        ]

    def values(self, as_of: datetime, known_at: datetime) -> dict[str, str]:
        best: dict[str, Any] = {}
        for event in self.events:
            if not isinstance(event, Resource.Recorded | Resource.Removed):
                continue
            if event.timestamp > known_at or event.at.effective_at > as_of:
                continue
            name = (event.state if isinstance(event, Resource.Recorded) else event).urn
            if name not in best or event.at.effective_at >= best[name].at.effective_at:
                best[name] = event
        return {
            name.rsplit(":", 1)[-1]: event.state.desired_json
            for name, event in best.items()
            if isinstance(event, Resource.Recorded)
        }

    def version(self, as_of: datetime, known_at: datetime) -> int:
        found = [
            (e.verified.effective_at, e.version)
            for e in self.events
            if isinstance(e, Deployment.VersionRecorded) and e.timestamp <= known_at and e.verified.effective_at <= as_of
        ]
        return max(found, default=(START, 0))[1]


@pytest.mark.parametrize("seed", range(6))
def test_any_point_on_both_axes_answers_as_the_log_does(memory: Memory, seed: int) -> None:
    chance = random.Random(seed)
    there: set[str] = set()
    for step in range(8):
        changed = {name: {"desired_json": f'{{"step":{step}}}'} for name in NAMES if chance.random() < 0.5 or not there}
        removed = tuple(name for name in there - changed.keys() if chance.random() < 0.3)
        # Every third comes to be known late: it was true before something that is known already.
        memory.executed(changed, removed, effective_at=_at(chance.choice((step, step, step - 2.5))))
        there = (there | changed.keys()) - set(removed)
    naive = Naive(memory)
    known = sorted({e.timestamp for e in naive.events})
    for _ in range(60):
        as_of = _at(chance.uniform(-3, 9))
        known_at = chance.choice(known) + chance.choice((timedelta(0), timedelta(microseconds=-1)))
        point = Point(0, as_of, known_at)
        assert _values(memory, point) == (naive.values(as_of, known_at) if naive.version(as_of, known_at) else {})
        if version := naive.version(as_of, known_at):
            assert memory.reader.version(*WHERE, point)["version"] == version


def test_what_becomes_known_late_changes_then_and_not_now(memory: Memory) -> None:
    memory.executed({"a": {"desired_json": '{"v":1}'}, "b": {"desired_json": '{"v":1}'}}, effective_at=_at(1))
    memory.executed({"a": {"desired_json": '{"v":2}'}}, effective_at=_at(3))
    before = memory.reader.version(*WHERE)["recorded_at"]
    memory.executed({"b": {"desired_json": '{"v":2}', "generation": 9}}, effective_at=_at(2))
    assert _values(memory, Point(as_of=_at(2))) == {"a": '{"v":1}', "b": '{"v":2}'}
    assert _values(memory, Point(as_of=_at(2), known_at=before)) == {"a": '{"v":1}', "b": '{"v":1}'}
    assert _values(memory, Point(as_of=_at(4))) == {"a": '{"v":2}', "b": '{"v":2}'}
    assert memory.reader.version(*WHERE, Point(as_of=_at(4)))["version"] == 2
    assert memory.reader.version(*WHERE)["version"] == 3


def test_before_the_beginning_there_was_nothing(memory: Memory) -> None:
    memory.executed({"a": {}}, effective_at=_at(1))
    for point in (Point(as_of=_at(0)), Point(known_at=_at(0)), Point(as_of=_at(2), known_at=_at(0))):
        with pytest.raises(StateNotFound, match="2026-01-01 00:00:00"):
            memory.reader.version(*WHERE, point)


def test_a_version_was_not_good_before_its_report_was_known(memory: Memory) -> None:
    execution = memory.executed({"a": {}}, effective_at=_at(1))
    recorded = memory.reader.version(*WHERE)["recorded_at"]
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=True)
    assert memory.reader.version(*WHERE)["good"]
    assert not memory.reader.version(*WHERE, Point(known_at=recorded))["good"]


def test_a_version_or_a_time_but_not_both() -> None:
    with pytest.raises(BadPoint, match="version 3"):
        Point(3, as_of=START)


def test_history_says_why_and_by_whose_leave(memory: Memory) -> None:
    memory.hear(
        "control-plane.deployments", "DeploymentRequested", origin="HEALER", reason="visibility", incident_id="i-1",
        remedy="correct",
    )  # fmt: skip
    memory.hear("control-plane.deployments", "PlanApproved", rule="healing-policy", approvers=["bob"])
    memory.executed({"a": {}}, action="HEAL")
    memory.executed({"b": {}}, request_id="another", plan_id="another")
    newest, first = memory.reader.history(*WHERE, 9, "")[0]
    assert (first["asked"]["reason"], first["asked"]["incident_id"], first["asked"]["remedy"]) == (
        "visibility", "i-1", "correct",
    )  # fmt: skip
    assert (first["released"]["rule"], first["released"]["approvers"]) == ("healing-policy", ["bob"])
    assert (newest["asked"], newest["released"]) == (None, None)


def test_the_way_back_is_the_newest_good_version_with_another_desired_state(memory: Memory) -> None:
    assert memory.reader.ways_back(*WHERE).target == 0
    for version, good, moved in ((1, True, True), (2, True, True), (3, True, False), (4, False, True)):
        execution = memory.executed(
            {"a": {"desired_json": f'{{"v":{version}}}'}}, desired_changed=moved, action="APPLY" if moved else "HEAL"
        )
        if good:
            memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=True)
        back = memory.reader.ways_back(*WHERE)
        assert (back.last_known_good, back.target) == {1: (1, 0), 2: (2, 1), 3: (3, 1), 4: (3, 3)}[version]


def test_the_life_of_a_resource_newest_first_in_pages(memory: Memory) -> None:
    memory.executed({"a": {"desired_json": '{"v":1}'}}, effective_at=_at(1))
    memory.hear("drift-detector.drift", "DriftDetected", urn=urn("a"), observed_at=_at(2))
    memory.hear("drift-detector.drift", "DriftResolved", urn=urn("a"), resolved_at=_at(3))
    memory.executed({"a": {"desired_json": '{"v":2}'}}, effective_at=_at(4))
    memory.executed({}, removed=("a",), effective_at=_at(5))
    told: list[Any] = []
    cursor = ""
    while True:
        rows, cursor = memory.reader.resource_history(*WHERE, urn("a"), 2, cursor)
        told += rows
        if not cursor:
            break
    assert [(row["drift"], row["effective_at"], row["from_version"]) for row in told] == [
        ("", _at(5), 3), ("", _at(4), 2), ("in-sync", _at(3), 0), ("drifted", _at(2), 0), ("", _at(1), 1),
    ]  # fmt: skip
    assert [(row["before"] or {}).get("desired_json") for row in told if not row["drift"]] == ['{"v":2}', '{"v":1}', None]
    with pytest.raises(StateNotFound, match="never a resource"):
        memory.reader.resource_history(*WHERE, urn("none"), 2, "")


def test_history_is_paged_newest_first(memory: Memory) -> None:
    for version in range(5):
        memory.executed({"orders": {"desired_json": f'{{"v":{version}}}'}})
    rows, cursor = memory.reader.history(*WHERE, 2, "")
    assert [row["version"] for row in rows] == [5, 4]
    rows, cursor = memory.reader.history(*WHERE, 2, cursor)
    rows, cursor = memory.reader.history(*WHERE, 2, cursor)
    assert ([row["version"] for row in rows], cursor) == ([1], "")


def test_a_cursor_that_nobody_gave_out_is_refused(memory: Memory) -> None:
    for cursor in ("?", "w6k=", "YWJj", "4pyT", "AA==", "LTE=", "/w=="):
        with pytest.raises(BadCursor):
            memory.reader.history(*WHERE, 2, cursor)
