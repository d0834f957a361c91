"""What native types of EC2 say of networks, in CloudFormation's words."""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.topology.walls import AccessList, Entry, Firewall, MoreRules, Rule
from deployforge_mcal.domain.topology.wiring import (
    INTERNET,
    PROTOCOL_NUMBERS,
    Exposed,
    FarEnd,
    Gateway,
    Host,
    Laid,
    Link,
    Net,
    Part,
    Route,
    Sub,
    Tunnel,
    Widened,
    Wired,
)

_VPN: Final = "vpn"
_TARGETS: Final = (
    "VpcPeeringConnectionId", "TransitGatewayId", "GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId",
    "VpcEndpointId",
)  # fmt: skip
_PROTOCOLS: Final = {"-1": "all", **PROTOCOL_NUMBERS}
#: The number of the entry with which every list ends.
_LAST: Final = 32767
_SOURCE, _DESTINATION = "SourceSecurityGroupId", "DestinationSecurityGroupId"


def parts(of: Wired) -> Sequence[Part]:
    """What a native resource adds; nothing for a type that has no part in networks."""
    read = _READ.get(of.type.rpartition("/")[2])
    return read(of, of.properties) if read is not None else []


def _vpc(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Net(of.urn, of.physical_id, _ranges(values.get("CidrBlock")), True)]


def _subnet(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    cidr, public = parsed(values.get("CidrBlock")), values.get("MapPublicIpOnLaunch") is True
    return [Sub(of.urn, of.physical_id, _text(values, "VpcId"), cidr, public)]


def _widened(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Widened(_text(values, "VpcId"), _ranges(values.get("CidrBlock")))]


def _group(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    outward = values.get("SecurityGroupEgress")
    inward = _rules(values.get("SecurityGroupIngress"), _SOURCE)
    out = None if outward is None else _rules(outward, _DESTINATION)
    return [Firewall(of.urn, of.physical_id, _text(values, "VpcId"), inward, out)]


def _ingress(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [MoreRules(_text(values, "GroupId"), inward=_rules([values], _SOURCE))]


def _egress(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [MoreRules(_text(values, "GroupId"), outward=_rules([values], _DESTINATION))]


def _acl(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [AccessList(of.urn, of.physical_id, "network ACL", False)]


def _entry(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    protocol = _protocol(values.get("Protocol"))
    ports, icmp = values.get("PortRange"), values.get("Icmp")
    first, last = 0, 65535
    if protocol in ("tcp", "udp") and isinstance(ports, Mapping):
        first, last = int(ports.get("From", 0)), int(ports.get("To", 65535))
    elif protocol == "icmp" and isinstance(icmp, Mapping) and int(icmp.get("Type", -1)) >= 0:
        first = last = int(icmp["Type"])
    return [
        Entry(
            of.urn, _text(values, "NetworkAclId"), int(values.get("RuleNumber", _LAST)),
            str(values.get("RuleAction")).lower() == "allow", str(values.get("Egress")).lower() != "true", protocol, first,
            last, _ranges(values.get("CidrBlock")),
        )
    ]  # fmt: skip


def _around(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Laid(_text(values, "SubnetId"), list=_text(values, "NetworkAclId"))]


def _instance(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    given = values.get("NetworkInterfaces")
    # What is said of the machine is said of its only interface.
    interfaces = [one for one in (given if isinstance(given, list) else ()) if isinstance(one, Mapping)] or [values]
    subs = tuple(_text(one, "SubnetId") for one in interfaces if one.get("SubnetId"))
    groups = [group for one in interfaces for group in (one.get("GroupSet") or one.get("SecurityGroupIds") or ())]
    public = any(str(one.get("AssociatePublicIpAddress")).lower() == "true" for one in interfaces)
    return [Host(of.urn, of.physical_id, subs, tuple(map(str, groups)), public, True)]


def _address(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Exposed(_text(values, "InstanceId"))] if values.get("InstanceId") else []


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
    if str(values.get("ConnectivityType")).lower() == "private":
        return []
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
    "AWS::EC2::VPCCidrBlock": _widened,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::SecurityGroupIngress": _ingress,
    "AWS::EC2::SecurityGroupEgress": _egress,
    "AWS::EC2::NetworkAcl": _acl,
    "AWS::EC2::NetworkAclEntry": _entry,
    "AWS::EC2::SubnetNetworkAclAssociation": _around,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::EIPAssociation": _address,
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
        protocol = _protocol(one.get("IpProtocol"))
        first, last = (0, 65535) if protocol == "all" else (one.get("FromPort", 0), one.get("ToPort", 65535))
        cidr = parsed(one.get("CidrIp"))
        if cidr is not None or one.get(group):
            found.append(Rule(protocol, int(first), int(last), cidr, str(one.get(group) or "")))
    return tuple(found)


def _protocol(given: Any) -> str:
    return _PROTOCOLS.get(str(given), str(given).lower())


def _ranges(*values: Any) -> tuple[IPv4Network, ...]:
    return tuple(found for value in values if (found := parsed(value)) is not None)


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")
