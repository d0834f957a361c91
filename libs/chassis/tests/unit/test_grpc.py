"""Server and client against each other, over loopback and mutual TLS."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from deployforge_chassis import causality, devca, principal, tracing
from deployforge_chassis.backpressure import Gauge, Pressure
from deployforge_chassis.call import NoCall
from deployforge_chassis.causality import Causality
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.grpc_server import (
    GrpcServer,
    MethodWithoutRule,
    PortTaken,
    RuleWithoutMethod,
    caller,
    serve,
)
from deployforge_chassis.grpc_server import principal as principal_of
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.overload import Overloaded, retry_after_seconds
from deployforge_chassis.principal import Principal, PrincipalSigner
from deployforge_chassis.testing import until
from eventsourcing.persistence import OperationalError
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

SettingsOf = Callable[..., ServiceSettings]
Say = Callable[[bytes, grpc.ServicerContext], bytes]

METHODS = ("Say", "List")
RULES = {f"/test.Echo/{name}": frozenset({"control-plane"}) for name in METHODS}
COMMAND = Causality("request-1", "message-7", "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "somebody")


class NotFound(Exception):
    pass


class NoSuchEcho(NotFound):
    pass


class Echo:
    """A service of bytes whose behaviour each test sets."""

    def __init__(self) -> None:
        self.say: Say = lambda request, context: request
        self.items: Callable[[bytes, grpc.ServicerContext], Iterator[bytes]] = lambda request, context: iter([request] * 3)
        self.seen: list[Any] = []

    def register(self, server: Any) -> None:
        handlers = {
            "Say": grpc.unary_unary_rpc_method_handler(lambda request, context: self.say(request, context)),
            "List": grpc.unary_stream_rpc_method_handler(lambda request, context: self.items(request, context)),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
        server.add_registered_method_handlers("test.Echo", handlers)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def server(echo: Echo, settings_of: SettingsOf) -> Iterator[GrpcServer]:
    settings = settings_of("orchestrator", grpc_streams=2)
    server = serve(settings, [echo.register], RULES, {NotFound: grpc.StatusCode.NOT_FOUND})
    server.start()
    yield server
    server.stop(1.0)


@pytest.fixture
def connect(server: GrpcServer, settings_of: SettingsOf) -> Iterator[Callable[..., grpc.Channel]]:
    opened: list[grpc.Channel] = []

    def open_channel(service: str = "control-plane", peer: str = "orchestrator", **more: Any) -> grpc.Channel:
        opened.append(channel(settings_of(service), peer, address=f"127.0.0.1:{server.port}", **more))
        return opened[-1]

    yield open_channel
    for one in opened:
        one.close()


Connect = Callable[..., grpc.Channel]


def say(connection: grpc.Channel, request: bytes = b"hello", **more: Any) -> bytes:
    answer: bytes = connection.unary_unary("/test.Echo/Say")(request, **more)
    return answer


def refusal(connection: grpc.Channel, method: str = "Say", **more: Any) -> grpc.RpcError:
    def listed(connection: grpc.Channel, **more: Any) -> list[bytes]:
        return list(connection.unary_stream("/test.Echo/List")(b"x", **more))

    call = say if method == "Say" else listed
    with pytest.raises(grpc.RpcError) as caught:
        call(connection, **more)
    return caught.value


def test_an_allowed_caller_is_served_and_known(connect: Connect, echo: Echo) -> None:
    echo.say = lambda request, context: caller(context).encode() + b" says " + request
    assert say(connect()) == b"control-plane says hello"


def test_a_caller_without_a_rule_is_denied(connect: Connect) -> None:
    for method in METHODS:
        error = refusal(connect("healer"), method)
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        assert error.details() == f"healer may not call /test.Echo/{method}"


def test_a_holder_outside_the_known_callers_is_refused(connect: Connect) -> None:
    assert refusal(connect("broker")).code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_caller_without_a_certificate_does_not_connect(server: GrpcServer, tls_dir: Path) -> None:
    anonymous = grpc.ssl_channel_credentials((tls_dir / "ca.pem").read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{server.port}", anonymous) as connection:
        assert refusal(connection).code() is grpc.StatusCode.UNAVAILABLE


def test_a_certificate_of_another_authority_does_not_connect(
    server: GrpcServer, settings_of: SettingsOf, tls_dir: Path, tmp_path: Path
) -> None:
    devca.ensure(tmp_path)
    (tmp_path / "ca.pem").write_bytes((tls_dir / "ca.pem").read_bytes())
    stranger = ServiceSettings(service="control-plane", database_url="x", tls_dir=tmp_path)
    with channel(stranger, "orchestrator", address=f"127.0.0.1:{server.port}") as connection:
        assert refusal(connection).code() is grpc.StatusCode.UNAVAILABLE


def test_a_peer_that_is_another_service_is_not_spoken_to(connect: Connect) -> None:
    assert refusal(connect(peer="mcal")).code() is grpc.StatusCode.UNAVAILABLE


def test_a_method_without_a_rule_stops_start_up(echo: Echo, settings_of: SettingsOf) -> None:
    with pytest.raises(MethodWithoutRule) as refused:
        serve(settings_of("orchestrator"), [echo.register], {"/test.Echo/Say": frozenset()}, {})
    assert refused.value.methods == ("/test.Echo/List",)


@pytest.mark.parametrize("wrong", [{"/test.Echo/Sya": frozenset()}, {"/test.Echo/Say": frozenset({"haeler"})}])
def test_a_misspelt_rule_stops_start_up(echo: Echo, settings_of: SettingsOf, wrong: dict[str, frozenset[str]]) -> None:
    with pytest.raises(RuleWithoutMethod):
        serve(settings_of("orchestrator"), [echo.register], RULES | wrong, {})


def test_a_taken_port_stops_start_up(server: GrpcServer, settings_of: SettingsOf) -> None:
    second = serve(settings_of("orchestrator", grpc_address=f"127.0.0.1:{server.port}"), [], {}, {})
    with pytest.raises(PortTaken):
        second.start()


def test_calls_take_turns_among_replicas_and_survive_the_end_of_one(settings_of: SettingsOf) -> None:
    answered: list[str] = []

    def started(name: str) -> GrpcServer:
        echo = Echo()
        echo.say = lambda request, context: answered.append(name) or request  # type: ignore[func-returns-value]
        replica = serve(settings_of("orchestrator"), [echo.register], RULES, {})
        replica.start()
        return replica

    one, two = started("one"), started("two")
    address = f"127.0.0.1:{one.port},127.0.0.1:{two.port}"
    try:
        with channel(settings_of("control-plane"), "orchestrator", address=address) as connection:
            until(lambda: say(connection) and {"one", "two"} <= set(answered))
            one.stop(0.5)
            answered.clear()
            assert [say(connection) for _ in range(10)] == [b"hello"] * 10
            assert set(answered) == {"two"}
    finally:
        one.stop(0.5)
        two.stop(0.5)


def raises(error: Exception) -> Callable[[bytes, grpc.ServicerContext], Any]:
    def fail(request: bytes, context: grpc.ServicerContext) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("method", METHODS)
def test_a_named_refusal_becomes_its_status(connect: Connect, echo: Echo, method: str) -> None:
    echo.say = echo.items = raises(NoSuchEcho("no echo 7"))
    error = refusal(connect(), method)
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "no echo 7")


@pytest.mark.parametrize("method", METHODS)
def test_a_key_provider_that_is_away_makes_the_service_unavailable(connect: Connect, echo: Echo, method: str) -> None:
    echo.say = echo.items = raises(KeyUnavailable("the token cannot be reached"))
    error = refusal(connect(), method)
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "the token cannot be reached")


@pytest.mark.parametrize("method", METHODS)
def test_a_database_that_is_away_makes_the_service_unavailable(connect: Connect, echo: Echo, method: str) -> None:
    echo.say = echo.items = raises(OperationalError('connection to "db.internal" as user "echo" failed'))
    error = refusal(connect(), method)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error.details() == "the service cannot reach its database now; ask again"


@pytest.mark.parametrize("method", METHODS)
def test_an_unnamed_error_leaves_only_an_id(connect: Connect, echo: Echo, method: str) -> None:
    echo.say = echo.items = raises(RuntimeError("password is hunter2"))
    error = refusal(connect(), method)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert error.details().startswith("internal error ")
    assert "hunter2" not in error.details()


def test_an_abort_of_the_handler_stays_what_it_is(connect: Connect, echo: Echo) -> None:
    echo.say = lambda request, context: context.abort(grpc.StatusCode.OUT_OF_RANGE, "too far")
    error = refusal(connect())
    assert (error.code(), error.details()) == (grpc.StatusCode.OUT_OF_RANGE, "too far")


def test_a_method_that_is_not_offered_says_so(connect: Connect, echo: Echo) -> None:
    echo.say = raises(NotImplementedError("Method not implemented!"))
    assert refusal(connect()).code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_forwarded_refusal_keeps_its_status(connect: Connect, echo: Echo) -> None:
    onward = connect("healer")
    echo.say = lambda request, context: say(onward)
    error = refusal(connect())
    assert (error.code(), error.details()) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "healer may not call /test.Echo/Say",
    )


def test_long_details_are_cut_rather_than_lost(connect: Connect, echo: Echo) -> None:
    echo.say = raises(NotFound("x" * 100_000))
    error = refusal(connect())
    assert (error.code(), len(error.details())) == (grpc.StatusCode.NOT_FOUND, 2_000)


def test_the_cause_travels_with_the_call(connect: Connect, echo: Echo) -> None:
    def see(request: bytes, context: grpc.ServicerContext) -> bytes:
        echo.seen.append(causality.current())
        return request

    echo.say = see
    with causality.bound(COMMAND):
        say(connect())
    (seen,) = echo.seen
    assert (seen.correlation_id, seen.causation_id, seen.actor) == ("request-1", "message-7", "control-plane")
    assert tracing.trace_id(seen.traceparent) == "a" * 32
    assert seen.traceparent != COMMAND.traceparent


def test_a_call_without_a_cause_begins_one_of_its_own(connect: Connect, echo: Echo) -> None:
    def see(request: bytes, context: grpc.ServicerContext) -> bytes:
        echo.seen.append(causality.current())
        return request

    echo.say = see
    say(connect())
    say(connect(), metadata=(("correlation-id", "x" * 500), ("traceparent", "nonsense")))
    first, second = echo.seen
    assert first.correlation_id != second.correlation_id
    assert all(len(cause.correlation_id) == 36 and tracing.is_traceparent(cause.traceparent) for cause in echo.seen)


def test_a_stream_keeps_its_cause_and_caller_from_first_to_last(connect: Connect, echo: Echo) -> None:
    def items(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        for _ in range(3):
            cause = causality.current()
            yield f"{caller(context)} {cause.correlation_id if cause else None}".encode()

    echo.items = items
    with causality.bound(COMMAND):
        answers = list(connect().unary_stream("/test.Echo/List")(b"x"))
    assert answers == [b"control-plane request-1"] * 3


def test_too_many_streams_are_refused_and_ended_ones_make_room(connect: Connect, echo: Echo) -> None:
    release = threading.Event()

    def items(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"first"
        release.wait(10)

    echo.items = items
    connection = connect()
    open_streams = [connection.unary_stream("/test.Echo/List")(b"x") for _ in range(2)]
    assert [next(stream) for stream in open_streams] == [b"first", b"first"]
    error = refusal(connection, "List")
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_after_seconds(error) == 2.0
    release.set()
    assert [list(stream) for stream in open_streams] == [[], []]
    assert list(connection.unary_stream("/test.Echo/List")(b"x")) == [b"first"]


def test_more_calls_than_allowed_are_refused(echo: Echo, settings_of: SettingsOf) -> None:
    entered, release = threading.Event(), threading.Event()

    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        entered.set()
        release.wait(10)
        return request

    echo.say = wait
    server = serve(settings_of("orchestrator", grpc_concurrency=1), [echo.register], RULES, {})
    server.start()
    with channel(settings_of("control-plane"), "orchestrator", address=f"127.0.0.1:{server.port}") as connection:
        first = connection.unary_unary("/test.Echo/Say").future(b"x")
        assert entered.wait(10)
        assert refusal(connection).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        release.set()
        assert first.result(10) == b"x"
    server.stop(1.0)


def test_a_principal_reaches_the_handler_and_is_the_actor(connect: Connect, echo: Echo, tls_dir: Path) -> None:
    def see(request: bytes, context: grpc.ServicerContext) -> bytes:
        cause = causality.current()
        echo.seen.append((principal_of(context), principal.current(), cause and cause.actor))
        return request

    echo.say = see
    ann = Principal("ann", ("deployer",), ("storefront",))
    with principal.acting_for(ann):
        say(connect(signer=PrincipalSigner.from_dir(tls_dir)))
    say(connect(signer=PrincipalSigner.from_dir(tls_dir)))
    assert echo.seen == [(ann, ann, "ann"), (None, None, "control-plane")]


def test_a_principal_for_another_service_is_refused(connect: Connect, tls_dir: Path) -> None:
    token = PrincipalSigner.from_dir(tls_dir).sign(Principal("ann"), "mcal")
    error = refusal(connect(), metadata=(("deployforge-principal", token),))
    assert (error.code(), error.details()) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "principal refused: InvalidAudienceError",
    )


def test_only_control_plane_may_speak_for_a_principal(settings_of: SettingsOf, echo: Echo, tls_dir: Path) -> None:
    token = PrincipalSigner.from_dir(tls_dir).sign(Principal("ann"), "orchestrator")
    rules = {method: frozenset({"healer"}) for method in RULES}
    server = serve(settings_of("orchestrator"), [echo.register], rules, {})
    server.start()
    with channel(settings_of("healer"), "orchestrator", address=f"127.0.0.1:{server.port}") as connection:
        error = refusal(connection, metadata=(("deployforge-principal", token),))
    server.stop(1.0)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_outside_a_call_there_is_no_caller() -> None:
    with pytest.raises(NoCall):
        caller()


def test_health_follows_the_process_and_any_known_caller_may_ask(server: GrpcServer, connect: Connect) -> None:
    probe = health_pb2_grpc.HealthStub(connect("client"))
    request = health_pb2.HealthCheckRequest(service="test.Echo")
    assert probe.Check(request).status == health_pb2.HealthCheckResponse.NOT_SERVING
    server.serving()
    assert probe.Check(request).status == health_pb2.HealthCheckResponse.SERVING
    assert probe.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_the_services(connect: Connect) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(connect("client"))
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([request]))
    assert "test.Echo" in {service.name for service in answer.list_services_response.service}


def test_a_large_message_passes_and_a_larger_one_does_not(connect: Connect) -> None:
    assert len(say(connect(), b"x" * 15 * 1024 * 1024)) == 15 * 1024 * 1024
    error = refusal(connect(), request=b"x" * 17 * 1024 * 1024)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_after_seconds(error) is None


def test_a_unary_call_has_a_deadline_of_its_own(connect: Connect, echo: Echo) -> None:
    release = threading.Event()

    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        release.wait(10)
        return request

    echo.say = wait
    assert refusal(connect(deadline_seconds=0.2)).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    release.set()


def unavailable_once(echo: Echo) -> Say:
    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        echo.seen.append(request)
        if len(echo.seen) == 1:
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        return request

    return answer


def test_an_unavailable_peer_is_asked_again(connect: Connect, echo: Echo) -> None:
    echo.say = unavailable_once(echo)
    assert say(connect()) == b"hello"
    assert len(echo.seen) == 2


def test_a_call_marked_once_is_not_repeated(connect: Connect, echo: Echo) -> None:
    echo.say = unavailable_once(echo)
    error = refusal(connect(once=["test.Echo/Say"]))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert len(echo.seen) == 1


def test_stop_lets_a_running_call_finish(server: GrpcServer, connect: Connect, echo: Echo) -> None:
    entered, release = threading.Event(), threading.Event()

    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        entered.set()
        release.wait(10)
        return request

    echo.say = wait
    call = connect().unary_unary("/test.Echo/Say").future(b"x")
    assert entered.wait(10)
    stopping = threading.Thread(target=server.stop, args=(4.0,))
    stopping.start()
    release.set()
    stopping.join(10)
    assert call.result(10) == b"x"


@pytest.fixture
def depth() -> list[int]:
    return [11]


@pytest.fixture
def pressed(echo: Echo, settings_of: SettingsOf, depth: list[int]) -> Iterator[grpc.Channel]:
    """A channel to a server whose method Say is a command, and whose queue is as deep as the test says."""
    pressure = Pressure([Gauge("things wait", lambda: depth[0], 10)], now=iter(range(1000)).__next__)
    server = serve(settings_of("orchestrator"), [echo.register], RULES, {}, pressure=pressure, commands=["/test.Echo/Say"])
    server.start()
    with channel(
        settings_of("control-plane"), "orchestrator", address=f"127.0.0.1:{server.port}", once=["test.Echo/Say"]
    ) as connection:
        yield connection
    server.stop(1.0)


def test_commands_are_refused_with_a_hint_while_too_much_waits_and_reads_are_served(
    pressed: grpc.Channel, echo: Echo
) -> None:
    echo.say = lambda request, context: pytest.fail("a refused command was carried out")
    error = refusal(pressed, timeout=1.0)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.details() == "11 things wait, at most 10 may be; try again in 1.1 s"
    assert retry_after_seconds(error) == 1.1
    assert list(pressed.unary_stream("/test.Echo/List")(b"x")) == [b"x"] * 3


def test_a_refused_caller_comes_back_after_the_hint_and_within_its_deadline(
    pressed: grpc.Channel, depth: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        depth[0] = 10

    monkeypatch.setattr("deployforge_chassis.grpc_client.time.sleep", sleep)
    assert say(pressed) == b"hello"
    assert len(pauses) == 1
    assert 1.1 <= pauses[0] <= 1.65


def test_a_refusal_behind_the_one_who_was_asked_keeps_its_hint(connect: Connect, echo: Echo) -> None:
    def forward(request: bytes, context: grpc.ServicerContext) -> bytes:
        if request == b"inner":
            raise Overloaded("full", 3.5)
        return say(connect(), b"inner", timeout=1.0)

    echo.say = forward
    error = refusal(connect(), request=b"outer", timeout=2.0)
    assert (error.code(), retry_after_seconds(error)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 3.5)


def test_a_command_that_nobody_serves_stops_start_up(echo: Echo, settings_of: SettingsOf) -> None:
    with pytest.raises(RuleWithoutMethod, match="Sya"):
        serve(settings_of("orchestrator"), [echo.register], RULES, {}, commands=["/test.Echo/Sya"])


def test_a_server_that_stops_answers_unavailable(server: GrpcServer, connect: Connect, echo: Echo) -> None:
    """To new calls at once, and to running ones when their time is over: clients then ask another replica."""
    entered, release = threading.Event(), threading.Event()

    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        entered.set()
        release.wait(10)
        return request

    echo.say = wait
    connection = connect(once=["test.Echo/Say"])
    call = connection.unary_unary("/test.Echo/Say").future(b"x")
    assert entered.wait(10)
    server.stop(0.2)
    error = call.exception(10)
    assert isinstance(error, grpc.RpcError)
    late = refusal(connection)
    release.set()
    assert [error.code(), late.code()] == [grpc.StatusCode.UNAVAILABLE] * 2
