"""Nothing is said of a deployment whose events are not what was recorded."""

from collections.abc import Callable

import grpc
import pytest
from deployforge_chassis import owed
from deployforge_chassis.sealing import Sealer, Tampered
from deployforge_chassis.streams import DamagedStream
from deployforge_chassis.testing import attack
from deployforge_state_manager.adapters.checked import CheckedStateReader
from deployforge_state_manager.application.ports import Point, StateNotFound
from deployforge_state_manager.domain.resource import Resource

from ...conftest import WHERE, Memory, urn

READS: dict[str, Callable[[CheckedStateReader], object]] = {
    "newest": lambda reader: reader.version(*WHERE),
    "older": lambda reader: reader.version(*WHERE, Point(1)),
    "last known good": lambda reader: reader.last_known_good(*WHERE),
    "history": lambda reader: reader.history(*WHERE, 1, ""),
    "one resource": lambda reader: reader.resource_history(*WHERE, urn("a"), 10, ""),
}


@pytest.fixture
def memory(memory: Memory) -> Memory:
    first = memory.executed({"a": {}, "b": {}})
    memory.hear("control-plane.deployments", "ComplianceReported", execution_id=first, passed=True)
    memory.executed({"a": {"desired_json": '{"v":2}'}}, removed=("b",))
    return memory


@pytest.mark.parametrize("read", READS)
def test_an_unharmed_history_is_read(memory: Memory, read: str) -> None:
    assert READS[read](memory.reader)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("whose", ["the deployment's", "a resource's", "one that is gone"])
def test_a_mutated_event_stops_every_read_and_is_named(memory: Memory, database_url: str, read: str, whose: str) -> None:
    deployment_id = memory.reader.version(*WHERE)["deployment_id"]
    streams = {
        "the deployment's": deployment_id,
        "a resource's": Resource.create_id(deployment_id, urn("a")),
        "one that is gone": Resource.create_id(deployment_id, urn("b")),
    }
    attack(
        database_url,
        "UPDATE events SET state = set_byte(state, 80, 255 - get_byte(state, 80)) "
        f"WHERE originator_id = '{streams[whose]}' AND originator_version = 2",
    )
    with pytest.raises(DamagedStream, match=f"stream {streams[whose]} is damaged at version 2: ") as damaged:
        READS[read](memory.reader)
    assert any(owed.STATUS_OF.get(kind) is grpc.StatusCode.DATA_LOSS for kind in type(damaged.value).__mro__)


def test_a_resource_that_was_taken_out_of_the_log_is_missed(memory: Memory, database_url: str) -> None:
    stream = Resource.create_id(memory.reader.version(*WHERE)["deployment_id"], urn("a"))
    attack(database_url, f"DELETE FROM events WHERE originator_id = '{stream}'")
    attack(database_url, f"DELETE FROM stream_heads WHERE originator_id = '{stream}'")
    with pytest.raises(DamagedStream, match=str(stream)):
        memory.reader.version(*WHERE)


def test_a_version_is_good_by_the_log_and_not_by_a_row(memory: Memory, database_url: str) -> None:
    assert memory.reader.last_known_good(*WHERE)["version"] == 1
    attack(database_url, "INSERT INTO good_versions SELECT deployment_id, 2, now() FROM versions WHERE version = 2")
    with pytest.raises(Tampered, match="version 2 of storefront/webshop, which was never marked good"):
        memory.reader.last_known_good(*WHERE)


def test_a_deployment_without_its_stream_is_not_vouched_for(memory: Memory, sealer: Sealer, database_url: str) -> None:
    attack(database_url, "DELETE FROM events", "DELETE FROM stream_heads")
    with pytest.raises(Tampered, match="whose stream is missing"):
        Memory(memory.app.database, sealer).reader.version(*WHERE)


def test_what_is_not_known_is_not_damaged(memory: Memory) -> None:
    with pytest.raises(StateNotFound):
        memory.reader.version("storefront", "nothing")
