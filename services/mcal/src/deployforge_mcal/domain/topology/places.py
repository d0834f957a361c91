"""The ends of a way: places named as people name them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Final

from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.ranges import EVERYWHERE, parsed
from deployforge_mcal.domain.topology.walls import AccessList, Firewall, Members
from deployforge_mcal.domain.topology.wiring import INTERNET, Host, Net, Sub, Unread

#: Ports from which connections begin. Linux begins at the first, Windows and macOS above it (RFC 6335); load balancers, NAT
#: gateways and whoever is on the internet may begin at the second. Source: Amazon VPC User Guide, "Ephemeral ports".
_OWN_PORTS: Final = 32_768
ANYBODYS_PORTS: Final = 1024
#: Addresses that are nobody's on the internet. Source: RFC 1918, RFC 6598, RFC 3927, RFC 1122.
_INSIDE: Final = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"))
)


class UnknownPlace(LookupError):
    """What was named is no place in any network."""

    def __init__(self, name: str) -> None:
        expected = "namespace/deployment/resource of a network, subnet or host, an address, or internet"
        super().__init__(f"{name!r} is no place in a network that is deployed from here; expected {expected}")


@dataclass(frozen=True)
class Place:
    """One end of a way."""

    name: str
    urn: str
    net: str
    """The id of its network, INTERNET, or empty where nobody knows."""
    cidrs: tuple[IPv4Network, ...]
    """Its addresses, or those that it may have."""
    subs: tuple[Sub, ...] = ()
    firewalls: tuple[str, ...] = ()
    public: bool = False
    guarded: bool = False
    lists: tuple[str, ...] = ()
    """Access lists around it alone, beside those around its subnets."""
    groups: tuple[str, ...] = ()
    low_port: int = _OWN_PORTS
    """Where it begins something, answers come to ports from this one on."""


def place(map: NetworkMap, name: str) -> Place:
    """A place by its name: `namespace/deployment/resource` or urn, an address or range, `internet`. Raises UnknownPlace."""
    if name == INTERNET:
        return Place(name, "", INTERNET, (EVERYWHERE,), public=True, low_port=ANYBODYS_PORTS)
    if (cidr := parsed(name)) is not None:
        net = map.net_at(cidr)
        subs = [s for s in map.subs_of(net.id) if s.cidr and cidr.subnet_of(s.cidr)] if net is not None else []
        outside = "" if any(cidr.overlaps(one) for one in _INSIDE) else INTERNET
        low = _OWN_PORTS if net is not None else ANYBODYS_PORTS
        return _with_subs(Place(name, "", net.id if net is not None else outside, (cidr,), low_port=low), subs)
    urn = name if name.startswith("urn:") else "urn:df:" + ":".join(name.split("/"))
    every: Iterable[Host | Net | Sub | Firewall | Members | AccessList | Unread] = (
        *map.hosts.values(), *map.nets.values(), *map.subs.values(), *map.firewalls.values(), *map.members.values(),
        *map.lists.values(), *map.unread,
    )  # fmt: skip
    found = next((one for one in every if one.urn == urn), None)
    match found:
        case Host():
            return _host(map, name, found)
        case Sub():
            return _with_subs(Place(name, urn, found.net, (found.cidr,) if found.cidr else ()), [found])
        case Firewall():
            cidrs = map.nets[found.net].cidrs if found.net in map.nets else ()
            return Place(name, urn, found.net, cidrs, firewalls=(found.id,))
        case Members():
            cidrs = map.nets[found.net].cidrs if found.net in map.nets else ()
            return Place(name, urn, found.net, cidrs, groups=(found.group,))
        case AccessList(stateful=True):
            subs = [sub for sub in map.subs.values() if found.id in sub.lists]
            net_id = subs[0].net if len({sub.net for sub in subs}) == 1 else ""
            return _with_subs(Place(name, urn, net_id, tuple(sub.cidr for sub in subs if sub.cidr)), subs)
        case Unread():
            return Place(name, urn, "", ())
        case Net():
            return _with_subs(Place(name, urn, found.id, found.cidrs), map.subs_of(found.id))
    raise UnknownPlace(name)


def _host(map: NetworkMap, name: str, of: Host) -> Place:
    subs = [map.subs[id] for id in of.subs if id in map.subs]
    walls = [map.firewalls[id] for id in of.firewalls if id in map.firewalls]
    # What is placed by a group of subnets is known by its firewalls alone.
    net = next((sub.net for sub in subs), next((wall.net for wall in walls), ""))
    cidrs = tuple(sub.cidr for sub in subs if sub.cidr)
    if not cidrs and net in map.nets:
        cidrs = map.nets[net].cidrs
    low = ANYBODYS_PORTS if of.balances else _OWN_PORTS
    found = Place(name, of.urn, net, cidrs, (), of.firewalls, of.public, of.guarded, of.lists, of.groups, low)
    return _with_subs(found, subs)


def _with_subs(of: Place, subs: Sequence[Sub]) -> Place:
    around = tuple(dict.fromkeys([*of.firewalls, *(wall for sub in subs for wall in sub.firewalls)]))
    return replace(of, subs=tuple(subs), firewalls=around, public=of.public or any(sub.public for sub in subs))
