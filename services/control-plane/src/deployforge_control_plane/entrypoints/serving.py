"""What is served: the own API and the forwarded ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
from deployforge.common.v1 import parking_pb2_grpc
from deployforge.control_plane.v1 import deployments_pb2_grpc, keys_pb2_grpc
from deployforge_chassis.parking_api import ParkingServicer

from deployforge_control_plane.application.access import Access
from deployforge_control_plane.application.checking import Checking
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.watching import Watching
from deployforge_control_plane.entrypoints import methods
from deployforge_control_plane.entrypoints.access_api import AccessApi, AuditApi
from deployforge_control_plane.entrypoints.admission import Admission
from deployforge_control_plane.entrypoints.forwarding import Forwarding
from deployforge_control_plane.entrypoints.grpc_api import DeploymentsApi
from deployforge_control_plane.entrypoints.keys_api import KeysApi
from deployforge_control_plane.entrypoints.parking_api import ParkingApi


def registrations(
    app: ControlPlane,
    checking: Checking,
    access: Access,
    watching: Watching,
    channels: Mapping[str, grpc.Channel],
    own_parking: ParkingServicer,
) -> Sequence[Callable[[Any], object]]:
    """One for each service; `channels` sign the principal that a call is made for."""
    admission = Admission(access, {**methods.OWN, **methods.FORWARDED, **methods.GATHERED})
    add: Any = deployments_pb2_grpc
    add_keys: Any = keys_pb2_grpc
    add_parking: Any = parking_pb2_grpc.add_ParkingServicer_to_server
    return [
        lambda server: add.add_DeploymentsServicer_to_server(DeploymentsApi(app, checking, admission, watching), server),
        lambda server: add.add_AccessServicer_to_server(AccessApi(access, admission), server),
        lambda server: add.add_AuditServicer_to_server(AuditApi(app.stores.audit, admission), server),
        lambda server: add_keys.add_KeysServicer_to_server(KeysApi(app, admission, channels), server),
        lambda server: add_parking(ParkingApi(app, admission, own_parking, channels), server),
        Forwarding(app, admission, channels).register,
    ]
