"""Parked events of all services, for people: listed together, replayed where they are parked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import grpc
from deployforge.common.v1 import parking_pb2 as pb
from deployforge.common.v1 import parking_pb2_grpc
from deployforge_chassis.identity import CONTROL_PLANE, SERVICES
from deployforge_chassis.parking_api import ParkingServicer
from deployforge_chassis.principal import Principal, acting_for

from deployforge_control_plane.application.access import REFUSED
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.domain.access import EVERYWHERE
from deployforge_control_plane.domain.refusals import BadRequest
from deployforge_control_plane.entrypoints.admission import Admission

_LIST: Final = "/deployforge.common.v1.Parking/List"
_REPLAY: Final = "/deployforge.common.v1.Parking/Replay"
_SECONDS: Final = {_LIST: 5.0, _REPLAY: 60.0}


class ParkingApi(parking_pb2_grpc.ParkingServicer):
    """Events of all namespaces are parked together, so it takes a grant for all of them."""

    def __init__(
        self, app: ControlPlane, admission: Admission, own: ParkingServicer, channels: Mapping[str, grpc.Channel]
    ) -> None:
        self._app, self._admission = app, admission
        stub: Any = parking_pb2_grpc.ParkingStub
        self._peers = {name: stub(channels[name]) for name in SERVICES if name in channels}
        self._own = own

    def List(self, request: pb.ParkingListRequest, context: grpc.ServicerContext) -> pb.ParkingListResponse:
        """A service that cannot be asked is named with the reason; the others are listed all the same."""
        principal = self._admission.admit(_LIST, context, EVERYWHERE)
        found = pb.ParkingListResponse()
        for service in _wanted(request.service):
            try:
                found.MergeFrom(self._ask(service, _LIST, principal)(request))
            except grpc.RpcError as error:
                found.states.add(service=service, unreachable=_why(error))
        return found

    def Replay(self, request: pb.ParkingReplayRequest, context: grpc.ServicerContext) -> pb.ParkingReplayResponse:
        """On record before it goes out; a service that refuses or cannot be asked is named with the reason."""
        principal = self._admission.admit(_REPLAY, context, EVERYWHERE)
        services = list(_wanted(request.service))
        self._app.note(self._admission.record(principal, _REPLAY, EVERYWHERE, request.key))
        done = pb.ParkingReplayResponse()
        for service in services:
            try:
                done.MergeFrom(self._ask(service, _REPLAY, principal)(request))
            except grpc.RpcError as error:
                done.keys.add(service=service, key=request.key, reason=_why(error))
                record = self._admission.record(principal, _REPLAY, EVERYWHERE, request.key)
                self._app.note(replace(record, outcome=REFUSED, detail=f"{service}: {_why(error)}"))
        return done

    def _ask(self, service: str, method: str, principal: Principal) -> Callable[[Any], Any]:
        name = method.rpartition("/")[2]
        if service == CONTROL_PLANE:
            own: Callable[[Any], Any] = getattr(self._own, name)
            return own

        def ask(request: Any) -> Any:
            with acting_for(principal):
                return getattr(self._peers[service], name)(request, timeout=_SECONDS[method])

        return ask


def _wanted(service: str) -> Iterator[str]:
    if service and service not in SERVICES:
        raise BadRequest(f"no service is called {service!r}; there are {', '.join(SERVICES)}")
    return iter([service] if service else SERVICES)


def _why(error: Any) -> str:
    return f"{error.code().name}: {error.details()}"
