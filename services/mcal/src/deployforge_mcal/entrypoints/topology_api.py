"""Topology: proto → method → proto. Whose a network is, is told to who may see its namespace."""

from typing import Final

import grpc
from deployforge.mcal.v1 import topology_pb2 as pb
from deployforge.mcal.v1 import topology_pb2_grpc
from deployforge_chassis.grpc_server import principal
from deployforge_chassis.principal import Principal

from deployforge_mcal.application.addressing import Addressing
from deployforge_mcal.domain.topology.addressing import Claim

_TOPOLOGY: Final = "/deployforge.mcal.v1.Topology/"

RULES: Final = {f"{_TOPOLOGY}Networks": frozenset({"control-plane"})}
"""Who may call what."""


class TopologyApi(topology_pb2_grpc.TopologyServicer):
    """See the contract."""

    def __init__(self, addressing: Addressing) -> None:
        self._addressing = addressing

    def Networks(self, request: pb.NetworksRequest, context: grpc.ServicerContext) -> pb.NetworksResponse:
        who = principal(context)
        networks = [_range(claim, who) for claim in self._addressing.listed()]
        return pb.NetworksResponse(networks=networks, pools=map(str, self._addressing.rules.pools))


def _range(claim: Claim, who: Principal | None) -> pb.NetworkRange:
    if who is None or not who.may_see(claim.namespace):
        return pb.NetworkRange(cidr=claim.cidr, in_use=claim.in_use)
    return pb.NetworkRange(
        cidr=claim.cidr, urn=claim.urn, asked=claim.asked, parent_urn=claim.parent, provider_type=claim.provider_type,
        account=claim.account, location=claim.location, in_use=claim.in_use,
    )  # fmt: skip
