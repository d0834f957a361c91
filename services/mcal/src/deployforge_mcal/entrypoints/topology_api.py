"""Topology: proto → method → proto. Whose a network is, is told to who may see its namespace."""

from typing import Final

import grpc
from deployforge.mcal.v1 import topology_pb2 as pb
from deployforge.mcal.v1 import topology_pb2_grpc
from deployforge_chassis.grpc_server import principal
from deployforge_chassis.principal import Principal

from deployforge_mcal.application.addressing import Addressing
from deployforge_mcal.application.topology import UNSEEN, Topology
from deployforge_mcal.domain.topology.addressing import Claim
from deployforge_mcal.domain.topology.places import UnknownPlace
from deployforge_mcal.domain.topology.traffic import BadTraffic, Hop, Traffic

_TOPOLOGY: Final = "/deployforge.mcal.v1.Topology/"

RULES: Final = {f"{_TOPOLOGY}{name}": frozenset({"control-plane"}) for name in ("Networks", "Path")}
"""Who may call what."""

STATUS_OF: Final = {UnknownPlace: grpc.StatusCode.NOT_FOUND, BadTraffic: grpc.StatusCode.INVALID_ARGUMENT}
"""Refusals to statuses."""

_HIDDEN: Final = "(in another namespace)"


class TopologyApi(topology_pb2_grpc.TopologyServicer):
    """See the contract."""

    def __init__(self, addressing: Addressing, topology: Topology) -> None:
        self._addressing, self._topology = addressing, topology

    def Networks(self, request: pb.NetworksRequest, context: grpc.ServicerContext) -> pb.NetworksResponse:
        who = principal(context)
        networks = [_range(claim, who) for claim in self._addressing.listed()]
        return pb.NetworksResponse(networks=networks, pools=map(str, self._addressing.rules.pools))

    def Path(self, request: pb.PathRequest, context: grpc.ServicerContext) -> pb.PathResponse:
        who = principal(context)
        traffic = Traffic.of(request.protocol, request.port)
        answer = self._topology.path(request.source, request.target, traffic, lambda namespace: _sees(who, namespace))
        return pb.PathResponse(
            reachable=answer.reachable, hops=[_hop(hop, who) for hop in answer.hops],
            blocked_by=_hop(answer.blocked, who) if answer.blocked is not None else None, notes=[UNSEEN],
            unread=[_hop(hop, who) for hop in answer.unread],
        )  # fmt: skip


def _sees(who: Principal | None, namespace: str) -> bool:
    return who is not None and who.may_see(namespace)


def _hop(hop: Hop, who: Principal | None) -> pb.Hop:
    if hop.urn and not _sees(who, hop.urn.split(":")[2]):
        return pb.Hop(what=hop.what, detail=_HIDDEN)
    return pb.Hop(what=hop.what, detail=hop.detail, urn=hop.urn)


def _range(claim: Claim, who: Principal | None) -> pb.NetworkRange:
    if not _sees(who, claim.namespace):
        return pb.NetworkRange(cidr=claim.cidr, in_use=claim.in_use)
    return pb.NetworkRange(
        cidr=claim.cidr, urn=claim.urn, asked=claim.asked, parent_urn=claim.parent, provider_type=claim.provider_type,
        account=claim.account, location=claim.location, in_use=claim.in_use,
    )  # fmt: skip
