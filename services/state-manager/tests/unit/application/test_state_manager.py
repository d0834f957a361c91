import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge_chassis.facts import NotYet
from deployforge_state_manager.application.ports import Filters, Point, StateNotFound

from ...conftest import WHERE, Memory, urn

EFFECTIVE = datetime(2026, 1, 1, tzinfo=UTC)


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
    values = [memory.reader.resources(memory.reader.version(*WHERE, Point(v)))[-1]["desired_json"] for v in (1, 2)]
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
    rows, cursor = memory.inventory.page(Filters(), None, 2)
    assert [(r["urn"][-1], r["drift"]) for r in rows] == [("a", ""), ("b", "missing")]
    rows, cursor = memory.inventory.page(Filters(), None, 2, cursor)
    assert ([r["urn"][-1] for r in rows], cursor) == (["c"], "")
    memory.hear("drift-detector.drift", "DriftResolved", urn="urn:df:storefront:webshop:b")
    assert memory.inventory.page(Filters(), None, 2)[0][1]["drift"] == "in-sync"
    assert memory.inventory.page(Filters(), ["elsewhere"], 9)[0] == []
    assert memory.inventory.page(Filters(type="Topic"), None, 9)[0] == []


def test_a_heal_moves_the_resource_and_its_upsert(memory: Memory) -> None:
    memory.executed({"orders": {"generation": 3}})
    memory.executed({"orders": {"physical_id": "other", "generation": 5}}, action="HEAL", desired_changed=False)
    memory.executed({"orders": {"physical_id": "other", "generation": 7}}, action="HEAL", desired_changed=False)
    said = [
        (r.upsert_version, (r.value or {})["physical_id"], (r.value or {})["generation"]) for r in memory.desired("orders")
    ]
    assert said == [(1, "phy-orders", 3), (2, "other", 5), (3, "other", 7)]
    assert {(r.value or {})["desired_version"] for r in memory.desired("orders")} == {1}


def test_upserts_go_where_their_shard_goes_and_a_tombstone_follows(memory: Memory) -> None:
    memory.executed({"orders": {}})
    memory.executed({}, removed=("orders",))
    memory.executed({"orders": {}})
    said = memory.desired("orders")
    assert [(r.upsert_version, r.value is None) for r in said] == [(1, False), (2, True), (3, False)]
    assert len({r.partition_key for r in said}) == 1
    assert said[0].partition_key == (said[0].value or {})["scan_shard"]


def test_drift_rules_reach_the_upsert_also_when_only_they_changed(memory: Memory) -> None:
    rules = {"every": 5, "ignore": [{"resource": "*", "path": "tags.x", "reason": "EKS"}],
             "severity": [{"resource": "mail", "path": "*", "level": "critical"}]}  # fmt: skip
    memory.executed({"orders": {}, "mail": {"criticality": "high"}})
    memory.executed({}, drift_json=json.dumps(rules))
    orders, mail = (memory.desired(name)[-1].value or {} for name in ("orders", "mail"))
    assert [orders["scan_every_seconds"], mail["scan_every_seconds"], mail["criticality"]] == [5, 5, "high"]
    assert [json.loads(each["ignore_json"])[0]["path"] for each in (orders, mail)] == ["tags.x", "tags.x"]
    assert [len(json.loads(each["severity_json"])) for each in (orders, mail)] == [0, 1]


def test_references_and_outputs_reach_the_upsert_also_when_only_an_output_changed(memory: Memory) -> None:
    memory.executed({"orders": {"spec_json": '{"properties":{"deadLetter":"${dead.arn}"}}'}, "dead": {}}, output_uses={})
    memory.executed({}, output_uses={"ordersUrl": ["orders"]})
    first, orders = (said.value or {} for said in memory.desired("orders"))
    assert [(one["path"], one["attribute"]) for one in orders["references"]] == [("deadLetter", "arn")]
    assert orders["references"][0]["urn"] == (memory.desired("dead")[-1].value or {})["urn"]
    assert (first["outputs"], orders["outputs"]) == ([], ["ordersUrl"])
    assert len(memory.desired("dead")) == 1


def test_every_row_knows_when_it_was_true_and_when_that_was_known(memory: Memory) -> None:
    memory.executed({"orders": {}}, effective_at=EFFECTIVE)
    for table in ("versions", "resource_history"):
        [row] = memory.app.database.query(f"SELECT effective_at, recorded_at FROM {table}")
        assert row["effective_at"] == EFFECTIVE
        assert row["recorded_at"] > EFFECTIVE


def test_every_fact_twice_changes_nothing(memory: Memory) -> None:
    execution = str(uuid4())
    facts: list[tuple[str, str, dict[str, Any]]] = [
        ("orchestrator.executions", "ResourceVerified", {"urn": urn("orders"), "resource": "orders"}),
        ("orchestrator.executions", "ExecutionVerified", {}),
        ("control-plane.deployments", "ComplianceReported", {"passed": True}),
        ("drift-detector.drift", "DriftDetected", {"urn": urn("orders")}),
        ("drift-detector.drift", "DriftResolved", {"urn": urn("orders")}),
    ]
    for topic, type, changed in facts:
        about = changed if topic.startswith("drift") else {**changed, "execution_id": execution}
        memory.hear(topic, type, **about)
        said, rows = memory.said(), memory.rows()
        memory.hear(topic, type, **about)
        assert (memory.said(), memory.rows()) == (said, rows)
    memory.hear(*facts[0][:2], execution_id=execution, **facts[0][2])
    memory.hear(*facts[1][:2], execution_id=execution)
    assert memory.app.database.query("SELECT * FROM staged") == []


def test_drift_of_what_is_not_known_changes_nothing(memory: Memory) -> None:
    memory.executed({"orders": {}})
    memory.executed({}, removed=("orders",))
    before = memory.rows()
    for name in ("orders", "unheard-of"):
        memory.hear("drift-detector.drift", "DriftDetected", urn=urn(name))
    assert memory.rows() == before


def test_drift_is_shown_through_a_heal_and_forgotten_with_the_resource(memory: Memory) -> None:
    memory.executed({"orders": {}})
    memory.hear("drift-detector.drift", "DriftDetected", urn=urn("orders"))
    memory.executed({"orders": {"physical_id": "new"}}, action="HEAL", desired_changed=False)
    assert memory.inventory.page(Filters(), None, 9)[0][0]["drift"] == "drifted"
    memory.executed({}, removed=("orders",))
    memory.executed({"orders": {}})
    assert memory.inventory.page(Filters(), None, 9)[0][0]["drift"] == ""


def test_bodies_are_sealed(memory: Memory) -> None:
    memory.executed({"orders": {"desired_json": '{"secretive":"value"}'}})
    for table in ("versions", "resource_history"):
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
