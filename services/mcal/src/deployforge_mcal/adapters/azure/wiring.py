"""What native types of Microsoft.Network say of networks. Azure's ids are names, so a child tells its parent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from deployforge_mcal.adapters.azure.security_rules import NetworkRules
from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.topology.walls import AccessList
from deployforge_mcal.domain.topology.wiring import (
    INTERNET,
    NETWORK,
    FarEnd,
    Gateway,
    Host,
    Link,
    Net,
    Part,
    Route,
    Sub,
    Table,
    Tunnel,
    Wired,
)

_PREFIX: Final = "azure/Microsoft.Network/"
#: Source: Azure Virtual Network, "Virtual network traffic routing".
_HOPS: Final = {"Internet": INTERNET, "VirtualNetworkGateway": "VPN", "VnetLocal": NETWORK, "None": "nowhere"}


def parts(of: Wired) -> Sequence[Part]:
    """What a native resource adds; nothing for a type that has no part in networks."""
    read = _READ.get(of.type.removeprefix(_PREFIX))
    properties = of.properties.get("properties")
    return read(of, properties) if read is not None and isinstance(properties, Mapping) else []


def _network(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    inline = [_sub(of.urn, f"{of.physical_id}/subnets/{name}", inner) for name, inner in _named(values.get("subnets"))]
    return [Net(of.urn, of.physical_id, _ranges(_in(values, "addressSpace", "addressPrefixes")), False), *inline]


def _subnet(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [_sub(of.urn, of.physical_id, values)]


def _sub(urn: str, id: str, values: Mapping[str, Any]) -> Sub:
    wall, table = _id(values, "networkSecurityGroup"), _id(values, "routeTable")
    several = values.get("addressPrefixes")
    cidr = parsed(values.get("addressPrefix") or (several[0] if isinstance(several, list) and several else None))
    return Sub(urn, id, id.rpartition("/subnets/")[0], cidr, table=table, lists=(wall,) if wall else ())


def _group(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    rules = NetworkRules(of.urn, of.physical_id)
    own = [entry for _, rule in _named(values.get("securityRules")) for entry in rules.entries(rule)]
    return [AccessList(of.urn, of.physical_id, "network security group", True, (*own, *rules.defaults()))]


def _rule(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return NetworkRules(of.urn, of.physical_id.rpartition("/securityRules/")[0]).entries(values)


def _interface(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    """The only address that it has, or the first."""
    addresses = [inner for _, inner in _named(values.get("ipConfigurations"))]
    subs = tuple(dict.fromkeys(found for one in addresses if (found := _id(one, "subnet"))))
    public = any(_id(one, "publicIPAddress") for one in addresses)
    given = [group for one in addresses for group in one.get("applicationSecurityGroups") or ()]
    groups = tuple(str(group.get("id")) for group in given if isinstance(group, Mapping))
    wall = _id(values, "networkSecurityGroup")
    return [Host(of.urn, of.physical_id, subs, (), public, False, lists=(wall,) if wall else (), groups=groups)]


def _table(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    routes = [_way(of.urn, of.physical_id, inner) for _, inner in _named(values.get("routes"))]
    return [Table(of.physical_id), *(route for some in routes for route in some)]


def _route(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return _way(of.urn, of.physical_id.rpartition("/routes/")[0], values)


def _way(urn: str, table: str, values: Mapping[str, Any]) -> list[Part]:
    cidr, hop = parsed(values.get("addressPrefix")), str(values.get("nextHopType") or "")
    target = _HOPS.get(hop) or str(values.get("nextHopIpAddress") or hop)
    return [Route(urn, table, cidr, target)] if cidr is not None else []


def _peering(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    here, there = of.physical_id.rpartition("/virtualNetworkPeerings/")[0], _in(values, "remoteVirtualNetwork", "id")
    if values.get("allowVirtualNetworkAccess") is False or not there:
        return []
    return [Link(of.urn, of.physical_id, "peering", (here, str(there)), one_way=True)]


def _gateway(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    configurations = values.get("ipConfigurations")
    subnets = [
        _in(c.get("properties"), "subnet", "id") for c in (configurations if isinstance(configurations, list) else ())
    ]
    nets = {str(one).rpartition("/subnets/")[0] for one in subnets if one}
    return [Gateway(of.physical_id, "vpn", net) for net in sorted(nets)[:1]]


def _connection(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    here, far = _in(values, "virtualNetworkGateway1", "id"), _in(values, "localNetworkGateway2", "id")
    # What is at its other end, the local network gateway says.
    return [Tunnel(of.urn, str(far), str(here))] if here and far else []


def _far_network(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [FarEnd(of.physical_id, _ranges(_in(values, "localNetworkAddressSpace", "addressPrefixes")))]


_READ: Final[Mapping[str, Callable[[Wired, Mapping[str, Any]], Sequence[Part]]]] = {
    "virtualNetworks": _network,
    "virtualNetworks/subnets": _subnet,
    "virtualNetworks/virtualNetworkPeerings": _peering,
    "networkSecurityGroups": _group,
    "networkSecurityGroups/securityRules": _rule,
    "networkInterfaces": _interface,
    "routeTables": _table,
    "routeTables/routes": _route,
    "virtualNetworkGateways": _gateway,
    "connections": _connection,
    "localNetworkGateways": _far_network,
}
TYPES: Final = frozenset(f"{_PREFIX}{name}" for name in _READ)


def _named(given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What is declared inside another resource: name → properties."""
    for one in given if isinstance(given, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("properties"), Mapping):
            yield str(one.get("name")), one["properties"]


def _id(values: Mapping[str, Any], name: str) -> str:
    return str(_in(values, name, "id") or "")


def _in(values: Any, *names: str) -> Any:
    for name in names:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _ranges(values: Any) -> tuple[IPv4Network, ...]:
    return tuple(found for one in (values if isinstance(values, list) else ()) if (found := parsed(one)) is not None)
