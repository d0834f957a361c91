"""Given versions, when somebody has them shredded, then nobody reads them, and everybody hears of it."""

from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from deployforge_chassis.sealing import Shredded
from deployforge_state_manager.application.ports import DeploymentShredded
from deployforge_state_manager.domain.resource import Resource

from ...conftest import WHERE, Memory, urn

OF = uuid5(NAMESPACE_URL, "deployforge:storefront/webshop")
OTHER = uuid5(NAMESPACE_URL, "deployforge:storefront/other")


def _executed(memory: Memory, of: UUID, name: str, *resources: str) -> None:
    memory.executed({resource: {"deployment_id": str(of)} for resource in resources}, deployment_id=str(of), name=name)


@pytest.fixture
def memory(memory: Memory) -> Memory:
    _executed(memory, OF, "webshop", "a", "b")
    return memory


def _shred(memory: Memory) -> None:
    memory.hear("control-plane.deployments", "ShredRequested", deployment_id=str(OF), by="root")
    memory.app.sealer.forget()


def test_the_others_hear_it_and_its_upserts_are_tombstoned(memory: Memory) -> None:
    [a, b] = [memory.app.repository.get(Resource.create_id(OF, urn(name))) for name in ("a", "b")]
    before = len(memory.app.recorder.select_notifications(None, 1000))
    _shred(memory)
    said = memory.said_after(before)
    assert [(r.topic, r.fact, r.key) for r in said] == [
        ("state-manager.states", "DeploymentShredded", str(OF)),
        ("state-manager.desired", "DesiredState", urn("a")),
        ("state-manager.desired", "DesiredState", urn("b")),
    ]
    assert said[0].value is not None
    assert said[0].value["by"] == "root"
    assert [(r.value, r.upsert_version, r.partition_key) for r in said[1:]] == [
        (None, a.resource_version + 1, a.shard),
        (None, b.resource_version + 1, b.shard),
    ]


def test_its_history_says_that_it_was_shredded(memory: Memory) -> None:
    _shred(memory)
    for read in (
        lambda: memory.reader.version(*WHERE),
        lambda: memory.reader.last_known_good(*WHERE),
        lambda: memory.reader.history(*WHERE, 10, ""),
    ):
        with pytest.raises(DeploymentShredded, match="storefront/webshop was shredded by root"):
            read()
    with pytest.raises(Shredded):
        memory.app.repository.get(OF)


def test_no_row_of_it_is_left_and_every_row_of_others(memory: Memory) -> None:
    _executed(memory, OTHER, "other", "c")
    memory.hear("orchestrator.executions", "ResourceVerified", execution_id="open", deployment_id=str(OF))
    _shred(memory)
    query = memory.app.database.query
    for table in ("versions", "resource_history", "inventory"):
        assert {row["deployment_id"] for row in query(f"SELECT deployment_id FROM {table}")} == {OTHER}
    assert query("SELECT 1 FROM staged") == []
    assert memory.reader.version("storefront", "other")["version"] == 1


def test_hearing_it_again_or_what_comes_late_changes_nothing(memory: Memory) -> None:
    _shred(memory)
    count = len(memory.app.recorder.select_notifications(None, 1000))
    _shred(memory)
    assert len(memory.app.recorder.select_notifications(None, 1000)) == count
    with pytest.raises(Shredded):
        _executed(memory, OF, "webshop", "c")
