"""What every service owes its peers: messages they missed, bodies its facts name, care of its keys, what it parked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import grpc
from deployforge.common.v1 import feed_pb2_grpc, keys_pb2_grpc, parking_pb2_grpc

from deployforge_chassis import keys_service
from deployforge_chassis.bodies import BodiesServicer, BodyNotFound
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.feed import EventFeedServicer, PublishedFeed, TopicNotOwned
from deployforge_chassis.identity import CONTROL_PLANE, SERVICES
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys_service import KeysServicer, ServiceKeys
from deployforge_chassis.parking_api import ParkingServicer
from deployforge_chassis.sealing import Tampered
from deployforge_chassis.wire import Records, Wire

RULES: Final[Mapping[str, frozenset[str]]] = {
    "/deployforge.common.v1.EventFeed/Range": frozenset(SERVICES),
    "/deployforge.common.v1.Bodies/Get": frozenset(SERVICES),
    "/deployforge.common.v1.Keys/KeyStatus": frozenset({CONTROL_PLANE}),
    "/deployforge.common.v1.Keys/RotateKeys": frozenset({CONTROL_PLANE}),
    "/deployforge.common.v1.Parking/List": frozenset({CONTROL_PLANE}),
    "/deployforge.common.v1.Parking/Replay": frozenset({CONTROL_PLANE}),
}
"""Which certificates may call what."""

STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    TopicNotOwned: grpc.StatusCode.NOT_FOUND,
    BodyNotFound: grpc.StatusCode.NOT_FOUND,
    Tampered: grpc.StatusCode.DATA_LOSS,
    **keys_service.STATUS_OF,
}
"""Refusals to statuses."""


def registrations(
    app: EventSourcedApplication, records: Records, wire: Wire, get_body: Callable[[str], bytes], inbox: Inbox | None = None
) -> Sequence[Callable[[Any], object]]:
    """One for each service; see `grpc_server.serve`. Without an inbox, who registers them serves parking itself."""
    add: Any = feed_pb2_grpc
    add_keys: Any = keys_pb2_grpc
    keys = KeysServicer(ServiceKeys(app.database, app.sealer))
    add_parking: Any = parking_pb2_grpc.add_ParkingServicer_to_server
    feed = EventFeedServicer(PublishedFeed(app, records, wire))
    owing: list[Callable[[Any], object]] = [
        lambda server: add.add_EventFeedServicer_to_server(feed, server),
        lambda server: add.add_BodiesServicer_to_server(BodiesServicer(get_body), server),
        lambda server: add_keys.add_KeysServicer_to_server(keys, server),
    ]
    if inbox is not None:
        parked = parking(wire, inbox)
        owing.append(lambda server: add_parking(parked, server))
    return owing


def parking(wire: Wire, inbox: Inbox) -> ParkingServicer:
    """What the service's consumer could not apply."""
    return ParkingServicer(wire.service, inbox.replay, inbox.brake.reason, inbox.brake.release)
