"""Keys of all services through the one door: each answers for itself, and one that is away stops no other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from deployforge.common.v1 import keys_pb2_grpc
from deployforge.control_plane.v1 import keys_pb2 as pb
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.keys_service import KeysServicer, ServiceKeys
from deployforge_chassis.principal import Principal
from deployforge_chassis.sealer import Sealer
from deployforge_control_plane.application.access import NotPermitted
from deployforge_control_plane.domain.refusals import BadRequest
from deployforge_control_plane.entrypoints.admission import Admission
from deployforge_control_plane.entrypoints.keys_api import KeysApi
from deployforge_control_plane.entrypoints.methods import OWN

from ...conftest import System, allowed


class Context:
    """A call with a token."""

    def __init__(self, text: str) -> None:
        self._text = text

    def invocation_metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self._text}")]


@pytest.fixture
def orchestrator(new_database: Callable[[], str], tmp_path: Path) -> Iterator[Sealer]:
    database = Database(new_database(), pool_size=1)
    KeyFile.create(tmp_path / "orchestrator.key")
    sealer = Sealer(database, KeyFile(tmp_path / "orchestrator.key"), service="orchestrator")
    EventSourcedApplication(database, sealer, name="orchestrator")
    yield sealer
    database.close()


@pytest.fixture
def channels(orchestrator: Sealer) -> Iterator[dict[str, grpc.Channel]]:
    server = grpc.server(ThreadPoolExecutor(4))
    keys = ServiceKeys(orchestrator._rows._database, orchestrator)
    add: Any = keys_pb2_grpc
    add.add_KeysServicer_to_server(KeysServicer(keys), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    here, nowhere = grpc.insecure_channel(f"127.0.0.1:{port}"), grpc.insecure_channel("127.0.0.1:1")
    yield {name: here if name == "orchestrator" else nowhere for name in SERVICES if name != "control-plane"}
    here.close()
    nowhere.close()
    server.stop(0)


@pytest.fixture
def api(system: System, channels: dict[str, grpc.Channel]) -> KeysApi:
    return KeysApi(system.app, Admission(system.access, OWN), channels)


@pytest.fixture
def calls(system: System) -> Callable[..., Any]:
    """A call by somebody with these roles."""

    def make(*roles: str, namespaces: tuple[str, ...] = ("*",)) -> Any:
        root = Principal("root", ("admin",), ("*",))
        _, text = system.access.create(root, "anna", roles, namespaces, allowed("root", "Access.CreateToken"))
        return Context(text)

    return make


def _audited(system: System) -> list[tuple[str, str]]:
    rows = system.app.database.query("SELECT outcome, detail FROM audit WHERE action = 'Keys.Rotate' ORDER BY position")
    return [(row["outcome"], row["detail"]) for row in rows]


def test_the_status_of_every_service_or_why_there_is_none(
    api: KeysApi, calls: Callable[..., Any], orchestrator: Sealer
) -> None:
    orchestrator.seal(uuid4(), b"value", "place")
    told = {one.service: one for one in api.Status(pb.KeysStatusRequest(), calls("admin")).services}
    assert list(told) == list(SERVICES)
    status = told["orchestrator"].status
    assert (status.provider, list(status.versions), status.owners, status.generation) == ("file", [1], 1, 1)
    assert told["control-plane"].status.provider == "file"
    assert told["healer"].error.startswith("UNAVAILABLE")


def test_a_rotation_has_a_result_of_each_service_and_is_on_record(
    api: KeysApi, calls: Callable[..., Any], orchestrator: Sealer, system: System
) -> None:
    sealed = orchestrator.seal(uuid4(), b"value", "place")
    answers = list(api.Rotate(pb.KeysRotateRequest(), calls("admin")))
    assert {a.service for a in answers if a.progress.step == "done"} == {"control-plane", "orchestrator"}
    away = set(SERVICES) - {"control-plane", "orchestrator"}
    assert {a.service for a in answers if a.error.startswith("UNAVAILABLE")} == away
    assert orchestrator.provider.minimum_version() == 2
    orchestrator.forget()
    assert orchestrator.open(sealed, "place") == b"value"
    records = _audited(system)
    assert records[0] == ("allowed", "rotate all services")
    assert {r for r in records if r[0] == "allowed"} >= {
        ("allowed", "orchestrator: done"),
        ("allowed", "control-plane: done"),
    }
    assert len([r for r in records if r[0] == "refused"]) == len(away)


def test_one_service_may_be_named_and_one_that_does_not_exist_is_refused(
    api: KeysApi, calls: Callable[..., Any], system: System
) -> None:
    answers = list(api.Rotate(pb.KeysRotateRequest(services=["orchestrator"]), calls("admin")))
    assert {a.service for a in answers} == {"orchestrator"}
    with pytest.raises(BadRequest, match="orchestartor"):
        list(api.Rotate(pb.KeysRotateRequest(services=["orchestartor"]), calls("admin")))
    assert ("refused", "no service is called orchestartor; there are " + ", ".join(SERVICES)) in _audited(system)


@pytest.mark.parametrize("role", ["viewer", "deployer", "approver", "operator", "auditor"])
def test_only_an_administrator_touches_keys(api: KeysApi, calls: Callable[..., Any], role: str) -> None:
    with pytest.raises(NotPermitted):
        api.Status(pb.KeysStatusRequest(), calls(role))
    with pytest.raises(NotPermitted):
        list(api.Rotate(pb.KeysRotateRequest(), calls(role)))


def test_an_administrator_of_one_namespace_does_not(api: KeysApi, calls: Callable[..., Any]) -> None:
    with pytest.raises(NotPermitted):
        list(api.Rotate(pb.KeysRotateRequest(), calls("admin", namespaces=("front",))))
