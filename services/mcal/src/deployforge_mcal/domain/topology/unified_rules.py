"""What the rules of a SecurityGroup become, by cloud."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import EVERYWHERE, parsed
from deployforge_mcal.domain.topology.walls import AccessList, Entry, Members, Rule
from deployforge_mcal.domain.topology.wiring import Part

_EVERYTHING: Final = Rule("all", 0, 65535, EVERYWHERE)
_FIRST, _LAST = 100, 65_001
#: Numbers that a group's rules on Google Cloud have, and the one that denies the rest.
_TAGGED, _CLOSED = 1000, 65_000
_GOOGLES_OWN: Final = 65_535


def rules(given: Iterable[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    """Rules as SecurityGroup has them; those about addresses of the new protocol are left out."""
    found = []
    for one in given or ():
        cidr = parsed(one["cidr"]) if "cidr" in one else None
        if cidr is not None or one.get("group"):
            first, last = (0, 65535) if one.get("protocol") == "all" else (one.get("fromPort", 0), one.get("toPort", 65535))
            found.append(Rule(str(one.get("protocol", "tcp")), int(first), int(last), cidr, str(one.get("group") or "")))
    return tuple(found)


def listed(urn: str, id: str, inward: Iterable[Rule], outward: Iterable[Rule] | None) -> AccessList:
    """A network security group of Azure: rules that allow, one after the other; what none allows is denied."""
    out = [(_LAST, _EVERYTHING)] if outward is None else list(enumerate(outward, _FIRST))
    entries = [
        *(_entry(urn, id, number, True, rule) for number, rule in enumerate(inward, _FIRST)),
        *(_entry(urn, id, number, False, rule) for number, rule in out),
    ]
    return AccessList(urn, id, "firewall", True, tuple(entries))


def tagged(urn: str, id: str, net: str, inward: Iterable[Rule], outward: Iterable[Rule] | None) -> list[Part]:
    """Firewall rules of a network of Google Cloud, about those with the group's tag, and last ones that deny."""
    mine = (tag(id),)

    def denial(inwards: bool) -> Entry:
        return Entry(urn, net, _CLOSED, False, inwards, "all", 0, 65535, (EVERYWHERE,), members=mine)

    return [
        Members(urn, net, mine[0]),
        *(_entry(urn, net, _TAGGED, True, rule, mine) for rule in inward),
        *(_entry(urn, net, _TAGGED, False, rule, mine) for rule in outward or ()),
        denial(True),
        *([denial(False)] if outward is not None else []),
    ]


def walls_of(urn: str, net: str) -> AccessList:
    """The firewall rules of a network of Google Cloud: what none lets in stays out, and everything else may leave."""
    out = Entry(urn, net, _GOOGLES_OWN, True, False, "all", 0, 65535, (EVERYWHERE,))
    return AccessList(urn, net, "firewall", True, (out,))


def tag(id: str) -> str:
    """What the members of a group carry."""
    return id.rpartition("/")[2]


def _entry(urn: str, of: str, number: int, inward: bool, rule: Rule, members: tuple[str, ...] = ()) -> Entry:
    # Neither cloud tells echoes from other kinds.
    first, last = (0, 65535) if rule.protocol == "icmp" else (rule.first, rule.last)
    cidrs, groups = (rule.cidr,) if rule.cidr is not None else (), (tag(rule.group),) if rule.group else ()
    return Entry(urn, of, number, True, inward, rule.protocol, first, last, cidrs, groups=groups, members=members)
