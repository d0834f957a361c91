"""A gRPC server that nobody reaches without a certificate, and no method without a rule.

```python
server = serve(
    settings,
    [lambda server: add_BodiesServicer_to_server(BodiesApi(bodies), server)],
    rules={"/deployforge.common.v1.Bodies/Get": frozenset({"control-plane"})},
    status_of={BodyNotFound: grpc.StatusCode.NOT_FOUND},
)
```
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from deployforge_chassis import tls
from deployforge_chassis.backpressure import Pressure
from deployforge_chassis.call import caller, principal
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.guard import Guard, Handler, StatusOf
from deployforge_chassis.identity import CALLERS
from deployforge_chassis.principal import PrincipalVerifier

__all__ = [
    "MAX_MESSAGE_BYTES",
    "GrpcServer",
    "MethodWithoutRule",
    "PortTaken",
    "RuleWithoutMethod",
    "caller",
    "principal",
    "serve",
]  # fmt: skip

Registration = Callable[[Any], object]
"""Generated code's `add_…Servicer_to_server` with the servicer filled in; gets something like a grpc.Server."""

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
_LONGEST_GRACE_SECONDS: Final = 3.0

_PROBES: Final[Mapping[str, frozenset[str]]] = {
    "/grpc.health.v1.Health/Check": CALLERS,
    "/grpc.health.v1.Health/List": CALLERS,
    "/grpc.health.v1.Health/Watch": CALLERS,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": CALLERS,
}

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    # A second process on the same port is a mistake to be told, not a load balancer.
    ("grpc.so_reuseport", 0),
)

log = structlog.get_logger(__name__)


class MethodWithoutRule(Exception):
    """Methods are served that nobody is said to be allowed to call."""

    def __init__(self, methods: Iterable[str]) -> None:
        self.methods = tuple(sorted(methods))
        super().__init__(f"no caller rule for {', '.join(self.methods)}")


class RuleWithoutMethod(Exception):
    """Rules name methods or callers that do not exist: a misspelt rule would protect nothing."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"caller rules name what does not exist: {', '.join(self.names)}")


class PortTaken(OSError):
    """The gRPC address cannot be listened on."""


def serve(
    settings: ServiceSettings,
    registrations: Sequence[Registration],
    rules: Mapping[str, frozenset[str]],
    status_of: StatusOf,
    *,
    pressure: Pressure | None = None,
    commands: Collection[str] = (),
) -> "GrpcServer":
    """A server, not started, of `registrations` plus health and reflection, with mutual TLS.

    `rules` maps each full method name, `/package.Service/Method`, to the callers that may use it; everyone else
    is refused. Refuses to be made (MethodWithoutRule, RuleWithoutMethod) when rules and methods do not match.
    `commands`, unary methods, are refused with RESOURCE_EXHAUSTED and a hint while `pressure` is too high.
    """
    table = _Table()
    registrar: Any = table
    probe = health.HealthServicer(experimental_non_blocking=False)
    for register in registrations:
        register(registrar)
    health_pb2_grpc.add_HealthServicer_to_server(probe, registrar)
    reflection.enable_server_reflection([*table.services, reflection.SERVICE_NAME], registrar)
    # A probe that this version of the library does not serve needs no rule.
    all_rules = {method: who for method, who in _PROBES.items() if method in table.methods} | dict(rules)
    if missing := table.methods.keys() - all_rules.keys():
        raise MethodWithoutRule(missing)
    strangers = {name for allowed in all_rules.values() for name in allowed} - CALLERS
    if wrong := ((all_rules.keys() | set(commands)) - table.methods.keys()) | strangers:
        raise RuleWithoutMethod(wrong)
    verifier = PrincipalVerifier.from_dir(settings.tls_dir, settings.service)
    guard = Guard(all_rules, status_of, verifier, settings.grpc_streams, pressure, commands)
    return GrpcServer(settings, table, guard, probe)


class GrpcServer:
    """Part: the running server, and the health that it reports (NOT_SERVING until told otherwise)."""

    name = "grpc"

    def __init__(self, settings: ServiceSettings, table: "_Table", guard: Guard, probe: health.HealthServicer) -> None:
        self._probe = probe
        self._services = table.services
        self._pool = ThreadPoolExecutor(settings.grpc_threads, thread_name_prefix="grpc")
        limit = settings.grpc_concurrency
        # The published type stubs do not know the registered methods that generated code uses.
        self._server = cast(Any, grpc.server(self._pool, options=_OPTIONS, maximum_concurrent_rpcs=limit))
        for service, handlers in table.by_service(guard).items():
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
            self._server.add_registered_method_handlers(service, handlers)
        self._address = settings.grpc_address
        self._credentials = tls.load(settings.tls_dir, settings.service).server_credentials()
        self.port = 0
        """The port in use; known once started."""
        self.not_serving()

    def start(self) -> None:
        """Listen; refuses (PortTaken) when the address is in use."""
        try:
            self.port = self._server.add_secure_port(self._address, self._credentials)
        except RuntimeError as refusal:
            raise PortTaken(f"cannot listen on {self._address}") from refusal
        self._server.start()
        log.info("grpc listening", address=self._address, port=self.port)

    def stop(self, timeout: float) -> None:
        """Take no new calls; let running ones end for at most half of `timeout` (and 3 s), then cut them off."""
        self.not_serving()
        self._server.stop(min(timeout / 2, _LONGEST_GRACE_SECONDS)).wait(timeout)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def failed(self) -> BaseException | None:
        return None

    def serving(self) -> None:
        """Report SERVING, as a whole and for each service."""
        self._report(health_pb2.HealthCheckResponse.SERVING)

    def not_serving(self) -> None:
        """Report NOT_SERVING, as a whole and for each service."""
        self._report(health_pb2.HealthCheckResponse.NOT_SERVING)

    def _report(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for service in ("", *self._services):
            self._probe.set(service, status)


class _Table:
    """Stands in for a grpc.Server while generated code registers, and keeps what it was given."""

    def __init__(self) -> None:
        self._handlers: dict[str, Mapping[str, Handler]] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Generated code registers each service twice; the second, named table is the one that is kept."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        self._handlers[service] = handlers

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(self._handlers)

    @property
    def methods(self) -> dict[str, Handler]:
        return {
            f"/{service}/{name}": handler
            for service, handlers in self._handlers.items()
            for name, handler in handlers.items()
        }

    def by_service(self, guard: Guard) -> dict[str, dict[str, Handler]]:
        """Every handler behind `guard`."""
        return {
            service: {name: guard.wrap(f"/{service}/{name}", handler) for name, handler in handlers.items()}
            for service, handlers in self._handlers.items()
        }
