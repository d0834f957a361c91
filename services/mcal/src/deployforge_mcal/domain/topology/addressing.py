"""Which addresses a network or subnet gets, and whether those that are declared are free. Pure: the claims of all
deployments come in, specs with addresses, claims to be kept and problems come out.

A *claim* is a range with the resource that has it. A resource keeps its range for as long as it asks for the same
size, so planning again changes nothing. What is only planned is kept apart from other `auto` ranges, but does not stand
in the way of whoever declares an address: of two such plans the first to be carried out has it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from typing import Any, Final

from deployforge_mcal.domain import references
from deployforge_mcal.domain.references import BadReference
from deployforge_mcal.domain.topology.declared import NETWORK, SIZES, SUBNET, NativeRanges, no_ranges
from deployforge_mcal.domain.topology.ranges import first_free, parsed, wanted_prefix
from deployforge_mcal.domain.units import Problem, ResourceSpec

_EXPECTED: Final = "10.0.0.0/16, or auto/20 for a free range of that size"


@dataclass(frozen=True)
class Claim:
    """A range and the resource that has it."""

    urn: str
    asked: str
    """As declared: `auto/20`, or the range itself."""
    cidr: str
    parent: str = ""
    """The urn of the network whose part it is; empty for a network."""
    provider_type: str = ""
    account: str = ""
    location: str = ""
    in_use: bool = False
    """Something has been made with it, or is being made; otherwise it is only planned."""

    @property
    def range(self) -> IPv4Network:
        """The addresses."""
        return IPv4Network(self.cidr)

    @property
    def deployment(self) -> str:
        """`urn:df:<namespace>:<name>:` of whoever has it."""
        return self.urn.rpartition(":")[0] + ":"

    @property
    def namespace(self) -> str:
        """Of whoever has it."""
        return self.urn.split(":")[2]

    @property
    def who(self) -> str:
        """Who has it, for people: `storefront/webshop/net on aws eu-west-1`."""
        place = " ".join(part for part in (self.provider_type, self.location) if part)
        return "/".join(self.urn.split(":")[2:]) + (f" on {place}" if place else "")

    @property
    def firm(self) -> bool:
        """Whether it stands in the way of who declares an address."""
        return self.in_use or wanted_prefix(self.asked) is not None


@dataclass(frozen=True)
class Rules:
    """What the operator has said of addresses."""

    pools: tuple[IPv4Network, ...]
    """Where `auto` takes from, in this order."""
    reserved: tuple[IPv4Network, ...] = ()
    """Ranges of others, which `auto` leaves alone."""
    shared: tuple[IPv4Network, ...] = ()
    """Ranges that many networks may have at once, because these never meet."""


@dataclass(frozen=True)
class Addressed:
    """Specs with addresses, what they have now, and what is wrong."""

    specs: tuple[ResourceSpec, ...]
    claims: tuple[Claim, ...]
    problems: tuple[Problem, ...]


@dataclass
class _Planning:
    held: Mapping[tuple[str, str], Claim]
    """By urn and what was asked for."""
    rules: Rules
    blank: Claim
    """Has the place."""
    claims: list[Claim] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def known(self) -> list[Claim]:
        """All claims, with those that were made here."""
        return [*self.held.values(), *self.claims]

    def refuse(self, path: str, message: str, expected: str = _EXPECTED, hint: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(path, message, expected, hint))

    def claim(self, urn: str, asked: str, found: IPv4Network, parent: str = "") -> str:
        """Note a claim; its range."""
        before = self.held.get((urn, asked))
        made = replace(
            self.blank, urn=urn, asked=asked, cidr=str(found), parent=parent, in_use=before is not None and before.in_use
        )
        self.claims.append(made)
        return made.cidr


def addressed(
    specs: Sequence[ResourceSpec], place: Claim, held: Collection[Claim], rules: Rules, native: NativeRanges = no_ranges
) -> Addressed:
    """Give every network and subnet its addresses; what a cloud's own types declare is theirs. `place` has provider type,
    account and location."""
    planning = _Planning({(one.urn, one.asked): one for one in held}, rules, place)
    given: dict[str, str] = {}
    # First what is declared: what is asked for finds room beside it.
    for spec in specs:
        for cidr in native(spec.type, spec.properties):
            _declare(planning, spec, cidr, f"{spec.name}.properties", "another range, or a Network with cidr: auto/…")
    for type, give in ((NETWORK, _network), (SUBNET, _subnet)):
        for spec in specs:
            if spec.type == type and (range := give(planning, spec)) is not None:
                given[spec.urn] = range
    made = tuple(
        replace(spec, properties={**spec.properties, "cidr": given[spec.urn]}) if spec.urn in given else spec
        for spec in specs
    )
    return Addressed(made, tuple(planning.claims), tuple(planning.problems))


def conflict(cidr: IPv4Network, urn: str, held: Iterable[Claim], rules: Rules) -> Claim | None:
    """A network of another deployment that has some of these addresses, and must not be met."""
    if any(cidr.subnet_of(shared) for shared in rules.shared):
        return None
    own = urn.rpartition(":")[0] + ":"
    others = (one for one in held if not one.parent and one.deployment != own and one.firm)
    return next((one for one in others if one.range.overlaps(cidr)), None)


def _network(planning: _Planning, spec: ResourceSpec) -> str | None:
    asked, path = spec.properties.get("cidr"), f"{spec.name}.properties.cidr"
    prefix = wanted_prefix(asked)
    if prefix is None:
        return _declared_network(planning, spec, path)
    if not _fits(planning, NETWORK, prefix, path):
        return None
    if (before := planning.held.get((spec.urn, f"auto/{prefix}"))) is not None:
        return planning.claim(spec.urn, before.asked, before.range)
    networks = [one.range for one in planning.known() if not one.parent]
    found = first_free(prefix, planning.rules.pools, [*networks, *planning.rules.reserved])
    if found is None:
        pools = ", ".join(map(str, planning.rules.pools)) or "no pool at all"
        planning.refuse(
            path, f"no /{prefix} is free in {pools}", f"at most what is free, {len(networks)} networks hold some"
        )
        return None
    return planning.claim(spec.urn, f"auto/{prefix}", found)


def _declared_network(planning: _Planning, spec: ResourceSpec, path: str) -> str | None:
    cidr = parsed(spec.properties.get("cidr"))
    if cidr is None:
        return None
    return _declare(planning, spec, cidr, path, f"cidr: auto/{cidr.prefixlen} takes a free range")


def _declare(planning: _Planning, spec: ResourceSpec, cidr: IPv4Network, path: str, hint: str) -> str | None:
    if (other := conflict(cidr, spec.urn, planning.held.values(), planning.rules)) is not None:
        said = f"{cidr} overlaps {other.cidr} of {other.who}"
        planning.refuse(path, said, "addresses of its own", hint)
        return None
    return planning.claim(spec.urn, str(cidr), cidr)


def _subnet(planning: _Planning, spec: ResourceSpec) -> str | None:
    asked, path = spec.properties.get("cidr"), f"{spec.name}.properties.cidr"
    parents = _parents(spec, planning)
    parent = parents[-1] if parents else None
    prefix = wanted_prefix(asked)
    if prefix is None:
        return _declared_subnet(planning, spec, parents, path)
    if not _fits(planning, SUBNET, prefix, path):
        return None
    if parent is None:
        planning.refuse(path, f"{asked} needs a network of this manifest", "network: ${net.id}", "or declare the range")
        return None
    before = planning.held.get((spec.urn, f"auto/{prefix}"))
    if before is not None and before.parent == parent.urn and before.range.subnet_of(parent.range):
        return planning.claim(spec.urn, before.asked, before.range, parent.urn)
    taken = [one.range for one in planning.known() if one.parent == parent.urn]
    found = first_free(prefix, [parent.range], taken)
    if found is None:
        planning.refuse(
            path, f"no /{prefix} is free in {parent.cidr} of {parent.who}", "a smaller part, or a larger network"
        )
        return None
    return planning.claim(spec.urn, f"auto/{prefix}", found, parent.urn)


def _declared_subnet(planning: _Planning, spec: ResourceSpec, parents: Sequence[Claim], path: str) -> str | None:
    cidr = parsed(spec.properties.get("cidr"))
    if cidr is None or not parents:
        return None
    parent = next((one for one in parents if cidr.subnet_of(one.range)), parents[-1])
    if not cidr.subnet_of(parent.range):
        planning.refuse(path, f"{cidr} is not a part of {parent.cidr} of {parent.who}", f"a part of {parent.cidr}")
        return None
    siblings = (one for one in planning.claims if one.parent == parent.urn)
    if (other := next((one for one in siblings if one.range.overlaps(cidr)), None)) is not None:
        planning.refuse(
            path, f"{cidr} overlaps {other.cidr} of {other.who}", "addresses of its own", f"auto/{cidr.prefixlen}"
        )
        return None
    return planning.claim(spec.urn, str(cidr), cidr, parent.urn)


def _fits(planning: _Planning, type: str, prefix: int, path: str) -> bool:
    sizes = SIZES[type]
    if prefix in sizes:
        return True
    planning.refuse(path, f"auto/{prefix} is no size of a {type}", f"auto/{sizes.start} to auto/{sizes.stop - 1}")
    return False


def _parents(spec: ResourceSpec, planning: _Planning) -> list[Claim]:
    """The claims of the network of this manifest that a subnet refers to, the newest last: a network may have several
    ranges, or be changing its only one."""
    name = _referred(spec.properties.get("network"))
    urn = f"{spec.urn.rpartition(':')[0]}:{name}"
    here = [one for one in planning.claims if one.urn == urn]
    return here or [one for one in planning.held.values() if one.urn == urn]


def _referred(value: Any) -> str:
    try:
        return next((reference.name for reference in references.of(value)), "")
    except BadReference:
        return ""
