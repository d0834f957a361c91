"""The connection that all calls share."""

from types import TracebackType
from typing import Self

from deployforge.common.v1 import parking_pb2_grpc
from deployforge.control_plane.v1 import deployments_pb2_grpc as cp_grpc
from deployforge.control_plane.v1 import keys_pb2_grpc
from deployforge.drift_detector.v1 import drift_pb2_grpc
from deployforge.healer.v1 import healing_pb2_grpc
from deployforge.mcal.v1 import clouds_pb2_grpc, topology_pb2_grpc
from deployforge.orchestrator.v1 import plans_pb2_grpc
from deployforge.state_manager.v1 import state_pb2_grpc

from deployforge_client.connection import Caller, open_channel
from deployforge_client.contexts import Context

#: How long a watch asks again for a control plane that went away, and how often.
RECONNECT_SECONDS = 60.0
RECONNECT_PAUSE_SECONDS = 0.5
#: A history that is not moved within this time has failed.
FILE_SECONDS = 600.0


class Stubs:
    """A connection to one control plane, and a stub of every service behind it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._channel = open_channel(context)
        self._call = Caller(context.token)
        self._deployments = cp_grpc.DeploymentsStub(self._channel)
        self._audit = cp_grpc.AuditStub(self._channel)
        self._access = cp_grpc.AccessStub(self._channel)
        self._keys = keys_pb2_grpc.KeysStub(self._channel)
        self._plans = plans_pb2_grpc.PlansStub(self._channel)
        self._executions = plans_pb2_grpc.ExecutionsStub(self._channel)
        self._state = state_pb2_grpc.StateStub(self._channel)
        self._inventory = state_pb2_grpc.InventoryStub(self._channel)
        self._drift = drift_pb2_grpc.DriftStub(self._channel)
        self._healing = healing_pb2_grpc.HealingStub(self._channel)
        self._clouds = clouds_pb2_grpc.CloudsStub(self._channel)
        self._parking = parking_pb2_grpc.ParkingStub(self._channel)
        self._topology = topology_pb2_grpc.TopologyStub(self._channel)
        self._credentials = clouds_pb2_grpc.CredentialsStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; running streams end with it."""
        self._channel.close()
