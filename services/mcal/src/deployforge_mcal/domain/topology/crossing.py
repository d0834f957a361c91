"""From one network to another: along one link, with routes both ways. Links are not transitive on any cloud, so two
networks must be joined directly. What is not deployed from here is not known; where that matters the answer is no, and
says what is missing.
"""

from collections.abc import Iterator, Sequence

from deployforge_mcal.domain.topology.guards import answers, through_lists
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import ANYBODYS_PORTS, Place
from deployforge_mcal.domain.topology.routes import routed
from deployforge_mcal.domain.topology.traffic import Blocked, Hop, Traffic
from deployforge_mcal.domain.topology.wiring import INTERNET, Link


def across(map: NetworkMap, source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    """From the network of one place to that of another. Raises Blocked."""
    for one in (source, target):
        if not one.net:
            raise Blocked("network", f"it is not known which network {one.name} is in", one.urn)
    if source.net == target.net:
        net = map.nets.get(source.net)
        both = Hop("network", "both are in it", net.urn if net else "")
        return [*routed(map, None, source, target), both, *routed(map, None, target, source)]
    return _by_any(map, map.between(source.net, target.net), source, target, traffic)


def _by_any(map: NetworkMap, links: Sequence[Link], source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    if not links:
        raise Blocked("network", _unjoined(map, source, target))
    reasons = []
    for link in links:
        hops: list[Hop] = []
        try:
            for step in _along(map, link, source, target, traffic):
                hops += step
        except Blocked as blocked:
            reasons.append((len(hops), blocked))
        else:
            return hops
    raise max(reasons, key=lambda reason: reason[0])[1]


def _along(map: NetworkMap, link: Link, source: Place, target: Place, traffic: Traffic) -> Iterator[list[Hop]]:
    """The steps along one link, which must be open both ways."""
    back = link
    if link.one_way:
        found = next((other for other in map.between(target.net, source.net) if other.one_way), None)
        if found is None:
            raise Blocked(link.kind, f"{_named(map, target.net)} has no such link back", link.urn)
        back = found
    yield routed(map, link, source, target)
    for inside, outside in ((source, target), (target, source)):
        if outside.net == INTERNET and not inside.public and not link.outward:
            raise Blocked("address", f"{inside.name} has no public address", inside.urn)
    yield [Hop(link.kind, f"joins {_named(map, source.net)} and {_named(map, target.net)}", link.urn)]
    yield _onward(map, link, source, target, traffic)
    yield routed(map, back, target, source)


def _onward(map: NetworkMap, link: Link, source: Place, target: Place, traffic: Traffic) -> list[Hop]:
    """From the subnet of a NAT gateway, which has access lists and routes of its own."""
    sub = map.subs.get(link.via)
    if sub is None:
        return []
    name = f"the {link.kind} in {_name_of(sub.urn)}"
    cidrs = (sub.cidr,) if sub.cidr else ()
    here = Place(name, sub.urn, sub.net, cidrs, (sub,), public=True, low_port=ANYBODYS_PORTS)
    direct = [one for one in map.between(sub.net, target.net) if not one.outward]
    return [
        *through_lists(map, here, source, traffic, inward=True),
        *through_lists(map, here, target, traffic, inward=False),
        *_by_any(map, direct, here, target, traffic),
        *answers(map, here, target, traffic),
        *through_lists(map, here, source, traffic, inward=False, back_to=source.low_port),
    ]


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
    return _name_of(net.urn) if net is not None else id


def _name_of(urn: str) -> str:
    """As people name it: `namespace/deployment/resource`."""
    return "/".join(urn.split(":")[2:])
