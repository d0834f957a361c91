"""All parts of all networks, put together: what is in what, and what joins what."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Final, TypeVar

import rustworkx

from deployforge_mcal.domain.topology.walls import AccessList, Entry, Firewall, Members, MoreRules
from deployforge_mcal.domain.topology.wiring import (
    INTERNET,
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
    Table,
    Tunnel,
    Unread,
    Widened,
)

T = TypeVar("T")

#: Kind of gateway → what people call it, and whether only what begins inside passes.
_WAYS_OUT: Final = {"internet": ("internet gateway", False), "nat": ("NAT gateway", True)}


class NetworkMap:
    """Lookups by id, and the graph of networks with links as edges."""

    def __init__(self, parts: Iterable[Part]) -> None:
        every = list(parts)
        self.firewalls = {one.id: one for one in _with_rules(_of(every, Firewall), _of(every, MoreRules))}
        self.lists = {one.id: one for one in _with_entries(_of(every, AccessList), _of(every, Entry))}
        self.subs = {one.id: one for one in _laid(_of(every, Sub), _of(every, Laid))}
        self.nets = {one.id: self._spread(one) for one in _widened(_of(every, Net), _of(every, Widened))}
        exposed = {one.host for one in _of(every, Exposed)}
        self.hosts = {one.id: replace(one, public=one.public or one.id in exposed) for one in _of(every, Host)}
        self.members = {one.urn: one for one in _of(every, Members)}
        self.unread = _of(every, Unread)
        self.routes = _of(every, Route)
        self.tables = {one.id for one in _of(every, Table)}
        self._gateways = {one.id: one for one in _of(every, Gateway)}
        self.links = [
            *_merged(_of(every, Link)),
            *self._ways_out(),
            *self._tunnels(_of(every, Tunnel), _of(every, FarEnd)),
        ]

    def subs_of(self, net: str) -> list[Sub]:
        """The known subnets of a network."""
        return [one for one in self.subs.values() if one.net == net]

    def net_at(self, cidr: IPv4Network) -> Net | None:
        """The network that has all of these addresses."""
        return next((net for net in self.nets.values() if any(cidr.subnet_of(one) for one in net.cidrs)), None)

    def between(self, here: str, there: str) -> list[Link]:
        """The links that join two networks directly, in this direction."""
        found = []
        for link in self.links:
            ends = self.ends(link)
            from_here = ends[0] == here or not (link.one_way or link.outward)
            if here != there and here in ends and there in ends and from_here:
                found.append(link)
        return found

    def ends(self, link: Link) -> tuple[str, ...]:
        """The networks that a link joins, those that are known by their addresses too."""
        far = [net.id for one in link.far if (net := self.net_at(one)) is not None]
        return tuple(dict.fromkeys([*link.ends, *far]))

    def way_round(self, here: str, there: str) -> list[str]:
        """The networks on the shortest chain of links from one to another; empty when nothing joins them."""
        graph: rustworkx.PyGraph[str, None] = rustworkx.PyGraph()
        number = {id: graph.add_node(id) for id in dict.fromkeys([*self.nets, here, there])}
        for link in self.links:
            ends = [number[end] for end in self.ends(link) if end in number and end != INTERNET]
            graph.add_edges_from([(a, b, None) for i, a in enumerate(ends) for b in ends[i + 1 :]])
        paths = rustworkx.dijkstra_shortest_paths(graph, number[here], target=number[there])
        return [graph[node] for node in paths[number[there]]] if number[there] in paths else []

    def _spread(self, net: Net) -> Net:
        """Where a network has no addresses of its own, it has those of its subnets."""
        return net if net.cidrs else replace(net, cidrs=tuple(sub.cidr for sub in self.subs_of(net.id) if sub.cidr))

    def _ways_out(self) -> list[Link]:
        """Gateways to the internet, and what clouds that make routes themselves have in their place."""
        found = [Link(net.urn, "", "internet", (net.id, INTERNET)) for net in self.nets.values() if not net.routed]
        for one in self._gateways.values():
            net = one.net or (self.subs[one.sub].net if one.sub in self.subs else "")
            if one.kind in _WAYS_OUT:
                kind, outward = _WAYS_OUT[one.kind]
                found.append(Link("", one.id, kind, (net, INTERNET), outward=outward, via=one.sub))
        return found

    def _tunnels(self, tunnels: Iterable[Tunnel], far_ends: Iterable[FarEnd]) -> list[Link]:
        far: dict[str, tuple[IPv4Network, ...]] = {}
        for end in far_ends:
            far[end.of] = (*far.get(end.of, ()), *end.far)
        return [
            # Routes name the gateway, not the tunnel. Each end has a tunnel of its own.
            Link(one.urn, one.gateway, "VPN", (self._gateways[one.gateway].net,), far.get(one.id, ()), one_way=True)
            for one in tunnels
            if one.gateway in self._gateways
        ]


def _merged(links: Iterable[Link]) -> list[Link]:
    """One link for all resources that are ends of the same one."""
    found: dict[str, Link] = {}
    for one in links:
        known = found.get(one.id)
        found[one.id] = one if known is None else replace(known, ends=tuple(dict.fromkeys([*known.ends, *one.ends])))
    return list(found.values())


def _laid(subs: Iterable[Sub], laid: Iterable[Laid]) -> Iterable[Sub]:
    around = list(laid)
    for sub in subs:
        for one in around:
            if one.sub == sub.id:
                more = (one.list,) if one.list else ()
                sub = replace(sub, table=one.table or sub.table, lists=(*sub.lists, *more))
        yield sub


def _with_rules(firewalls: Iterable[Firewall], more: Sequence[MoreRules]) -> Iterable[Firewall]:
    for wall in firewalls:
        mine = [one for one in more if one.of == wall.id]
        inward = tuple(rule for one in mine for rule in one.inward)
        # Rules outwards beside a firewall that lets everything out take nothing away.
        outward = None if wall.outward is None else (*wall.outward, *(rule for one in mine for rule in one.outward))
        yield replace(wall, inward=(*wall.inward, *inward), outward=outward)


def _with_entries(lists: Iterable[AccessList], entries: Sequence[Entry]) -> Iterable[AccessList]:
    for one in lists:
        every = [*one.entries, *(entry for entry in entries if entry.of == one.id)]
        # Where two have one number, whoever denies comes first.
        yield replace(one, entries=tuple(sorted(every, key=lambda entry: (entry.number, entry.allow))))


def _widened(nets: Iterable[Net], widened: Sequence[Widened]) -> Iterable[Net]:
    for net in nets:
        yield replace(net, cidrs=(*net.cidrs, *(cidr for one in widened if one.net == net.id for cidr in one.cidrs)))


def _of(parts: Iterable[Part], kind: type[T]) -> list[T]:
    return [one for one in parts if isinstance(one, kind)]
