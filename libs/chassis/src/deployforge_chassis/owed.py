"""What every service owes its peers: the messages they missed, and the bodies that its facts name by digest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import grpc
from deployforge.common.v1 import feed_pb2_grpc

from deployforge_chassis.bodies import BodiesServicer, BodyNotFound
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.feed import EventFeedServicer, PublishedFeed, TopicNotOwned
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.sealing import Tampered
from deployforge_chassis.wire import Records, Wire

RULES: Final[Mapping[str, frozenset[str]]] = {
    "/deployforge.common.v1.EventFeed/Range": frozenset(SERVICES),
    "/deployforge.common.v1.Bodies/Get": frozenset(SERVICES),
}
"""Which certificates may call what."""

STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    TopicNotOwned: grpc.StatusCode.NOT_FOUND,
    BodyNotFound: grpc.StatusCode.NOT_FOUND,
    Tampered: grpc.StatusCode.DATA_LOSS,
}
"""Refusals to statuses."""


def registrations(
    app: EventSourcedApplication, records: Records, wire: Wire, get_body: Callable[[str], bytes]
) -> Sequence[Callable[[Any], object]]:
    """One for each service; see `grpc_server.serve`."""
    add: Any = feed_pb2_grpc
    feed = EventFeedServicer(PublishedFeed(app, records, wire))
    return [
        lambda server: add.add_EventFeedServicer_to_server(feed, server),
        lambda server: add.add_BodiesServicer_to_server(BodiesServicer(get_body), server),
    ]
