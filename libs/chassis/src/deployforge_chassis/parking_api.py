"""`common.v1.Parking` of one service."""

from collections.abc import Callable

import grpc
from deployforge.common.v1 import parking_pb2 as pb
from deployforge.common.v1 import parking_pb2_grpc

from deployforge_chassis.replaying import Replay
from deployforge_chassis.topics import full_name, short_name

_SIZE, _SIZE_AT_MOST = 100, 500


class ParkingServicer(parking_pb2_grpc.ParkingServicer):
    """`paused` says why the consumer is paused, and `resume` lets it go on."""

    def __init__(self, service: str, replay: Replay, paused: Callable[[], str], resume: Callable[[], object]) -> None:
        self._service, self._replay, self._paused, self._resume = service, replay, paused, resume

    def List(self, request: pb.ParkingListRequest, context: grpc.ServicerContext | None = None) -> pb.ParkingListResponse:
        """Headers and reasons; never bodies."""
        size = min(request.size or _SIZE, _SIZE_AT_MOST)
        rows = self._replay.parking.list(size, full_name(request.topic) if request.topic else "")
        events, keys = self._replay.parking.totals()
        return pb.ParkingListResponse(
            events=[
                pb.ParkedEvent(
                    service=self._service, id=row["id"], topic=short_name(row["topic"]), partition=row["partition"],
                    key=bytes(row["key"]).decode(errors="replace"), type=row["headers"].get("type", ""),
                    event_id=row["headers"].get("event_id", ""), correlation_id=row["headers"].get("correlation_id", ""),
                    reason=row["reason"], attempts=row["attempts"], parked_at=row["parked_at"],
                )
                for row in rows
            ],
            states=[pb.ParkingState(service=self._service, events=events, keys=keys, paused=self._paused())],
        )  # fmt: skip

    def Replay(
        self, request: pb.ParkingReplayRequest, context: grpc.ServicerContext | None = None
    ) -> pb.ParkingReplayResponse:
        """A paused consumer goes on afterwards."""
        done = self._replay.run(request.key)
        self._resume()
        return pb.ParkingReplayResponse(
            keys=[
                pb.ReplayedKey(
                    service=self._service, topic=one.topic, key=one.key, applied=one.applied, left=one.left,
                    reason=one.reason,
                )
                for one in done
            ]
        )  # fmt: skip
