"""The parts of networks in the unified vocabulary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import EVERYWHERE, parsed
from deployforge_mcal.domain.topology.wiring import AccessList, Entry, Firewall, Host, Net, Part, Rule, Sub, Wired

_HOSTS: Final = frozenset({"Compute", "LoadBalancer", "Database", "Cache"})
TYPES: Final = frozenset({"Network", "Subnet", "SecurityGroup", *_HOSTS})
#: The others make the routes of a link themselves.
_ROUTED: Final = frozenset({"aws"})
#: All groups around a host must let pass, those around its subnet too; elsewhere one of them is enough.
_LISTED: Final = frozenset({"azure"})
_FIRST, _LAST = 100, 65_001


def parts(of: Wired) -> Sequence[Part]:
    """What a resource of a unified type adds; nothing for a type that has no part in networks."""
    values, id = of.properties, of.physical_id
    if of.type == "Network":
        cidr = parsed(values.get("cidr"))
        return [Net(of.urn, id, (cidr,) if cidr else (), of.provider_type in _ROUTED)]
    if of.type == "Subnet":
        return [Sub(of.urn, id, _text(values, "network"), parsed(values.get("cidr")), values.get("public") is True)]
    if of.type == "SecurityGroup":
        outward = values.get("egress")
        if of.provider_type in _LISTED:
            return [_listed(of, rules(values.get("ingress")), None if outward is None else rules(outward))]
        net = _text(values, "network")
        return [Firewall(of.urn, id, net, rules(values.get("ingress")), None if outward is None else rules(outward))]
    if of.type in _HOSTS:
        subs = values.get("subnets") or [values["subnet"]] if values.get("subnet") or values.get("subnets") else []
        balances = of.type == "LoadBalancer"
        guarded = not balances and of.provider_type in _ROUTED
        groups = tuple(map(str, values.get("securityGroups") or ()))
        listed = of.provider_type in _LISTED
        walls, lists = ((), groups) if listed else (groups, ())
        return [Host(of.urn, id, tuple(map(str, subs)), walls, values.get("public") is True, guarded, balances, lists)]
    return []


def rules(given: Iterable[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    """Rules as SecurityGroup has them; those about addresses of the new protocol are left out."""
    found = []
    for one in given or ():
        cidr = parsed(one["cidr"]) if "cidr" in one else None
        if cidr is not None or one.get("group"):
            first, last = (0, 65535) if one.get("protocol") == "all" else (one.get("fromPort", 0), one.get("toPort", 65535))
            found.append(Rule(str(one.get("protocol", "tcp")), int(first), int(last), cidr, str(one.get("group") or "")))
    return tuple(found)


def _listed(of: Wired, inward: Iterable[Rule], outward: Iterable[Rule] | None) -> AccessList:
    """Rules that allow, one after the other; what none allows is denied."""

    def entry(number: int, inwards: bool, rule: Rule) -> Entry:
        first, last = (0, 65535) if rule.protocol == "icmp" else (rule.first, rule.last)
        cidrs = (rule.cidr,) if rule.cidr is not None else ()
        return Entry(of.urn, of.physical_id, number, True, inwards, rule.protocol, first, last, cidrs)

    out = [Rule("all", 0, 65535, EVERYWHERE)] if outward is None else outward
    entries = [
        *(entry(_FIRST + n, True, rule) for n, rule in enumerate(inward)),
        *(entry(_FIRST + n if outward is not None else _LAST, False, rule) for n, rule in enumerate(out)),
    ]
    return AccessList(of.urn, of.physical_id, "firewall", True, tuple(entries))


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")
