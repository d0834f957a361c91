"""Serves people the read APIs of the other services, and a few commands, under their own names.

Each call is authorised here, in the namespace that its request names or that the id in it belongs to, then sent on
with the signed principal. Answers pass through as bytes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import grpc
from deployforge.drift_detector.v1 import drift_pb2
from deployforge.healer.v1 import healing_pb2
from deployforge.mcal.v1 import clouds_pb2, topology_pb2
from deployforge.orchestrator.v1 import plans_pb2
from deployforge.state_manager.v1 import state_pb2
from deployforge_chassis.principal import Principal, acting_for
from google.protobuf.message_factory import GetMessageClass

from deployforge_control_plane.application.access import REFUSED
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.domain.access import EVERYWHERE
from deployforge_control_plane.domain.refusals import BadRequest, NotKnownHere
from deployforge_control_plane.entrypoints.admission import Admission
from deployforge_control_plane.entrypoints.methods import FORWARDED, GLOBAL, MUTATING

_IDS: Final = ("plan_id", "execution_id", "drift_id", "incident_id")
"""Fields by which a request names what belongs to a deployment."""
_WORD: Final = re.compile(r"[a-z0-9-]{1,63}\Z")
_SECONDS: Final = 30.0
_ENDLESS_SECONDS: Final = 10 * 365 * 86_400.0
"""A call without a deadline is told to have centuries left, which another call cannot be given: it would end at once."""

_FILES: Final = {
    "state-manager": (state_pb2.DESCRIPTOR,),
    "drift-detector": (drift_pb2.DESCRIPTOR,),
    "healer": (healing_pb2.DESCRIPTOR,),
    "orchestrator": (plans_pb2.DESCRIPTOR,),
    "mcal": (clouds_pb2.DESCRIPTOR, topology_pb2.DESCRIPTOR),
}


@dataclass(frozen=True)
class _Method:
    """One method of another service, callable with a request message."""

    full_name: str
    descriptor: Any
    send: Callable[..., Any]

    @property
    def streams(self) -> bool:
        return bool(self.descriptor.server_streaming)

    @property
    def takes_a_stream(self) -> bool:
        return bool(self.descriptor.client_streaming)

    @property
    def request_type(self) -> Any:
        return GetMessageClass(self.descriptor.input_type)


class Forwarding:
    """Registers itself with a server; `channels` by service name, each signing the principal it acts for."""

    def __init__(self, app: ControlPlane, admission: Admission, channels: Mapping[str, grpc.Channel]) -> None:
        self._app, self._admission = app, admission
        self._methods = list(_methods(channels))

    def register(self, server: Any) -> None:
        """Add every forwarded method, as generated code would."""
        by_service: dict[str, dict[str, Any]] = {}
        for method in self._methods:
            service, _, name = method.full_name.strip("/").partition("/")
            make: Any = grpc.unary_stream_rpc_method_handler if method.streams else grpc.unary_unary_rpc_method_handler
            serve: Any = self._stream(method) if method.streams else self._unary(method)
            if method.takes_a_stream:
                make, serve = grpc.stream_unary_rpc_method_handler, self._gathering(method)
            handler = make(serve, request_deserializer=method.request_type.FromString)
            by_service.setdefault(service, {})[name] = handler
        for service, handlers in by_service.items():
            server.add_registered_method_handlers(service, handlers)

    def _unary(self, method: _Method) -> Callable[[Any, grpc.ServicerContext], bytes]:
        def serve(request: Any, context: grpc.ServicerContext) -> bytes:
            principal = self._admit(method, request, context)
            with acting_for(principal):
                try:
                    answer: bytes = method.send(request, timeout=_remaining(context))
                except grpc.RpcError as error:
                    self._refused(method, request, principal, error)
                    raise
            return answer

        return serve

    def _stream(self, method: _Method) -> Callable[[Any, grpc.ServicerContext], Iterator[bytes]]:
        def serve(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
            with acting_for(self._admit(method, request, context)):
                # As long as the caller wants; a caller who leaves takes the call along.
                answers = method.send(request, timeout=_if_any(context))
            context.add_callback(answers.cancel)
            yield from answers

        return serve

    def _gathering(self, method: _Method) -> Callable[[Iterator[Any], grpc.ServicerContext], bytes]:
        """Of a stream of requests, who may send it is clear before the first is read."""

        def serve(requests: Iterator[Any], context: grpc.ServicerContext) -> bytes:
            nameless = method.request_type()
            principal = self._admit(method, nameless, context)
            with acting_for(principal):
                try:
                    answer: bytes = method.send(requests, timeout=_if_any(context))
                except grpc.RpcError as error:
                    self._refused(method, nameless, principal, error)
                    raise
            return answer

        return serve

    def _admit(self, method: _Method, request: Any, context: grpc.ServicerContext) -> Principal:
        """Who asks, once it is clear that they may. A command is on record before it goes out."""
        principal = self._admission.admit(method.full_name, context)
        namespace, name = self._namespace(method, request, principal)
        self._admission.authorise(principal, method.full_name, namespace, name)
        if method.full_name in MUTATING:
            record = self._admission.record(principal, method.full_name, namespace, name)
            self._app.note(replace(record, detail=_about(request)))
        return principal

    def _namespace(self, method: _Method, request: Any, principal: Principal) -> tuple[str, str]:
        everywhere = EVERYWHERE in principal.namespaces
        fields = request.DESCRIPTOR.fields_by_name
        for field in _IDS:
            if field in fields:
                id = getattr(request, field)
                namespace = self._app.stores.whereabouts.namespace(id)
                if namespace is None and not everywhere:
                    raise NotKnownHere(id)
                return namespace or "", ""
        if "deployment" not in fields:
            # What belongs to no deployment belongs to everyone: managing it takes a grant for every namespace.
            return (EVERYWHERE if method.full_name in GLOBAL else ""), ""
        if not request.deployment.namespace and not everywhere:
            if len(principal.namespaces) != 1:
                raise BadRequest(f"name one of your namespaces: {', '.join(principal.namespaces)}")
            request.deployment.namespace = principal.namespaces[0]
        return request.deployment.namespace, request.deployment.name

    def _refused(self, method: _Method, request: Any, principal: Principal, error: Any) -> None:
        if method.full_name not in MUTATING:
            return
        namespace, name = self._namespace(method, request, principal)
        record = self._admission.record(principal, method.full_name, namespace, name)
        about = f"{_about(request)}: " if _about(request) else ""
        self._app.note(replace(record, outcome=REFUSED, detail=f"{about}{error.code().name}: {error.details()}"))


def _about(request: Any) -> str:
    """What a command that belongs to no deployment is about, `aws-staging (aws)`: a name and a type, never more."""
    fields = request.DESCRIPTOR.fields_by_name
    said = [getattr(request, field) for field in ("name", "type") if field in fields]
    # Whoever mistakes one field for another must not find a secret in the audit log.
    name, *type = [word if _WORD.match(word) else "(no name)" for word in said if word] or [""]
    return f"{name} ({type[0]})" if type else name


def _methods(channels: Mapping[str, grpc.Channel]) -> Iterator[_Method]:
    for peer, files in _FILES.items():
        for service in (service for file in files for service in file.services_by_name.values()):
            for descriptor in service.methods:
                full_name = f"/{service.full_name}/{descriptor.name}"
                if full_name not in FORWARDED:
                    continue
                channel = channels[peer]
                open_ = channel.unary_stream if descriptor.server_streaming else channel.unary_unary
                if descriptor.client_streaming:
                    open_ = channel.stream_unary
                serializer = GetMessageClass(descriptor.input_type).SerializeToString
                yield _Method(full_name, descriptor, open_(full_name, request_serializer=serializer))


def _remaining(context: grpc.ServicerContext) -> float:
    left = context.time_remaining()
    return _SECONDS if left is None else min(left, _SECONDS)


def _if_any(context: grpc.ServicerContext) -> float | None:
    """The seconds that the caller gave, None when it gave none."""
    left = context.time_remaining()
    return None if left is None or left > _ENDLESS_SECONDS else left
