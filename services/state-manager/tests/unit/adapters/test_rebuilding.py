"""A rebuild from the log gives what was there, beside whoever reads and writes."""

import random
import threading
from typing import Any
from uuid import uuid4

import pytest
from deployforge_chassis.testing import until
from deployforge_state_manager.adapters import rebuilding
from deployforge_state_manager.adapters.projection import PostgresProjection
from deployforge_state_manager.adapters.rebuilding import Progress, Rebuild
from deployforge_state_manager.application.ports import RebuildRunning

from ...conftest import Memory, urn

DRIFT = "drift-detector.drift"


def _live(memory: Memory, chance: random.Random, steps: int) -> None:
    """A life with everything in it that the state manager hears."""
    there: set[str] = set()
    for step in range(steps):
        changed = {
            name: {"desired_json": f'{{"v":{step},"tags":{{"env":"{chance.choice("ab")}","owner":"me"}}}}'}
            for name in "abcde"
            if chance.random() < 0.4 or not there
        }
        gone = tuple(name for name in there - changed.keys() if chance.random() < 0.2)
        request = {"request_id": str(uuid4()), "plan_id": str(uuid4())}
        memory.hear("control-plane.deployments", "DeploymentRequested", request_id=request["request_id"], reason="why")
        memory.hear("control-plane.deployments", "PlanApproved", **request)
        execution = memory.executed(changed, gone, **request)
        there = (there | changed.keys()) - set(gone)
        if chance.random() < 0.5:
            memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=True)
        for name in sorted(there):
            if chance.random() < 0.3:
                memory.hear(DRIFT, "DriftDetected", urn=urn(name), kind=chance.choice(("MISSING", "CHANGED")))
            elif chance.random() < 0.3:
                memory.hear(DRIFT, "DriftResolved", urn=urn(name))


@pytest.mark.parametrize("seed", range(4))
def test_the_same_bytes(memory: Memory, seed: int) -> None:
    _live(memory, random.Random(seed), 6)
    before = memory.rows()
    assert all(before)
    told: list[Progress] = []
    assert memory.rebuild.run(memory.app, told.append) == memory.app.recorder.max_notification_id() == told[-1].done
    assert memory.rows() == before
    _live(memory, random.Random(seed + 100), 3)
    before = memory.rows()
    memory.rebuild.run(memory.app)
    assert memory.rows() == before


def test_what_is_recorded_meanwhile_is_there_once(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    _live(memory, chance, 3)
    writer: list[threading.Thread] = []

    def meanwhile(*_: Any) -> None:
        # What comes after the bulk, and what comes while the rest is caught up with.
        memory.executed({"early": {}})
        writer.append(threading.Thread(target=lambda: memory.executed({"late": {}})))

    silence = memory.app.silence

    def silent() -> Any:
        writer[0].start()
        return silence()

    calls: list[Progress] = []
    with monkeypatch.context() as slow:
        slow.setattr(memory.app, "silence", silent)
        memory.rebuild.run(
            memory.app, lambda progress: calls.append(progress) or (meanwhile() if len(calls) == 1 else None)
        )
    writer[0].join(10)
    assert not writer[0].is_alive()
    assert {"early", "late"} <= set(memory.names())
    before = memory.rows()
    memory.rebuild.run(memory.app)
    assert memory.rows() == before


def test_savers_wait_for_the_last_step_only(memory: Memory) -> None:
    with memory.app.silence():
        writer = threading.Thread(target=lambda: memory.executed({"a": {}}))
        writer.start()
        until(lambda: memory.app.database.query("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"))
    writer.join(10)
    assert memory.names() == ["a"]


def test_one_that_fails_leaves_the_rows_and_can_be_repeated(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    _live(memory, random.Random(1), 3)
    before = memory.rows()
    with monkeypatch.context() as broken:
        broken.setattr(rebuilding.tables, "swap", lambda: ["SELECT 1 / 0"])
        with pytest.raises(Exception, match="division by zero"):
            memory.rebuild.run(memory.app)
    assert memory.rows() == before
    memory.rebuild.run(memory.app)
    assert memory.rows() == before


def test_one_at_a_time(memory: Memory) -> None:
    memory.executed({"a": {}})
    refused: list[BaseException] = []

    def second(progress: Progress) -> None:
        try:
            Rebuild(memory.app.database, memory.app.sealer).run(memory.app)
        except RebuildRunning as running:
            refused.append(running)

    memory.rebuild.run(memory.app, second)
    assert refused


def test_rows_of_another_shape_are_made_anew_at_start(memory: Memory) -> None:
    _live(memory, random.Random(2), 3)
    before = memory.rows()
    memory.app.database.write([("UPDATE read_models SET shape = 1", ())])
    PostgresProjection(memory.app.database, memory.app.sealer)
    assert not any(memory.rows())
    memory.rebuild.fill(memory.app)
    assert memory.rows() == before
    memory.app.database.write([("DELETE FROM versions", ())])
    memory.rebuild.fill(memory.app)
    assert memory.app.database.query("SELECT * FROM versions") == [], "once is enough"


def test_counts_are_what_counting_would_give(memory: Memory) -> None:
    _live(memory, random.Random(3), 8)
    rows = memory.app.database.query("SELECT * FROM inventory")
    counted = memory.app.database.query("SELECT * FROM inventory_counts")
    for facet in ("type", "drift", "state", "criticality"):
        for namespace in ("storefront", "*"):
            told = {c["value"]: c["n"] for c in counted if (c["facet"], c["namespace"]) == (facet, namespace)}
            assert told == {v: sum(r[facet] == v for r in rows) for v in {r[facet] for r in rows}}
    assert {c["n"] for c in counted if c["facet"] == ""} == {len(rows)}
