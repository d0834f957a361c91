"""What is heard: the subscription list, and the thread that applies it."""

from collections.abc import Mapping

import grpc
from deployforge_chassis.brake import Limits
from deployforge_chassis.bus import Bus
from deployforge_chassis.feed import RemoteFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.wire import Wire

from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.hearing import Hearing


def inbox(app: ControlPlane, bus: Bus, wire: Wire, channels: Mapping[str, grpc.Channel], limits: Limits) -> Inbox:
    """Everything that the timeline tells and that moves a request; `channels` fill gaps."""
    return Inbox(app, bus, wire, RemoteFeed(channels), Hearing(app).heard(), limits=limits)
