"""Whether one place reaches another: out through the firewalls of the first, along one link with routes both ways, in
through the firewalls of the second. The first thing in the way ends it, and is the answer.

Peerings are not transitive on any cloud, so two networks must be joined directly. What is not deployed from here is not
known; where that matters the answer is no, and says what is missing.
"""

from dataclasses import dataclass, field
from typing import Final

from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import Place
from deployforge_mcal.domain.topology.wiring import INTERNET, Link, Rule

_PROTOCOLS: Final = ("tcp", "udp", "icmp")
_LAST_PORT: Final = 65535


class BadTraffic(ValueError):
    """There is no such traffic."""

    def __init__(self, protocol: str, port: int) -> None:
        super().__init__(f"{protocol}/{port}: expected {', '.join(_PROTOCOLS)} with a port up to {_LAST_PORT}")


@dataclass(frozen=True)
class Traffic:
    """What shall pass. Port 0 is any."""

    protocol: str = "tcp"
    port: int = 0

    @classmethod
    def of(cls, protocol: str, port: int) -> "Traffic":
        """Raises BadTraffic."""
        found = (protocol or "tcp").lower()
        if found not in _PROTOCOLS or not 0 <= port <= _LAST_PORT:
            raise BadTraffic(protocol, port)
        return cls(found, port if found != "icmp" else 0)

    def __str__(self) -> str:
        return f"{self.protocol}/{self.port}" if self.port else self.protocol


@dataclass(frozen=True)
class Hop:
    """A step, or what is in the way."""

    what: str
    detail: str
    urn: str = ""


@dataclass
class Answer:
    """Whether it is reached, by which steps, and what was in the way of the next one."""

    hops: list[Hop] = field(default_factory=list)
    blocked: Hop | None = None

    @property
    def reachable(self) -> bool:
        """Yes or no."""
        return self.blocked is None


class _Blocked(Exception):
    def __init__(self, what: str, detail: str, urn: str = "") -> None:
        self.hop = Hop(what, detail, urn)


def reach(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Answer:
    """Follow the traffic until something is in its way."""
    answer = Answer()
    steps = (_outward, _across, _inward)
    try:
        for step in steps:
            answer.hops += step(map, source, target, traffic)
    except _Blocked as blocked:
        answer.blocked = blocked.hop
    return answer


# --- firewalls ------------------------------------------------------------------------------------------


def _outward(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    return _through(map, source, target, traffic, inward=False)


def _inward(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    if target.guarded and not target.firewalls:
        said = "it has no security group, and the network's default one lets in its own members alone"
        raise _Blocked("firewall", said, target.urn)
    return [*_through(map, target, source, traffic, inward=True), Hop("arrives", target.name, target.urn)]


def _through(map: NetworkMap, here: Place, other: Place, traffic: Traffic, *, inward: bool) -> list[Hop]:
    """One of the firewalls around a host lets pass; so does having none that is known."""
    way = "in" if inward else "out"
    around = [map.firewalls[id] for id in here.firewalls if id in map.firewalls]
    if here.firewalls and not around:
        raise _Blocked("firewall", f"{', '.join(here.firewalls)} is not deployed from here: its rules are not known")
    whose = " and ".join(str(c) for c in other.cidrs) or other.name
    tried = []
    for wall in around:
        rules = wall.inward if inward else wall.outward
        if rules is None:
            return [Hop("firewall", "lets everything out", wall.urn)]
        if (rule := next((r for r in rules if _matches(r, other, traffic)), None)) is not None:
            return [Hop("firewall", f"lets {traffic} {way} by {rule}", wall.urn)]
        tried += [(wall, rule) for rule in rules]
    if not around:
        return []
    preposition = "from" if inward else "to"
    near = "; ".join(sorted({str(rule) for _, rule in tried})) or "no rule at all"
    raise _Blocked("firewall", f"no rule lets {traffic} {way} {preposition} {whose}: {near}", around[0].urn)


def _matches(rule: Rule, other: Place, traffic: Traffic) -> bool:
    if rule.protocol not in ("all", traffic.protocol):
        return False
    if traffic.port and not rule.first <= traffic.port <= rule.last:
        return False
    if rule.group:
        return rule.group in other.firewalls
    return rule.cidr is not None and bool(other.cidrs) and all(one.subnet_of(rule.cidr) for one in other.cidrs)


# --- between networks -----------------------------------------------------------------------------------


def _across(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    for one in (source, target):
        if not one.net:
            raise _Blocked("network", f"it is not known which network {one.name} is in", one.urn)
    if source.net == target.net:
        net = map.nets.get(source.net)
        return [Hop("network", "both are in it", net.urn if net else "")]
    links = map.between(source.net, target.net)
    if not links:
        raise _Blocked("network", _unjoined(map, source, target))
    reasons = []
    for link in links:
        try:
            return _along(map, link, source, target)
        except _Blocked as blocked:
            reasons.append(blocked)
    raise reasons[0]


def _along(map: NetworkMap, link: Link, source: Place, target: Place) -> list[Hop]:
    """The steps along one link, which must be open both ways."""
    back = link
    if link.one_way:
        found = next((other for other in map.between(target.net, source.net) if other.one_way), None)
        if found is None:
            raise _Blocked(link.kind, f"{_named(map, target.net)} has no such link back", link.urn)
        back = found
    for inside, outside in ((source, target), (target, source)):
        if outside.net == INTERNET and not inside.public and not link.outward:
            raise _Blocked("address", f"{inside.name} has no public address", inside.urn)
    joins = Hop(link.kind, f"joins {_named(map, source.net)} and {_named(map, target.net)}", link.urn)
    return [*_routed(map, link, source, target), joins, *_routed(map, back, target, source)]


def _routed(map: NetworkMap, link: Link, here: Place, there: Place) -> list[Hop]:
    """The route by which answers or questions leave; a step where there must be one."""
    net = map.nets.get(here.net)
    if net is None or not net.routed:
        return []
    subs = here.subs or tuple(map.subs_of(here.net))
    tables = {sub.table for sub in subs if sub.table}
    routes = [r for r in map.routes if r.table in tables and r.target == link.id]
    fitting = [r for r in routes if all(one.subnet_of(r.cidr) for one in there.cidrs)]
    if fitting:
        best = max(fitting, key=lambda r: r.cidr.prefixlen)
        return [Hop("route", f"{best.cidr} by {link.kind}", best.urn)]
    whose = ", ".join(str(c) for c in there.cidrs)
    if not tables:
        said = f"no route table around {here.name} is deployed from here, and the main one has no route to {whose}"
    else:
        said = f"no route from {here.name} to {whose} by {link.kind}"
    raise _Blocked("route", said, next((sub.urn for sub in subs), net.urn))


def _unjoined(map: NetworkMap, source: Place, target: Place) -> str:
    ends = f"{_named(map, source.net)} and {_named(map, target.net)}"
    if INTERNET in (source.net, target.net):
        return f"nothing joins {ends}"
    chain = map.way_round(source.net, target.net)
    if len(chain) > 2:
        between = ", ".join(_named(map, id) for id in chain[1:-1])
        return f"no link joins {ends} directly; they have {between} in common, and links are not transitive"
    # There may be one in the other direction only.
    if map.between(target.net, source.net):
        return f"{ends} are joined in the other direction only"
    return f"no link joins {ends}"


def _named(map: NetworkMap, id: str) -> str:
    if id == INTERNET:
        return "the internet"
    net = map.nets.get(id)
    return "/".join(net.urn.split(":")[2:]) if net is not None else id
