import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Fact, NotYet
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact, example
from deployforge_state_manager.adapters.projection import TABLES, PostgresProjection
from deployforge_state_manager.adapters.reading import PostgresStateReader
from deployforge_state_manager.adapters.records import records
from deployforge_state_manager.adapters.staging import PostgresStaging
from deployforge_state_manager.application.ports import StateNotFound
from deployforge_state_manager.application.state_manager import StateManager
from deployforge_state_manager.entrypoints.grpc_api import _diff
from eventsourcing.persistence import StoredEvent

WHERE = ("storefront", "webshop")


class Memory:
    """The state manager and what it said."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.projection = PostgresProjection(database, sealer)
        self.app = StateManager(database, sealer, PostgresStaging(database, sealer), self.projection)
        self.reader = PostgresStateReader(database, sealer)

    def hear(self, topic: str, type: str, **changed: Any) -> None:
        handler = {
            "ResourceVerified": self.app.resource_verified,
            "ResourceRemoved": self.app.resource_removed,
            "ExecutionVerified": self.app.execution_verified,
            "ComplianceReported": self.app.compliance_reported,
            "DriftDetected": self.app.drift_detected,
            "DriftResolved": self.app.drift_resolved,
        }[type]
        fact: Fact = a_fact(topic, type, example(type, **changed))
        self.app.commit(handler(fact))

    def executed(self, resources: dict[str, dict[str, Any]], removed: tuple[str, ...] = (), **changed: Any) -> str:
        execution = str(uuid4())
        for name, values in resources.items():
            urn = f"urn:df:storefront:webshop:{name}"
            self.hear(
                "orchestrator.executions", "ResourceVerified", execution_id=execution, urn=urn, resource=name,
                **{"desired_json": '{"v":1}', "physical_id": f"phy-{name}", **values},
            )  # fmt: skip
        for name in removed:
            self.hear(
                "orchestrator.executions", "ResourceRemoved", execution_id=execution,
                urn=f"urn:df:storefront:webshop:{name}",
            )  # fmt: skip
        self.hear("orchestrator.executions", "ExecutionVerified", execution_id=execution, **changed)
        return execution

    def names(self, version: int = 0) -> list[str]:
        return [row["resource"] for row in self.reader.resources(self.reader.version(*WHERE, version))]

    def said(self) -> list[Any]:
        stored = self.app.recorder.select_notifications(None, 1000)
        events = [
            self.app.sealed.to_domain_event(StoredEvent(n.originator_id, n.originator_version, n.topic, n.state))
            for n in stored
        ]
        return [record for event in events for record in records(event)]


@pytest.fixture
def memory(fresh_database: Database, sealer: Sealer) -> Memory:
    return Memory(fresh_database, sealer)


def test_an_execution_becomes_a_version(memory: Memory) -> None:
    memory.executed({"orders": {}, "mail": {}})
    version = memory.reader.version(*WHERE)
    assert (version["version"], version["desired_version"], version["author"]) == (1, 1, "alice")
    assert memory.names() == ["mail", "orders"]
    kinds = [(r.fact, r.upsert_version) for r in memory.said()]
    assert sorted(kinds, key=str) == [("DesiredState", 1), ("DesiredState", 1), ("StateVersionRecorded", None)]


def test_every_version_can_be_read_again(memory: Memory) -> None:
    memory.executed({"orders": {"desired_json": '{"v":1}'}, "mail": {}})
    memory.executed({"orders": {"desired_json": '{"v":2}'}}, removed=("mail",))
    assert memory.names(1) == ["mail", "orders"]
    assert memory.names(2) == ["orders"]
    values = [memory.reader.resources(memory.reader.version(*WHERE, v))[-1]["desired_json"] for v in (1, 2)]
    assert [json.loads(value) for value in values] == [{"v": 1}, {"v": 2}]
    tombstones = [r for r in memory.said() if r.fact == "DesiredState" and r.value is None]
    assert [r.key for r in tombstones] == ["urn:df:storefront:webshop:mail"]


def test_a_heal_is_a_version_and_leaves_the_desired_version(memory: Memory) -> None:
    memory.executed({"orders": {}, "mail": {}})
    memory.executed({"orders": {"physical_id": "new", "generation": 9}}, action="HEAL", desired_changed=False)
    version = memory.reader.version(*WHERE)
    assert (version["version"], version["desired_version"]) == (2, 1)
    assert memory.names() == ["mail", "orders"]
    generations = {r.key.rsplit(":")[-1]: r.value["generation"] for r in memory.said() if r.fact == "DesiredState"}
    assert generations == {"orders": 9, "mail": 9}, "an operation counts for its whole unit"


def test_what_did_not_change_is_not_said_again(memory: Memory) -> None:
    memory.executed({"orders": {}})
    memory.executed({"orders": {}})
    assert len([r for r in memory.said() if r.fact == "DesiredState"]) == 1


def test_a_repeated_execution_changes_nothing(memory: Memory) -> None:
    execution = memory.executed({"orders": {}})
    memory.hear("orchestrator.executions", "ExecutionVerified", execution_id=execution)
    assert memory.reader.version(*WHERE)["version"] == 1


def test_a_passed_report_makes_a_version_good(memory: Memory) -> None:
    execution = memory.executed({"orders": {}})
    with pytest.raises(StateNotFound):
        memory.reader.last_known_good(*WHERE)
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=False)
    with pytest.raises(StateNotFound):
        memory.reader.last_known_good(*WHERE)
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=True)
    assert memory.reader.last_known_good(*WHERE)["version"] == 1


def test_a_report_before_its_version_waits(memory: Memory) -> None:
    with pytest.raises(NotYet):
        memory.hear("control-plane.deployments", "ComplianceReported", execution_id="unknown", passed=True)


def test_the_inventory_shows_drift_and_pages(memory: Memory) -> None:
    memory.executed({name: {} for name in "abc"})
    memory.hear("drift-detector.drift", "DriftDetected", urn="urn:df:storefront:webshop:b", kind="MISSING")
    rows, cursor = memory.reader.inventory({}, None, 2, "")
    assert [(r["urn"][-1], r["drift"]) for r in rows] == [("a", ""), ("b", "missing")]
    rows, cursor = memory.reader.inventory({}, None, 2, cursor)
    assert ([r["urn"][-1] for r in rows], cursor) == (["c"], "")
    memory.hear("drift-detector.drift", "DriftResolved", urn="urn:df:storefront:webshop:b")
    assert memory.reader.inventory({}, None, 2, "")[0][1]["drift"] == "in-sync"
    assert memory.reader.inventory({}, ["elsewhere"], 9, "")[0] == []
    assert memory.reader.inventory({"type": "Topic"}, None, 9, "")[0] == []


def test_a_difference_is_told_attribute_by_attribute_with_sets_as_sets(memory: Memory) -> None:
    def row(**values: Any) -> dict[str, Any]:
        return {"resource": "a", "set_paths": ["rules"], "physical_id": "p", "desired_json": json.dumps(values)}

    assert _diff("a", row(rules=[1, 2]), row(rules=[2, 1])) is None
    changed = _diff("a", row(tags={"x": 1}), row(tags={"x": 2}))
    assert changed is not None
    assert [(a.path, a.before_json, a.after_json) for a in changed.attributes] == [("tags.x", "1", "2")]


def test_a_rebuild_gives_the_same_rows(memory: Memory) -> None:
    def opened() -> list[Any]:
        versions = [memory.reader.version(*WHERE, v) for v in (1, 2)]
        database = memory.app.database
        clear = [[{**row, "body": None} for row in database.query(f"SELECT * FROM {t} ORDER BY 1, 2, 3")] for t in TABLES]
        return [versions, [memory.reader.resources(v) for v in versions], clear]

    execution = memory.executed({"orders": {}, "mail": {}})
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=execution, passed=True)
    memory.executed({"orders": {"desired_json": '{"v":2}'}}, removed=("mail",))
    memory.hear("drift-detector.drift", "DriftDetected", urn="urn:df:storefront:webshop:orders")
    before = opened()
    assert memory.projection.rebuild(memory.app) > 0
    assert opened() == before


def test_bodies_are_sealed(memory: Memory) -> None:
    memory.executed({"orders": {"desired_json": '{"secretive":"value"}'}})
    for table in ("versions", "resource_versions"):
        for row in memory.app.database.query(f"SELECT body FROM {table}"):
            assert b"secretive" not in bytes(row["body"])


def test_two_deployments_do_not_meet(memory: Memory) -> None:
    memory.executed({"orders": {}})
    other = UUID(int=5)
    execution = str(uuid4())
    memory.hear("orchestrator.executions", "ResourceVerified", execution_id=execution, deployment_id=str(other),
                urn="urn:df:storefront:other:x", resource="x")  # fmt: skip
    memory.hear("orchestrator.executions", "ExecutionVerified", execution_id=execution, deployment_id=str(other),
                name="other")  # fmt: skip
    assert memory.names() == ["orders"]
    assert memory.reader.version("storefront", "other")["version"] == 1
