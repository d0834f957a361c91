"""Whether one place reaches another: out past the guards of the first, along one link with routes both ways, in past the
guards of the second, and back. The first thing in the way ends it, and is the answer.
"""

from collections.abc import Iterator
from dataclasses import replace

from deployforge_mcal.domain.topology.crossing import across
from deployforge_mcal.domain.topology.guards import answers, inward, outward, turning
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import Place
from deployforge_mcal.domain.topology.traffic import Answer, Blocked, Hop, Traffic


def reach(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> Answer:
    """Follow the traffic until something is in its way. Where any port will do, one of those that get furthest."""
    if traffic.port or traffic.protocol == "icmp":
        return _followed(map, source, target, traffic)
    tried = []
    for port in turning(map, source, target):
        tried.append(_followed(map, source, target, replace(traffic, port=port, any=True)))
        if tried[-1].reachable:
            return tried[-1]
    return max(tried, key=lambda answer: len(answer.hops))


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
