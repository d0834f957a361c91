"""Whether one place reaches another: out past the guards of the first, along one link with routes both ways, in past the
guards of the second, and back. The first thing in the way ends it, and is the answer.
"""

from collections.abc import Iterator
from dataclasses import replace

from deployforge_mcal.domain.topology.crossing import across
from deployforge_mcal.domain.topology.guards import answers, inward, lists_around, outward, turning
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import Place
from deployforge_mcal.domain.topology.traffic import Answer, Blocked, Hop, Traffic
from deployforge_mcal.domain.topology.wiring import INTERNET


def reach(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Answer:
    """Follow the traffic until something is in its way. Where any port will do, one of those that get furthest."""
    unread = [*_unread(map, source, target)]
    if {source.urn, target.urn} & {hop.urn for hop in unread}:
        return Answer(unread=unread)
    found = _by_some_port(map, source, target, traffic)
    return Answer(found.hops, found.blocked, unread)


def _by_some_port(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Answer:
    if traffic.port or traffic.protocol == "icmp":
        return _followed(map, source, target, traffic)
    tried = []
    for port in turning(map, source, target):
        tried.append(_followed(map, source, target, replace(traffic, port=port, any=True)))
        if tried[-1].reachable:
            return tried[-1]
    return max(tried, key=lambda answer: len(answer.hops))


def _unread(map: NetworkMap, *places: Place) -> Iterator[Hop]:
    """What is not read and is one of the ends, or mentions something around them."""
    around: set[str] = set()
    for place in places:
        subs = place.subs or map.subs_of(place.net)
        tables = [sub.table for sub in subs]
        around |= {place.net, *(sub.id for sub in subs), *tables, *place.firewalls, *lists_around(map, place)}
    urns = {place.urn for place in places}
    for one in map.unread:
        if one.urn in urns or one.mentions & (around - {"", INTERNET}):
            yield Hop("not read", one.type, one.urn)


def _followed(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Answer:
    answer = Answer()
    try:
        for hops in _steps(map, source, target, traffic):
            answer.hops += hops
    except Blocked as blocked:
        answer.blocked = blocked.hop
    return answer


def _steps(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Iterator[list[Hop]]:
    yield from outward(map, source, target, traffic)
    yield across(map, source, target, traffic)
    yield from inward(map, source, target, traffic)
    yield answers(map, source, target, traffic)
    yield [Hop("arrives", target.name, target.urn)]
