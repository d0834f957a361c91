"""Rules of network security groups as entries of access lists, and those that every group ends with.

Source: Azure Virtual Network, "Network security groups", "Virtual network service tags".
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import EVERYWHERE, parsed
from deployforge_mcal.domain.topology.walls import Entry
from deployforge_mcal.domain.topology.wiring import INTERNET, NETWORK

_ANY: Final = ("*", "any", "0.0.0.0/0")
#: What is meant by these depends on who asks; by all other tags, services of Azure, which are no places here.
_TAGS: Final = {"virtualnetwork": NETWORK, "internet": INTERNET}
#: From where Azure's load balancers ask whether somebody is well.
_PROBES: Final = IPv4Network("168.63.129.16/32")
_PROTOCOLS: Final = {"*": "all"}


class NetworkRules:
    """Those of one group. `urn`: of the resource that says them."""

    def __init__(self, urn: str, group: str) -> None:
        self._urn, self._group = urn, group

    def entries(self, rule: Mapping[str, Any]) -> list[Entry]:
        """One for every range of ports. None for a rule that lets only some source ports pass: everybody uses others."""
        allow, inward = str(rule.get("access")).lower() == "allow", str(rule.get("direction")).lower() == "inbound"
        if allow and _ports(rule, "source") != [(0, 65535)]:
            return []
        far, near = ("source", "destination") if inward else ("destination", "source")
        cidrs, tags = _addresses(rule, far)
        mine, names = _addresses(rule, near)
        if allow and names and NETWORK not in names:
            return []
        whole = EVERYWHERE in mine or NETWORK in names
        protocol = str(rule.get("protocol")).lower()
        return [
            Entry(
                self._urn, self._group, int(rule.get("priority", 4096)), allow, inward, _PROTOCOLS.get(protocol, protocol),
                first, last, cidrs, tags, _groups(rule, far), () if whole else mine, _groups(rule, near),
            )
            for first, last in ([(0, 65535)] if protocol == "icmp" else _ports(rule, "destination"))
        ]  # fmt: skip

    def defaults(self) -> tuple[Entry, ...]:
        """What holds where no rule of the group's own decides."""

        def entry(number: int, inward: bool, *cidrs: IPv4Network, tags: tuple[str, ...] = ()) -> Entry:
            return Entry(self._urn, self._group, number, True, inward, "all", 0, 65535, cidrs, tags)

        return (
            entry(65_000, True, tags=(NETWORK,)), entry(65_001, True, _PROBES),
            entry(65_000, False, tags=(NETWORK,)), entry(65_001, False, tags=(INTERNET,)),
        )  # fmt: skip


def _addresses(rule: Mapping[str, Any], side: str) -> tuple[tuple[IPv4Network, ...], tuple[str, ...]]:
    """Ranges and tags; what is neither is left out."""
    cidrs, tags = [], []
    for one in _said(rule, f"{side}AddressPrefix", f"{side}AddressPrefixes"):
        word = one.lower()
        if word in _ANY:
            cidrs.append(EVERYWHERE)
        elif word == "azureloadbalancer":
            cidrs.append(_PROBES)
        elif (cidr := parsed(one)) is not None:
            cidrs.append(cidr)
        else:
            tags.append(_TAGS.get(word, one))
    return tuple(cidrs), tuple(tags)


def _ports(rule: Mapping[str, Any], side: str) -> list[tuple[int, int]]:
    found = []
    for one in _said(rule, f"{side}PortRange", f"{side}PortRanges") or ["*"]:
        low, _, high = ("0-65535" if one == "*" else one).partition("-")
        found.append((int(low), int(high or low)))
    return found


def _groups(rule: Mapping[str, Any], side: str) -> tuple[str, ...]:
    given = rule.get(f"{side}ApplicationSecurityGroups")
    return tuple(str(one.get("id")) for one in (given if isinstance(given, list) else ()) if isinstance(one, Mapping))


def _said(rule: Mapping[str, Any], one: str, several: str) -> Sequence[str]:
    many = rule.get(several)
    found = [rule.get(one), *(many if isinstance(many, list) else ())]
    return [str(value).strip() for value in found if value not in (None, "")]
