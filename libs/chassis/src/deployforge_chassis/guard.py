"""Stands before every gRPC handler: judges the caller, binds the call's identity and cause, names the errors.

It wraps the table of method handlers once, at start-up, because a server interceptor in Python halves the rate.
"""

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from contextvars import copy_context
from typing import Any, Final, NoReturn, TypeAlias

import grpc
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError
from prometheus_client import Counter, Histogram

from deployforge_chassis import causality, tracing
from deployforge_chassis.backpressure import Pressure
from deployforge_chassis.call import Call, serving
from deployforge_chassis.database import CommitUnknown
from deployforge_chassis.identity import CONTROL_PLANE, TRUST_DOMAIN, NotOurs, name_of
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.overload import Overloaded, details_of, refuse
from deployforge_chassis.principal import METADATA_KEY, PrincipalRefused, PrincipalVerifier

StatusOf = Mapping[type[Exception], grpc.StatusCode]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Behavior = Callable[[Any, grpc.ServicerContext], Any]

_SAN: Final = "x509_subject_alternative_name"
_STREAMS_PAUSE_SECONDS: Final = 2.0
_LONGEST_ID: Final = 128
_LONGEST_DETAILS: Final = 2_000
"""Characters; details travel in a header, and clients refuse headers above 8 KiB."""
_END: Final = object()

_SHAPES: Final[Mapping[tuple[bool, bool], tuple[str, Callable[..., Handler]]]] = {
    (False, False): ("unary_unary", grpc.unary_unary_rpc_method_handler),
    (False, True): ("unary_stream", grpc.unary_stream_rpc_method_handler),
    (True, False): ("stream_unary", grpc.stream_unary_rpc_method_handler),
    (True, True): ("stream_stream", grpc.stream_stream_rpc_method_handler),
}
"""By (request streams, response streams): where a handler keeps its function, and what makes a new handler."""

SECONDS = Histogram("deployforge_grpc_server_seconds", "Seconds a call took", ["method"])
CALLS = Counter("deployforge_grpc_server_calls", "Calls by method and outcome", ["method", "code"])

log = structlog.get_logger(__name__)


class Guard:
    """Wraps handlers. `status_of` maps a refusal, or a class above it, to the status that callers see.

    `commands` are the methods that are refused while `pressure` is too high.
    """

    def __init__(
        self,
        rules: Mapping[str, frozenset[str]],
        status_of: StatusOf,
        verifier: PrincipalVerifier,
        streams: int,
        pressure: Pressure | None = None,
        commands: Collection[str] = (),
    ) -> None:
        self._rules = rules
        # Generated servicers raise NotImplementedError for a method that a service does not offer.
        self._status_of: dict[type, grpc.StatusCode] = {
            NotImplementedError: grpc.StatusCode.UNIMPLEMENTED,
            KeyUnavailable: grpc.StatusCode.UNAVAILABLE,
            CommitUnknown: grpc.StatusCode.UNAVAILABLE,
            **status_of,
        }
        self._verifier = verifier
        self._streams = threading.BoundedSemaphore(streams)
        self._pressure = pressure
        self._commands = frozenset(commands)

    def wrap(self, method: str, handler: Handler) -> Handler:
        """The same handler behind the guard. `method` is the full name, `/package.Service/Method`."""
        shape = (handler.request_streaming, handler.response_streaming)
        attribute, make = _SHAPES[shape]
        behavior = getattr(handler, attribute)
        guarded = self._stream(method, behavior) if handler.response_streaming else self._unary(method, behavior)
        return make(guarded, handler.request_deserializer, handler.response_serializer)

    def _unary(self, method: str, behavior: Behavior) -> Behavior:
        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            started = time.perf_counter()
            try:
                call, cause = self._admit(method, context)
                with serving(call), causality.bound(cause):
                    try:
                        if method in self._commands and self._pressure is not None:
                            self._pressure.check()
                        return behavior(request, context)
                    except Exception as error:
                        self._refuse(method, error, context)
            finally:
                _measure(method, context, started)

        return guarded

    def _stream(self, method: str, behavior: Behavior) -> Behavior:
        def guarded(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            started = time.perf_counter()
            # The generator may be closed by another thread than the one that ran it, so what is bound for the
            # call lives in a context of its own and is entered anew for each message.
            scope, bindings = copy_context(), ExitStack()
            try:
                call, cause = self._admit(method, context)
                if not self._streams.acquire(blocking=False):
                    refuse(context, Overloaded("too many open streams", _STREAMS_PAUSE_SECONDS))
                bindings.callback(self._streams.release)
                scope.run(bindings.enter_context, serving(call))
                scope.run(bindings.enter_context, causality.bound(cause))
                try:
                    responses = iter(scope.run(behavior, request, context))
                    if close := getattr(responses, "close", None):
                        bindings.callback(close)
                    while (response := scope.run(next, responses, _END)) is not _END:
                        yield response
                except Exception as error:
                    scope.run(self._refuse, method, error, context)
            finally:
                scope.run(bindings.close)
                _measure(method, context, started)

        return guarded

    def _admit(self, method: str, context: grpc.ServicerContext) -> tuple[Call, causality.Causality]:
        """Who calls and why, or an abort: UNAUTHENTICATED for a stranger, PERMISSION_DENIED against the rules."""
        caller = _caller(context)
        if caller not in self._rules[method]:
            log.warning("call denied", method=method, caller=caller)
            context.abort(grpc.StatusCode.PERMISSION_DENIED, f"{caller} may not call {method}")
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        call = Call(caller)
        if (token := metadata.get(METADATA_KEY)) is not None:
            # Only control-plane authenticates people; from anyone else the token would be somebody's loot.
            if caller != CONTROL_PLANE:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, f"{caller} may not speak for a principal")
            try:
                call = Call(caller, self._verifier.verify(token))
            except PrincipalRefused as refusal:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, str(refusal))
        return call, _cause(metadata, call)

    def _refuse(self, method: str, error: Exception, context: grpc.ServicerContext) -> NoReturn:
        """Turn an exception into a status. What has no name leaves the process only as an id to look up."""
        if type(error) is Exception and not error.args and _code_of(context) is not None:
            raise error  # the handler called context.abort itself
        if isinstance(error, Overloaded):
            refuse(context, error)
        if isinstance(error, (OperationalError, InterfaceError)):
            log.warning("call failed, the database is away", method=method, reason=str(error)[:_LONGEST_DETAILS])
            context.abort(grpc.StatusCode.UNAVAILABLE, "the service cannot reach its database now; ask again")
        for kind in type(error).__mro__:
            if (code := self._status_of.get(kind)) is not None:
                context.abort(code, str(error)[:_LONGEST_DETAILS])
        if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):
            # A call that was forwarded failed: its status is our answer, as the callee worded it, hint and all.
            if details := details_of(error):
                context.set_trailing_metadata(tuple(details.items()))
            context.abort(error.code(), (error.details() or "")[:_LONGEST_DETAILS])
        error_id = uuid.uuid4().hex
        log.error("call failed", method=method, error_id=error_id, exc_info=error)
        context.abort(grpc.StatusCode.INTERNAL, f"internal error {error_id}")
        raise AssertionError("abort always raises")


def _caller(context: grpc.ServicerContext) -> str:
    alternatives: Iterable[Any] = context.auth_context().get(_SAN, ())
    names = [name for name in alternatives if name.startswith(TRUST_DOMAIN.encode())]
    if len(names) == 1:
        try:
            return name_of(names[0].decode())
        except (NotOurs, UnicodeDecodeError):
            log.warning("stranger refused", spiffe=repr(names[0]))
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "the certificate names no identity that is known here")
    raise AssertionError("abort always raises")


def _cause(metadata: Mapping[str, str], call: Call) -> causality.Causality:
    correlation = metadata.get("correlation-id", "")
    if not 0 < len(correlation) <= _LONGEST_ID:
        correlation = str(uuid.uuid4())
    causation = metadata.get("causation-id", "")
    if not 0 < len(causation) <= _LONGEST_ID:
        causation = correlation
    return causality.Causality(
        correlation_id=correlation,
        causation_id=causation,
        traceparent=tracing.child_traceparent(metadata.get("traceparent")),
        actor=call.actor,
    )


def _measure(method: str, context: grpc.ServicerContext, started: float) -> None:
    code = _code_of(context)
    CALLS.labels(method, code.name if isinstance(code, grpc.StatusCode) else "OK").inc()
    SECONDS.labels(method).observe(time.perf_counter() - started)


def _code_of(context: Any) -> Any:
    """The status set so far; grpc's own contexts have it although the published interface does not."""
    return context.code()
