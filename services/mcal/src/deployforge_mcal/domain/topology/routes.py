"""The routes by which questions and answers leave subnets: the most specific one decides.

Some clouds make none by themselves, so each must be there; others make those of every link, which a table may overrule.
"""

from collections.abc import Iterable, Sequence

from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import Place
from deployforge_mcal.domain.topology.traffic import Blocked, Hop
from deployforge_mcal.domain.topology.wiring import INTERNET, NETWORK, Link, Net, Route, Sub


def routed(map: NetworkMap, link: Link | None, here: Place, there: Place) -> list[Hop]:
    """Steps where there are routes in tables, out of every subnet of a place. No link: within it. Raises Blocked."""
    net = map.nets.get(here.net)
    subs = here.subs or tuple(map.subs_of(here.net))
    if net is None:
        return []
    if not net.routed:
        return list(dict.fromkeys(hop for sub in subs for hop in _overruled(map, link, sub, here, there)))
    return _out_of_all(map, link, net, subs, here, there) if link is not None else []


# --- where every route is in a table --------------------------------------------------------------------


def _out_of_all(map: NetworkMap, link: Link, net: Net, subs: Sequence[Sub], here: Place, there: Place) -> list[Hop]:
    found, reasons = [], []
    for sub in subs:
        try:
            found.append(_by_table(map, link, sub, here, there))
        except Blocked as blocked:
            reasons.append(blocked)
    # Of what is placed by a group of subnets it is not known in which it is: one will do.
    if reasons and (here.subs or not found):
        raise reasons[0]
    if not subs:
        raise Blocked("route", f"no subnet of {here.name} is deployed from here, so its routes are not known", net.urn)
    return list(dict.fromkeys(found))


def _by_table(map: NetworkMap, link: Link, sub: Sub, here: Place, there: Place) -> Hop:
    """The route that a subnet's table chooses: the most specific one."""
    whose = ", ".join(str(c) for c in there.cidrs)
    if not sub.table:
        said = f"no route table around {here.name} is deployed from here, and the main one has no route to {whose}"
        raise Blocked("route", said, sub.urn)
    routes = [route for route in map.routes if route.table == sub.table]
    fitting = _fitting(routes, there)
    best = max(fitting, key=lambda r: (r.cidr.prefixlen, r.target == link.id), default=None)
    if best is None or (best.target != link.id and not any(r.target == link.id for r in fitting)):
        raise Blocked("route", f"no route from {here.name} to {whose} by {link.kind}", sub.urn)
    for other in (best, *_inside(routes, there)):
        if other.target != link.id:
            raise Blocked("route", f"{other.cidr} goes elsewhere from {here.name}, by a more specific route", other.urn)
    return Hop("route", f"{best.cidr} by {link.kind}", best.urn)


# --- where the cloud makes routes itself ----------------------------------------------------------------


def _overruled(map: NetworkMap, link: Link | None, sub: Sub, here: Place, there: Place) -> list[Hop]:
    """A step where a table has a route that is as specific as the cloud's own, or more."""
    if not sub.table:
        return []
    if sub.table not in map.tables:
        raise Blocked("route", f"{sub.table} is not deployed from here: its routes are not known", sub.urn)
    routes = [route for route in map.routes if route.table == sub.table]
    own = _own(map, link, there)
    best = max(_fitting(routes, there), key=lambda r: r.cidr.prefixlen, default=None)
    deciding = [best] if best is not None and best.cidr.prefixlen >= own else []
    wanted = NETWORK if link is None else link.kind
    for one in (*deciding, *_inside(routes, there)):
        if one.target != wanted:
            said = f"{one.cidr} goes to {one.target} from {here.name}; what becomes of it there is not known"
            raise Blocked("route", said, one.urn)
    return [Hop("route", f"{one.cidr} by {wanted}", one.urn) for one in deciding]


def _own(map: NetworkMap, link: Link | None, there: Place) -> int:
    """How specific the cloud's own route is."""
    net = map.nets.get(there.net)
    ranges = (*(net.cidrs if net is not None else ()), *(link.far if link is not None else ()))
    return max((one.prefixlen for one in ranges if all(cidr.subnet_of(one) for cidr in there.cidrs)), default=0)


def _fitting(routes: Iterable[Route], there: Place) -> list[Route]:
    return [route for route in routes if all(one.subnet_of(route.cidr) for one in there.cidrs)]


def _inside(routes: Iterable[Route], there: Place) -> list[Route]:
    """Routes for a part of a place; of the whole internet some part always goes elsewhere."""
    inside = () if there.net == INTERNET else there.cidrs
    return [route for route in routes if any(route.cidr.subnet_of(one) and route.cidr != one for one in inside)]
