"""The parts of networks in the unified vocabulary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.topology.wiring import Firewall, Host, Net, Part, Rule, Sub, Wired

_HOSTS: Final = frozenset({"Compute", "LoadBalancer", "Database", "Cache"})
TYPES: Final = frozenset({"Network", "Subnet", "SecurityGroup", *_HOSTS})
#: The others make the routes of a link themselves.
_ROUTED: Final = frozenset({"aws"})


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
        net = _text(values, "network")
        return [Firewall(of.urn, id, net, rules(values.get("ingress")), None if outward is None else rules(outward))]
    if of.type in _HOSTS:
        subs = values.get("subnets") or [values["subnet"]] if values.get("subnet") or values.get("subnets") else []
        balances = of.type == "LoadBalancer"
        guarded = not balances and of.provider_type in _ROUTED
        groups = tuple(map(str, values.get("securityGroups") or ()))
        return [Host(of.urn, id, tuple(map(str, subs)), groups, values.get("public") is True, guarded, balances)]
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


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")
