"""The served API over loopback and mutual TLS: who may call what, what is audited, what is forwarded."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from deployforge.common.v1 import common_pb2, parking_pb2, parking_pb2_grpc
from deployforge.control_plane.v1 import deployments_pb2 as pb
from deployforge.control_plane.v1 import deployments_pb2_grpc, keys_pb2
from deployforge.drift_detector.v1 import drift_pb2, drift_pb2_grpc
from deployforge.healer.v1 import healing_pb2, healing_pb2_grpc
from deployforge.mcal.v1 import clouds_pb2, clouds_pb2_grpc, topology_pb2
from deployforge.orchestrator.v1 import plans_pb2
from deployforge.state_manager.v1 import state_pb2, state_pb2_grpc
from deployforge_chassis import devca, owed, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.facts import Effects, Message
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.grpc_server import GrpcServer, serve
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.parking import Parking
from deployforge_chassis.principal import Principal, current
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.relay import Relay
from deployforge_chassis.wire import Wire
from deployforge_control_plane.adapters.records import records
from deployforge_control_plane.application.views import Scope
from deployforge_control_plane.application.watching import Watching
from deployforge_control_plane.config import Settings
from deployforge_control_plane.domain.access import ROLES, may
from deployforge_control_plane.entrypoints.grpc_api import STATUS_OF
from deployforge_control_plane.entrypoints.methods import FORWARDED, GATHERED, MUTATING, OWN, RULES, action
from deployforge_control_plane.entrypoints.serving import registrations
from google.protobuf.message_factory import GetMessageClass

from ...conftest import System, allowed, manifest_text

PERMISSIONS = {**OWN, **FORWARDED, **GATHERED}
FRONT = common_pb2.DeploymentRef(namespace="front", name="shop")
FILES = [
    module.DESCRIPTOR
    for module in (pb, keys_pb2, drift_pb2, healing_pb2, clouds_pb2, topology_pb2, plans_pb2, state_pb2, parking_pb2)
]


class Unavailable(grpc.RpcError, grpc.Call):  # type: ignore[misc]
    """A peer that is away."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "away"

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return ()


Unavailable.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]


@dataclass
class Peers:
    """Stands in for the channels to the other services, and keeps what was sent and for whom."""

    sent: list[tuple[str, Any, Principal | None]] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)
    """Of streams, in seconds."""
    away: bool = False

    def unary_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any = bytes, **_: Any
    ) -> Callable[..., Any]:
        def send(request: Any, timeout: float) -> Any:
            if self.away:
                raise Unavailable
            self.sent.append((method, request, current()))
            return response_deserializer(b"")

        return send

    def unary_stream(self, method: str, request_serializer: Any, **_: Any) -> Callable[..., "Answers"]:
        def send(request: Any, timeout: float | None) -> "Answers":
            self.sent.append((method, request, current()))
            self.timeouts.append(timeout)
            return Answers([b"", b""])

        return send

    def stream_unary(self, method: str, request_serializer: Any, **_: Any) -> Callable[..., bytes]:
        def send(requests: Iterator[Any], timeout: float | None) -> bytes:
            self.sent.append((method, list(requests), current()))
            return b""

        return send


class Answers(list[bytes]):
    """A call that streams."""

    def cancel(self) -> None:
        """The caller has left."""


@pytest.fixture(scope="session")
def tls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    devca.ensure(directory)
    return directory


@pytest.fixture
def peers() -> Peers:
    return Peers()


@pytest.fixture
def server(system: System, peers: Peers, tls_dir: Path) -> Iterator[GrpcServer]:
    settings = Settings(database_url="postgresql:///unused", tls_dir=tls_dir)
    wire = Wire(AvroCodec(MemoryRegistry()), topics.load(), "control-plane")
    watching = Watching(system.stores.timeline, system.stores.requests)
    Relay(system.app, records, None, wire)  # type: ignore[arg-type]  # makes the tables that the feed reads
    channels: Any = dict.fromkeys(SERVICES, peers)
    inbox: Any = Inbox(system.app, None, wire, None, {})  # type: ignore[arg-type]
    own = registrations(system.app, system.checking, system.access, watching, channels, owed.parking(wire, inbox))
    owing = owed.registrations(system.app, records, wire, system.app.bodies.get)
    server = serve(settings, [*own, *owing], {**owed.RULES, **RULES}, {**STATUS_OF, **owed.STATUS_OF})
    server.start()
    yield server
    server.stop(1.0)


@pytest.fixture
def connect(server: GrpcServer, tls_dir: Path) -> Iterator[Callable[[str], grpc.Channel]]:
    opened: list[grpc.Channel] = []

    def open_as(who: str) -> grpc.Channel:
        settings = Settings(service=who, database_url="postgresql:///unused", tls_dir=tls_dir)
        opened.append(channel(settings, "control-plane", once=MUTATING, address=f"127.0.0.1:{server.port}"))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()


@pytest.fixture
def token(system: System) -> Callable[..., tuple[tuple[str, str], ...]]:
    """Metadata with a new token."""

    def make(subject: str, *roles: str, namespaces: tuple[str, ...] = ("front",)) -> tuple[tuple[str, str], ...]:
        root = Principal("root", ("admin",), ("*",))
        record = allowed("root", "Access.CreateToken")
        _, text = system.access.create(root, subject, roles, namespaces, record)
        return (("authorization", f"Bearer {text}"),)

    return make


@pytest.fixture
def client(connect: Callable[[str], grpc.Channel]) -> grpc.Channel:
    return connect("client")


@pytest.fixture
def deployments(client: grpc.Channel) -> Any:
    return deployments_pb2_grpc.DeploymentsStub(client)  # type: ignore[no-untyped-call]


def code(call: Callable[[], Any]) -> grpc.StatusCode:
    """How a call ended."""
    try:
        answer = call()
        if hasattr(answer, "__next__"):
            next(answer, None)
    except grpc.RpcError as error:
        found: grpc.StatusCode = error.code()
        return found
    return grpc.StatusCode.OK


def calls(client: grpc.Channel) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every method that people are served, called with a request about deployment front/shop."""
    for file in FILES:
        for service in file.services_by_name.values():
            for method in service.methods:
                name = f"/{service.full_name}/{method.name}"
                if name not in PERMISSIONS:
                    continue
                kind = GetMessageClass(method.input_type)
                request = kind(deployment=FRONT) if "deployment" in method.input_type.fields_by_name else kind()
                open_ = client.unary_stream if method.server_streaming else client.unary_unary
                # Watch goes on for ever once it is let in.
                seconds = 0.3 if method.name == "Watch" else 5
                yield name, _calling(open_(name, request_serializer=kind.SerializeToString), request, seconds)


def _calling(stub: Any, request: Any, seconds: float) -> Callable[..., Any]:
    return lambda metadata=None: stub(request, metadata=metadata, timeout=seconds)


def test_every_method_is_open_to_exactly_the_roles_that_allow_it(client: grpc.Channel, token: Callable[..., Any]) -> None:
    methods = dict(calls(client))
    assert methods.keys() == PERMISSIONS.keys()
    for role in ROLES:
        metadata = token(f"some-{role}", role, namespaces=("*",))
        for name, call in methods.items():
            permission = PERMISSIONS[name]
            denied = code(partial(call, metadata)) is grpc.StatusCode.PERMISSION_DENIED
            assert denied == (permission is not None and not may([role], permission)), (role, name)


def test_no_method_is_open_without_a_token(client: grpc.Channel, system: System) -> None:
    for name, call in calls(client):
        assert code(call) is grpc.StatusCode.UNAUTHENTICATED, name
        wrong = partial(call, (("authorization", "Bearer dft_x_y"),))
        assert code(wrong) is grpc.StatusCode.UNAUTHENTICATED, name
    assert len(system.audit()) == 2 * len(PERMISSIONS)
    assert {outcome for _, _, outcome in system.audit()} == {"denied"}


def test_no_namespace_is_open_to_others(client: grpc.Channel, token: Callable[..., Any]) -> None:
    metadata = token("eve", "admin", namespaces=("back",))
    for name, call in calls(client):
        service = name.rpartition("/")[0]
        about = "deployment" in str(_fields(name))
        if about and not name.endswith(("Submit", "Watch")):
            assert code(partial(call, metadata)) is grpc.StatusCode.PERMISSION_DENIED, name
        if service.endswith(("Credentials", "control_plane.v1.Keys", "Parking")):
            assert code(partial(call, metadata)) is grpc.StatusCode.PERMISSION_DENIED, name


def _fields(name: str) -> list[str]:
    service, _, method = name.strip("/").partition("/")
    for file in FILES:
        for found in file.services_by_name.values():
            if found.full_name == service:
                return list(found.methods_by_name[method].input_type.fields_by_name)
    raise AssertionError(name)


def test_only_the_healer_proposes(connect: Callable[[str], grpc.Channel], system: System) -> None:
    request = pb.ProposeRequest(
        request_id=str(uuid4()), deployment=FRONT, remedy="correct", urns=["urn:df:front:shop:a"],
        severity=common_pb2.SEVERITY_DEGRADED, desired_version=1, healing_policy_digest="sha256:h",
    )  # fmt: skip
    for who in ("client", "orchestrator"):
        stub: Any = deployments_pb2_grpc.DeploymentsStub(connect(who))  # type: ignore[no-untyped-call]
        assert code(partial(stub.Propose, request)) is grpc.StatusCode.PERMISSION_DENIED
    healer: Any = deployments_pb2_grpc.DeploymentsStub(connect("healer"))  # type: ignore[no-untyped-call]
    assert healer.Propose(request).request_id == request.request_id
    assert system.audit() == [("healer", "Deployments.Propose", "allowed")]


def test_a_denial_is_recorded_for_the_request_it_is_about(
    deployments: Any, token: Callable[..., Any], system: System
) -> None:
    viewer, request_id = token("eve", "viewer"), str(uuid4())
    approve = pb.ApproveRequest(request_id=request_id, plan_digest="sha256:1")
    asked = pb.SubmitRequest(request_id=request_id, action=pb.ACTION_APPLY, manifest=manifest_text())
    for call in (partial(deployments.Approve, approve), partial(deployments.Submit, asked)):
        assert code(partial(call, metadata=viewer)) is grpc.StatusCode.PERMISSION_DENIED
    denied = [row for row in system.stores.audit.page(Scope(), "eve", 10, "").rows if row.outcome == "denied"]
    assert {(row.action, row.request_id) for row in denied} == {
        ("Deployments.Approve", request_id), ("Deployments.Submit", request_id),
    }  # fmt: skip


def test_a_manifest_is_submitted_and_followed(deployments: Any, token: Callable[..., Any], system: System) -> None:
    alice, bob = token("alice", "deployer"), token("bob", "approver")
    text, request_id = manifest_text(approval={"required": 1}), str(uuid4())
    checked = deployments.Validate(pb.ValidateRequest(manifest=text), metadata=alice)
    assert (checked.resources, checked.deployment.name, len(checked.problems)) == (1, "shop", 0)
    asked = pb.SubmitRequest(request_id=request_id, action=pb.ACTION_APPLY, manifest=text, file="shop.yaml")
    assert deployments.Submit(asked, metadata=alice).deployment == FRONT
    view = system.drafted(system.app.find(UUID(request_id)).request_id)
    got = deployments.Get(pb.GetRequest(request_id=request_id), metadata=bob).request
    assert (got.state, got.author, got.plan.creates) == (pb.REQUEST_STATE_AWAITING_APPROVAL, "alice", 1)
    assert got.approval_expires_at.seconds > 0
    approve = pb.ApproveRequest(request_id=request_id, plan_digest=view.plan.plan_digest if view.plan else "")
    assert code(lambda: deployments.Approve(approve, metadata=alice)) is grpc.StatusCode.PERMISSION_DENIED
    both = token("alice", "deployer", "approver")
    assert code(lambda: deployments.Approve(approve, metadata=both)) is grpc.StatusCode.PERMISSION_DENIED
    wrong = pb.ApproveRequest(request_id=request_id, plan_digest="sha256:2")
    assert code(lambda: deployments.Approve(wrong, metadata=bob)) is grpc.StatusCode.FAILED_PRECONDITION
    assert deployments.Approve(approve, metadata=bob).request.state == pb.REQUEST_STATE_APPROVED
    assert [record for record in system.audit() if record[1] != "Access.CreateToken"] == [
        ("alice", "Deployments.Submit", "allowed"),
        ("alice", "Deployments.Approve", "denied"),
        ("alice", "Deployments.Approve", "refused"),
        ("bob", "Deployments.Approve", "refused"),
        ("bob", "Deployments.Approve", "allowed"),
    ]
    system.executed(view.request_id)
    system.recorded(view.request_id)
    told = list(deployments.Watch(pb.WatchRequest(request_id=request_id, until_done=True), metadata=alice))
    assert told[-1].state == pb.REQUEST_STATE_SUCCEEDED
    assert json.loads(told[0].fact_json)["request_id"] == request_id
    listed = deployments.List(pb.ListRequest(deployment=FRONT), metadata=bob).requests
    assert [row.version for row in listed] == [1]
    canonical = deployments.GetManifest(pb.GetManifestRequest(request_id=request_id), metadata=bob)
    assert json.loads(canonical.manifest)["metadata"]["name"] == "shop"


def test_problems_travel_with_the_refusal(deployments: Any, token: Callable[..., Any], system: System) -> None:
    bad = manifest_text(polices=[]).replace(b'"Queue"', b'"Qeue"')
    asked = pb.SubmitRequest(request_id=str(uuid4()), action=pb.ACTION_APPLY, manifest=bad, file="shop.yaml")
    with pytest.raises(grpc.RpcError) as refused:
        deployments.Submit(asked, metadata=token("alice", "deployer"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details().startswith("shop.yaml:20:13: ")
    trailing = dict(refused.value.trailing_metadata())
    problems = pb.ValidateResponse.FromString(trailing["problems-bin"]).problems
    assert [problem.hint for problem in problems] == ['did you mean "Queue"?', 'did you mean "policies"?']
    assert system.audit()[-1] == ("alice", "Deployments.Submit", "refused")
    assert not system.timeline()


def test_a_thousand_problems_fit_too(deployments: Any, token: Callable[..., Any]) -> None:
    bad = manifest_text(drift={f"field-{number}": 1 for number in range(1000)})
    alice = token("alice", "deployer")
    asked = pb.SubmitRequest(request_id=str(uuid4()), action=pb.ACTION_APPLY, manifest=bad)
    with pytest.raises(grpc.RpcError) as refused:
        deployments.Submit(asked, metadata=alice)
    problems = pb.ValidateResponse.FromString(dict(refused.value.trailing_metadata())["problems-bin"]).problems
    assert "more problems" in problems[-1].message
    assert len(deployments.Validate(pb.ValidateRequest(manifest=bad), metadata=alice).problems) == 201


@pytest.mark.parametrize(
    "asked",
    [
        pb.SubmitRequest(request_id="x", action=pb.ACTION_APPLY, manifest=manifest_text()),
        pb.SubmitRequest(request_id=str(uuid4()), manifest=manifest_text()),
        pb.SubmitRequest(request_id=str(uuid4()), action=pb.ACTION_HEAL),
        pb.SubmitRequest(request_id=str(uuid4()), action=pb.ACTION_DESTROY),
        pb.SubmitRequest(
            request_id=str(uuid4()), action=pb.ACTION_DESTROY,
            deployment=common_pb2.DeploymentRef(namespace="..", name="/"),
        ),
    ],
)  # fmt: skip
def test_senseless_submissions_are_refused(
    deployments: Any, token: Callable[..., Any], system: System, asked: pb.SubmitRequest
) -> None:
    alice = token("alice", "deployer")
    assert code(lambda: deployments.Submit(asked, metadata=alice)) is grpc.StatusCode.INVALID_ARGUMENT
    assert system.audit()[-1] == ("alice", "Deployments.Submit", "refused")


def test_whoever_sees_one_namespace_lists_and_watches_one(
    deployments: Any, token: Callable[..., Any], system: System
) -> None:
    request_id = str(system.submit().request_id)
    eve, vera = token("eve", "viewer", namespaces=("back",)), token("vera", "viewer")
    assert not deployments.List(pb.ListRequest(), metadata=eve).requests
    assert len(deployments.List(pb.ListRequest(), metadata=vera).requests) == 1
    about = pb.GetRequest(request_id=request_id)
    assert code(lambda: deployments.Get(about, metadata=eve)) is grpc.StatusCode.PERMISSION_DENIED
    unknown = pb.GetRequest(request_id=str(uuid4()))
    assert code(lambda: deployments.Get(unknown, metadata=eve)) is grpc.StatusCode.NOT_FOUND
    stream = deployments.Watch(pb.WatchRequest(), metadata=eve, timeout=0.5)
    assert code(lambda: next(stream)) is grpc.StatusCode.DEADLINE_EXCEEDED


def test_reads_of_other_services_are_forwarded_for_the_person(
    client: grpc.Channel, token: Callable[..., Any], peers: Peers, system: System
) -> None:
    vera = token("vera", "viewer")
    state: Any = state_pb2_grpc.StateStub(client)  # type: ignore[no-untyped-call]
    state.Get(state_pb2.GetRequest(deployment=FRONT, version=3), metadata=vera)
    method, request, principal = peers.sent[-1]
    assert (method, request.version) == ("/deployforge.state_manager.v1.State/Get", 3)
    assert principal == Principal("vera", ("viewer",), ("front",))
    inventory: Any = state_pb2_grpc.InventoryStub(client)  # type: ignore[no-untyped-call]
    inventory.List(state_pb2.InventoryListRequest(), metadata=vera)
    assert peers.sent[-1][1].deployment.namespace == "front"
    two = token("tom", "viewer", namespaces=("a", "b"))
    listing = state_pb2.InventoryListRequest()
    assert code(lambda: inventory.List(listing, metadata=two)) is grpc.StatusCode.INVALID_ARGUMENT
    assert not [record for record in system.audit() if record[0] in ("vera", "tom")]


def test_a_stream_lasts_as_long_as_its_caller_wants(client: grpc.Channel, token: Callable[..., Any], peers: Peers) -> None:
    state: Any = state_pb2_grpc.StateStub(client)  # type: ignore[no-untyped-call]
    vera, watch = token("vera", "viewer"), state_pb2.WatchRequest(deployment=FRONT)
    assert len(list(state.Watch(watch, metadata=vera))) == 2
    assert len(list(state.Watch(watch, metadata=vera, timeout=90))) == 2
    endless, limited = peers.timeouts
    assert endless is None
    assert limited is not None
    # gRPC rounds a timeout up for the wire.
    assert 30 < limited < 91


def test_an_id_is_only_good_in_its_namespace(
    client: grpc.Channel, token: Callable[..., Any], peers: Peers, system: System
) -> None:
    drift = {"drift_id": "d-1", "kind": "CHANGED", "severity": "DEGRADED", "urn": "urn:x:a", "attributes": []}
    system.hear("drift-detector.drift", "DriftDetected", **drift)
    drifts: Any = drift_pb2_grpc.DriftStub(client)  # type: ignore[no-untyped-call]
    known, unknown = drift_pb2.GetRequest(drift_id="d-1"), drift_pb2.GetRequest(drift_id="d-2")
    vera, eve = token("vera", "viewer"), token("eve", "viewer", namespaces=("back",))
    assert code(lambda: drifts.Get(known, metadata=vera)) is grpc.StatusCode.OK
    assert code(lambda: drifts.Get(known, metadata=eve)) is grpc.StatusCode.PERMISSION_DENIED
    assert code(lambda: drifts.Get(unknown, metadata=vera)) is grpc.StatusCode.NOT_FOUND
    assert len(peers.sent) == 1


def test_commands_for_other_services_are_audited(
    client: grpc.Channel, token: Callable[..., Any], peers: Peers, system: System
) -> None:
    olga, root = token("olga", "operator"), token("root", "admin", namespaces=("*",))
    healing: Any = healing_pb2_grpc.HealingStub(client)  # type: ignore[no-untyped-call]
    healing.Pause(healing_pb2.PauseRequest(deployment=FRONT), metadata=olga)
    credentials: Any = clouds_pb2_grpc.CredentialsStub(client)  # type: ignore[no-untyped-call]
    credentials.Put(clouds_pb2.PutRequest(name="aws-staging", type="aws", sealed=b"hush"), metadata=root)
    credentials.Put(clouds_pb2.PutRequest(name="hush hush", type="aws", sealed=b"hush"), metadata=root)
    credentials.Remove(clouds_pb2.RemoveRequest(name="aws-staging"), metadata=root)
    peers.away = True
    resume = healing_pb2.ResumeRequest(deployment=FRONT)
    assert code(lambda: healing.Resume(resume, metadata=olga)) is grpc.StatusCode.UNAVAILABLE
    assert system.audit()[2:] == [
        ("olga", "Healing.Pause", "allowed"),
        ("root", "Credentials.Put", "allowed"),
        ("root", "Credentials.Put", "allowed"),
        ("root", "Credentials.Remove", "allowed"),
        ("olga", "Healing.Resume", "allowed"),
        ("olga", "Healing.Resume", "refused"),
    ]
    details = [row.detail for row in system.stores.audit.page(Scope(), "root", 10, "").rows]
    assert details[:3] == ["aws-staging", "(no name) (aws)", "aws-staging (aws)"]
    assert "hush" not in str(system.database.query("SELECT * FROM audit"))


def test_parked_events_of_all_services_are_listed_and_replayed_together(
    client: grpc.Channel, token: Callable[..., Any], peers: Peers, system: System
) -> None:
    parking: Any = parking_pb2_grpc.ParkingStub(client)  # type: ignore[no-untyped-call]
    olga = token("olga", "operator", namespaces=("*",))
    headers = {"type": b"PlanFailed", "event_id": b"orchestrator@1/7"}
    message = Message(topics.full_name("orchestrator.executions"), 0, b"no deployment", b"unreadable", headers)
    system.app.commit(Effects(writes=Parking(system.database, system.app.sealer).park(message, "ValueError: no")))

    listed = parking.List(parking_pb2.ParkingListRequest(), metadata=olga)
    assert [(e.service, e.key, e.type, e.reason) for e in listed.events] == [
        ("control-plane", "no deployment", "PlanFailed", "ValueError: no")
    ]
    asked = [(method, principal.subject) for method, _, principal in peers.sent if principal]
    assert asked == [("/deployforge.common.v1.Parking/List", "olga")] * 5
    audited = len(system.audit())

    done = parking.Replay(parking_pb2.ParkingReplayRequest(service="control-plane"), metadata=olga)
    [key] = done.keys
    assert (key.service, key.applied, key.left) == ("control-plane", 0, 1)
    assert "unreadable" not in str(done)
    assert len(peers.sent) == 5
    peers.away = True
    done = parking.Replay(parking_pb2.ParkingReplayRequest(service="healer", key="k"), metadata=olga)
    assert [(k.service, k.key, k.reason) for k in done.keys] == [("healer", "k", "UNAVAILABLE: away")]
    assert system.audit()[audited:] == [
        ("olga", "Parking.Replay", "allowed"), ("olga", "Parking.Replay", "allowed"), ("olga", "Parking.Replay", "refused"),
    ]  # fmt: skip
    states = parking.List(parking_pb2.ParkingListRequest(), metadata=olga).states
    assert {state.service: state.unreachable for state in states if state.unreachable} == dict.fromkeys(
        set(SERVICES) - {"control-plane"}, "UNAVAILABLE: away"
    )
    unknown = parking_pb2.ParkingListRequest(service="nobody")
    assert code(lambda: parking.List(unknown, metadata=olga)) is grpc.StatusCode.INVALID_ARGUMENT


def test_mutating_methods_are_methods() -> None:
    assert RULES.keys() >= MUTATING
    assert action("/deployforge.healer.v1.Healing/Pause") == "Healing.Pause"
