"""What native types of Microsoft.Network say of networks. Azure's ids are names, so a child tells its parent."""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.topology.wiring import FarEnd, Gateway, Link, Net, Part, Sub, Tunnel, Wired

_PREFIX: Final = "azure/Microsoft.Network/"


def parts(of: Wired) -> Sequence[Part]:
    """What a native resource adds; nothing for a type that has no part in networks."""
    read = _READ.get(of.type.removeprefix(_PREFIX))
    properties = of.properties.get("properties")
    return read(of, properties) if read is not None and isinstance(properties, Mapping) else []


def _network(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Net(of.urn, of.physical_id, _ranges(_in(values, "addressSpace", "addressPrefixes")), False)]


def _subnet(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    wall = str(_in(values, "networkSecurityGroup", "id") or "")
    net = of.physical_id.rpartition("/subnets/")[0]
    return [Sub(of.urn, of.physical_id, net, parsed(values.get("addressPrefix")), firewalls=(wall,) if wall else ())]


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
    "virtualNetworkGateways": _gateway,
    "connections": _connection,
    "localNetworkGateways": _far_network,
}
TYPES: Final = frozenset(f"{_PREFIX}{name}" for name in _READ)


def _in(values: Any, *names: str) -> Any:
    for name in names:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _ranges(values: Any) -> tuple[IPv4Network, ...]:
    return tuple(found for one in (values if isinstance(values, list) else ()) if (found := parsed(one)) is not None)
