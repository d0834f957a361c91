"""Who has which addresses, and who reaches whom."""

from deployforge.mcal.v1 import topology_pb2

from deployforge_client.stubs import Stubs


class Networks(Stubs):
    """See DeployForge."""

    def networks(self) -> topology_pb2.NetworksResponse:
        """The addresses of all networks and subnets; whose they are, where the token reaches."""
        return self._call.unary(self._topology.Networks, topology_pb2.NetworksRequest())

    def path(self, source: str, target: str, *, protocol: str = "tcp", port: int = 0) -> topology_pb2.PathResponse:
        """Whether one place reaches another, and how, or what is in the way. Port 0 is any."""
        asked = topology_pb2.PathRequest(source=source, target=target, protocol=protocol, port=port)
        return self._call.unary(self._topology.Path, asked)
