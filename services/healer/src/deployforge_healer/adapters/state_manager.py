"""The state manager, by gRPC."""

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2, state_pb2_grpc

from deployforge_healer.application.ports import DamagedHistory

_DEADLINE_SECONDS = 10.0
#: What stays so: the history is damaged, gone, or was shredded.
_FINAL = {grpc.StatusCode.DATA_LOSS, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}


class StateManagerHistories:
    """See ports.Histories."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = state_pb2_grpc.StateStub(channel)  # type: ignore[no-untyped-call]

    def vouch(self, namespace: str, name: str) -> None:
        """See ports.Histories. The state manager checks every stream of a deployment before it answers."""
        request = state_pb2.HistoryRequest(
            deployment=common_pb2.DeploymentRef(namespace=namespace, name=name), page=common_pb2.PageRequest(size=1)
        )
        try:
            self._stub.History(request, timeout=_DEADLINE_SECONDS)
        except grpc.RpcError as error:
            if error.code() in _FINAL:
                raise DamagedHistory(error.details() or error.code().name) from error
            raise
