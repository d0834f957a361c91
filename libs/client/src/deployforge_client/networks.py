"""Who has which addresses."""

from deployforge.mcal.v1 import topology_pb2

from deployforge_client.stubs import Stubs


class Networks(Stubs):
    """See DeployForge."""

    def networks(self) -> topology_pb2.NetworksResponse:
        """The addresses of all networks and subnets; whose they are, where the token reaches."""
        return self._call.unary(self._topology.Networks, topology_pb2.NetworksRequest())
