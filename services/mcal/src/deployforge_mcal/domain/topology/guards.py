"""What stands around places: firewalls, one of which must let pass, and access lists, all of which must."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from deployforge_mcal.domain.topology.access_lists import Asked, judged, turning_ports
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import Place
from deployforge_mcal.domain.topology.traffic import LAST_PORT, Blocked, Hop, Traffic
from deployforge_mcal.domain.topology.walls import AccessList, Entry, Rule
from deployforge_mcal.domain.topology.wiring import INTERNET, NETWORK

#: Types of echo, and of the answer to it. Source: RFC 792.
_ECHO, _ECHO_REPLY = 8, 0
_UNKNOWN: Final = "is not deployed from here: its rules are not known"


def outward(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Iterator[list[Hop]]:
    """Out of a place. Raises Blocked."""
    yield _by_firewalls(map, source, target, traffic, inward=False)
    yield through_lists(map, source, target, traffic, inward=False)


def inward(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Iterator[list[Hop]]:
    """Into a place. Raises Blocked."""
    yield through_lists(map, target, source, traffic, inward=True)
    if target.guarded and not target.firewalls:
        said = "it has no security group, and the network's default one lets in its own members alone"
        raise Blocked("firewall", said, target.urn)
    yield _by_firewalls(map, target, source, traffic, inward=True)


def answers(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    """Back again, past access lists that do not remember what they let through. Raises Blocked."""
    return [
        *through_lists(map, target, source, traffic, inward=False, back_to=source.low_port),
        *through_lists(map, source, target, traffic, inward=True, back_to=source.low_port),
    ]


def turning(map: NetworkMap, *places: Place) -> list[int]:
    """Ports enough to ask about when any will do: between two of them nothing changes."""
    found = {1}
    for place in places:
        for wall in (map.firewalls[id] for id in place.firewalls if id in map.firewalls):
            found |= {port for rule in (*wall.inward, *(wall.outward or ())) for port in (rule.first, rule.last + 1)}
    found |= {port for one in map.lists.values() for port in turning_ports(one.entries)}
    return sorted(port for port in found if 1 <= port <= LAST_PORT)


# --- firewalls ------------------------------------------------------------------------------------------


def _by_firewalls(map: NetworkMap, here: Place, other: Place, traffic: Traffic, *, inward: bool) -> list[Hop]:
    """One of the firewalls around a host lets pass; so does having none that is known."""
    way = "in" if inward else "out"
    around = [map.firewalls[id] for id in here.firewalls if id in map.firewalls]
    if here.firewalls and not around:
        raise Blocked("firewall", f"{', '.join(here.firewalls)} {_UNKNOWN}")
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
    near = "; ".join(sorted({str(rule) for _, rule in tried})) or "no rule at all"
    raise Blocked("firewall", f"no rule lets {traffic} {_whither(other, inward)}: {near}", around[0].urn)


def _matches(rule: Rule, other: Place, traffic: Traffic) -> bool:
    if rule.protocol not in ("all", traffic.protocol):
        return False
    if traffic.port and not rule.first <= traffic.port <= rule.last:
        return False
    if rule.group:
        return rule.group in other.firewalls
    return rule.cidr is not None and bool(other.cidrs) and all(one.subnet_of(rule.cidr) for one in other.cidrs)


def _whither(other: Place, inward: bool) -> str:
    return f"{'in from' if inward else 'out to'} {' and '.join(str(c) for c in other.cidrs) or other.name}"


# --- access lists ---------------------------------------------------------------------------------------


def through_lists(
    map: NetworkMap, here: Place, other: Place, traffic: Traffic, *, inward: bool, back_to: int = 0
) -> list[Hop]:
    """All access lists around a place let pass. `back_to`: the answers, to ports from this one on. Raises Blocked."""
    asked = _asked(other, traffic, back_to)
    hops = []
    for id in lists_around(map, here):
        wall = map.lists.get(id)
        if wall is None:
            raise Blocked("firewall", f"{id} {_UNKNOWN}", here.urn)
        if (wall.stateful and back_to) or (not wall.stateful and _share_a_subnet(here, other)):
            continue
        what = f"answers, {asked}" if back_to else str(traffic)
        about = replace(wall, entries=tuple(_about(map, wall, here, other)))
        hops.append(_judged(about, other, asked, what, inward=inward))
    return hops


def _judged(wall: AccessList, other: Place, asked: Asked, what: str, *, inward: bool) -> Hop:
    verdict, whither = judged(wall.entries, asked, inward=inward), _whither(other, inward)
    if (entry := verdict.denied_by) is not None:
        raise Blocked(wall.kind, f"rule {entry} is in the way of {what} {whither}", entry.urn or wall.urn)
    if verdict.left or not asked.cidrs:
        some = verdict.left not in ((), asked.cidrs) and other.net != INTERNET
        part = f", of which {verdict.left[0]} is a part" if some else ""
        raise Blocked(wall.kind, f"no rule lets {what} {whither}{part}", wall.urn)
    by = "; ".join(map(str, verdict.by))
    but = f"; but {'; '.join(map(str, verdict.spared))}" if verdict.spared else ""
    return Hop(wall.kind, f"lets {what} {'in' if inward else 'out'} by {by}{but}", wall.urn)


def _about(map: NetworkMap, wall: AccessList, here: Place, other: Place) -> Iterator[Entry]:
    """The entries that are about this place, and the other end's addresses where it is named by what it is."""
    joined = other.net == here.net or (bool(map.between(here.net, other.net)) and other.net != INTERNET)
    is_one = {NETWORK} if joined else {INTERNET} if other.net == INTERNET else set()
    for entry in wall.entries:
        near = entry.near or here.cidrs
        within = [any(one.subnet_of(mine) for mine in near) for one in here.cidrs]
        touched = any(one.overlaps(mine) for one in here.cidrs for mine in near)
        fits = all(within) if entry.allow else touched or not entry.near
        if fits and (not entry.members or set(entry.members) & set(here.groups)):
            named = is_one & set(entry.tags) or set(other.groups) & set(entry.groups)
            yield replace(entry, meant=other.cidrs) if named else entry


def _asked(other: Place, traffic: Traffic, back_to: int) -> Asked:
    if traffic.protocol == "icmp":
        kind = _ECHO_REPLY if back_to else _ECHO
        return Asked("icmp", kind, kind, other.cidrs)
    return Asked(traffic.protocol, back_to or traffic.port, LAST_PORT if back_to else traffic.port, other.cidrs)


def lists_around(map: NetworkMap, here: Place) -> Iterator[str]:
    """Where it is not known in which of a network's subnets somebody is, those of all."""
    subs = here.subs or map.subs_of(here.net)
    return iter(dict.fromkeys([*here.lists, *(id for sub in subs for id in sub.lists)]))


def _share_a_subnet(one: Place, other: Place) -> bool:
    return len(one.subs) == 1 and one.subs == other.subs
