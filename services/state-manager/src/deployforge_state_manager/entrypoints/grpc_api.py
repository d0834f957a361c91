"""`State`: what is asked about one deployment."""

from collections.abc import Mapping
from typing import Any, Final

import grpc
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_chassis.identity import CONTROL_PLANE, DRIFT_DETECTOR, HEALER, ORCHESTRATOR

from deployforge_state_manager.application.ports import (
    BadCursor,
    BadPoint,
    DeploymentShredded,
    RebuildRunning,
    Rebuilds,
    Row,
    StateNotFound,
    StateReader,
)
from deployforge_state_manager.domain.difference import between
from deployforge_state_manager.entrypoints import messages, moving_api
from deployforge_state_manager.entrypoints.moving_api import Streams

_STATE = "/deployforge.state_manager.v1.State/"
_READERS = frozenset({CONTROL_PLANE, ORCHESTRATOR, HEALER, DRIFT_DETECTOR})

RULES: Final[Mapping[str, frozenset[str]]] = {
    **{_STATE + method: _READERS for method in ("Get", "History", "ResourceHistory", "Diff", "LastKnownGood", "Graph")},
    **{_STATE + method: frozenset({CONTROL_PLANE}) for method in ("Watch", "Export", "Import", "Rebuild", "RebuildStatus")},
}

STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    **moving_api.STATUS_OF,
    StateNotFound: grpc.StatusCode.NOT_FOUND,
    DeploymentShredded: grpc.StatusCode.FAILED_PRECONDITION,
    BadPoint: grpc.StatusCode.INVALID_ARGUMENT,
    RebuildRunning: grpc.StatusCode.FAILED_PRECONDITION,
    BadCursor: grpc.StatusCode.INVALID_ARGUMENT,
    LookupError: grpc.StatusCode.NOT_FOUND,
}


class StateApi(state_pb2_grpc.StateServicer):
    """Reads of one deployment."""

    def __init__(self, reader: StateReader, rebuilds: Rebuilds, streams: Streams) -> None:
        self._reader, self._rebuilds = reader, rebuilds
        self.Watch, self.Export, self.Import = streams.watch, streams.export, streams.take_over

    def Get(self, request: pb.GetRequest, context: grpc.ServicerContext) -> pb.GetResponse:
        at = messages.point(request)
        version = self._reader.version(*_where(request), at)
        return pb.GetResponse(
            version=messages.version(version),
            resources=[messages.resource(row) for row in self._reader.resources(version, at)],
            healing_json=version["healing_json"],
            outputs_json=version["outputs_json"],
            units=[messages.unit(unit) for unit in version["units"]],
        )

    def History(self, request: pb.HistoryRequest, context: grpc.ServicerContext) -> pb.HistoryResponse:
        where = _where(request)
        rows, cursor = self._reader.history(*where, request.page.size, request.page.cursor)
        if not rows and not request.page.cursor:
            raise StateNotFound(f"nothing is known of {'/'.join(where)}")
        back = self._reader.ways_back(*where)
        return pb.HistoryResponse(
            versions=[messages.version(row) for row in rows], next_cursor=cursor,
            last_known_good=back.last_known_good, rollback_target=back.target,
        )  # fmt: skip

    def ResourceHistory(self, request: pb.ResourceHistoryRequest, context: grpc.ServicerContext
                        ) -> pb.ResourceHistoryResponse:  # fmt: skip
        where = _where(request)
        urn = f"urn:df:{where[0]}:{where[1]}:{request.resource}"
        rows, cursor = self._reader.resource_history(*where, urn, request.page.size, request.page.cursor)
        return pb.ResourceHistoryResponse(events=[messages.happened(row) for row in rows], next_cursor=cursor)

    def Diff(self, request: pb.DiffRequest, context: grpc.ServicerContext) -> pb.DiffResponse:
        # `from` is a word of Python's own.
        points = (
            messages.point(getattr(request, "from"), request.from_version or getattr(request, "from").version),
            messages.point(request.to, request.to_version or request.to.version),
        )
        before, after = (self._reader.version(*_where(request), at) for at in points)
        old, new = (
            {row["urn"]: row for row in self._reader.resources(version, at)}
            for version, at in zip((before, after), points, strict=True)
        )
        return pb.DiffResponse(
            from_version=before["version"], to_version=after["version"],
            resources=[messages.resource_difference(found) for found in between(old, new)],
        )  # fmt: skip

    def LastKnownGood(self, request: pb.LastKnownGoodRequest, context: grpc.ServicerContext) -> pb.LastKnownGoodResponse:
        return pb.LastKnownGoodResponse(version=messages.version(self._reader.last_known_good(*_where(request))))

    def Graph(self, request: pb.GraphRequest, context: grpc.ServicerContext) -> pb.GraphResponse:
        version = self._reader.version(*_where(request))
        rows = self._reader.resources(version)
        edges = [
            pb.Edge(from_urn=row["urn"], to_urn=needed, reason=_reason(row, needed))
            for row in rows
            for needed in row["depends_on"]
        ]
        return pb.GraphResponse(urns=[row["urn"] for row in rows], edges=edges)

    def Rebuild(self, request: pb.RebuildRequest, context: grpc.ServicerContext) -> pb.RebuildResponse:
        return pb.RebuildResponse(rebuild_id=self._rebuilds.ask())

    def RebuildStatus(self, request: pb.RebuildStatusRequest, context: grpc.ServicerContext) -> pb.RebuildStatusResponse:
        return messages.rebuild(self._rebuilds.newest())


def _where(request: Any) -> tuple[str, str]:
    return request.deployment.namespace, request.deployment.name


def _reason(row: Row, needed: str) -> str:
    return "reference" if "${" + needed.rsplit(":", 1)[-1] + "." in row["spec_json"] else "explicit"
