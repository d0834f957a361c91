"""What native types of EC2 say of networks, in CloudFormation's words."""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.topology.wiring import (
    INTERNET,
    FarEnd,
    Firewall,
    Gateway,
    Laid,
    Link,
    Net,
    Part,
    Route,
    Rule,
    Sub,
    Tunnel,
    Wired,
)

_VPN: Final = "vpn"
_TARGETS: Final = (
    "VpcPeeringConnectionId", "TransitGatewayId", "GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId",
)  # fmt: skip


def parts(of: Wired) -> Sequence[Part]:
    """What a native resource adds; nothing for a type that has no part in networks."""
    read = _READ.get(of.type.rpartition("/")[2])
    return read(of, of.properties) if read is not None else []


def _vpc(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Net(of.urn, of.physical_id, _ranges(values.get("CidrBlock")), True)]


def _subnet(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    cidr, public = parsed(values.get("CidrBlock")), values.get("MapPublicIpOnLaunch") is True
    return [Sub(of.urn, of.physical_id, _text(values, "VpcId"), cidr, public)]


def _group(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    outward = values.get("SecurityGroupEgress")
    inward = _rules(values.get("SecurityGroupIngress"), "SourceSecurityGroupId")
    out = None if outward is None else _rules(outward, "DestinationSecurityGroupId")
    return [Firewall(of.urn, of.physical_id, _text(values, "VpcId"), inward, out)]


def _peering(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Link(of.urn, of.physical_id, "peering", (_text(values, "VpcId"), _text(values, "PeerVpcId")))]


def _transit(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    # Each attachment adds one end; those of one gateway are put together where all parts are.
    return [Link(of.urn, _text(values, "TransitGatewayId"), "transit gateway", (_text(values, "VpcId"),))]


def _attachment(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    net = _text(values, "VpcId")
    named = ((INTERNET, _text(values, "InternetGatewayId")), (_VPN, _text(values, "VpnGatewayId")))
    return [Gateway(id, kind, net) for kind, id in named if id]


def _nat(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Gateway(of.physical_id, "nat", sub=_text(values, "SubnetId"))]


def _vpn(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Tunnel(of.urn, of.physical_id, _text(values, "VpnGatewayId"))]


def _vpn_route(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [FarEnd(_text(values, "VpnConnectionId"), _ranges(values.get("DestinationCidrBlock")))]


def _route(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    target = next((str(values[name]) for name in _TARGETS if values.get(name)), "")
    cidr = parsed(values.get("DestinationCidrBlock"))
    return [Route(of.urn, _text(values, "RouteTableId"), cidr, target)] if cidr is not None else []


def _association(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Laid(_text(values, "SubnetId"), table=_text(values, "RouteTableId"))]


_READ: Final[Mapping[str, Callable[[Wired, Mapping[str, Any]], Sequence[Part]]]] = {
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::VPCPeeringConnection": _peering,
    "AWS::EC2::TransitGatewayAttachment": _transit,
    "AWS::EC2::TransitGatewayVpcAttachment": _transit,
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::VPNConnection": _vpn,
    "AWS::EC2::VPNConnectionRoute": _vpn_route,
    "AWS::EC2::Route": _route,
    "AWS::EC2::SubnetRouteTableAssociation": _association,
}
TYPES: Final = frozenset(f"aws/{name}" for name in _READ)


def _rules(given: Any, group: str) -> tuple[Rule, ...]:
    found = []
    for one in given if isinstance(given, list) else []:
        protocol = {"-1": "all"}.get(str(one.get("IpProtocol")), str(one.get("IpProtocol")).lower())
        first, last = (0, 65535) if protocol == "all" else (one.get("FromPort", 0), one.get("ToPort", 65535))
        cidr = parsed(one.get("CidrIp"))
        if cidr is not None or one.get(group):
            found.append(Rule(protocol, int(first), int(last), cidr, str(one.get(group) or "")))
    return tuple(found)


def _ranges(*values: Any) -> tuple[IPv4Network, ...]:
    return tuple(found for value in values if (found := parsed(value)) is not None)


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")
