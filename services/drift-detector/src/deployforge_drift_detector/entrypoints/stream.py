"""What is heard: the subscription list, and the thread that applies it. Observations have their own processor."""

from collections.abc import Mapping

import grpc
from deployforge_chassis.brake import Limits
from deployforge_chassis.bus import Bus
from deployforge_chassis.feed import RemoteFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.wire import Wire

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.hearing import Hearing


def inbox(app: DriftDetector, bus: Bus, wire: Wire, channels: Mapping[str, grpc.Channel], limits: Limits) -> Inbox:
    """Which executions run; `channels` fill gaps."""
    return Inbox(app, bus, wire, RemoteFeed(channels), Hearing(app).heard(), limits=limits)
