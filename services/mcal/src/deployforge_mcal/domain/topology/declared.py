"""What a manifest itself says of addresses, before any are given: sizes, ranges, overlaps."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any, Final, TypeAlias

from deployforge_mcal.domain.topology.ranges import parsed, wanted_prefix
from deployforge_mcal.domain.topology.wiring import Net, Part, Widened, Wired
from deployforge_mcal.domain.units import Problem, ResourceSpec

NETWORK: Final = "Network"
SUBNET: Final = "Subnet"
#: Sizes that the clouds make: AWS networks /16 to /28, Azure subnets down to /29.
SIZES: Final[Mapping[str, range]] = {NETWORK: range(8, 29), SUBNET: range(9, 30)}

NativeRanges: TypeAlias = Callable[[str, Mapping[str, Any]], tuple[IPv4Network, ...]]
"""A type in a cloud's own words and what is declared of it → the addresses of the network that it makes, or widens."""


def no_ranges(type: str, properties: Mapping[str, Any]) -> tuple[IPv4Network, ...]:
    """No type of a cloud's own is known."""
    return ()


def native_ranges(readers: Mapping[str, Callable[[Wired], Sequence[Part]]]) -> NativeRanges:
    """As those read it who say what native types add to networks."""

    def ranges(type: str, properties: Mapping[str, Any]) -> tuple[IPv4Network, ...]:
        read = readers.get(type)
        try:
            parts = read(Wired("", type, "", "", "", "", properties)) if read is not None else ()
        except (TypeError, ValueError):
            # Where a number shall stand there still is a reference; of networks it is texts that are read.
            return ()
        return tuple(cidr for one in parts if isinstance(one, Net | Widened) for cidr in one.cidrs)

    return ranges


def ranges(type: str, properties: Mapping[str, Any], native: NativeRanges) -> tuple[IPv4Network, ...]:
    """The addresses that a network declares, of whatever type it is."""
    if type != NETWORK:
        return native(type, properties)
    cidr = parsed(properties.get("cidr"))
    return (cidr,) if cidr is not None else ()


def placeholders(specs: Sequence[ResourceSpec]) -> list[ResourceSpec]:
    """The same specs, with some range of the right size where one is asked for: to be checked before any is given."""
    return [
        replace(spec, properties={**spec.properties, "cidr": f"10.0.0.0/{prefix}"})
        if spec.type in SIZES and (prefix := wanted_prefix(spec.properties.get("cidr"))) in SIZES[spec.type]
        else spec
        for spec in specs
    ]


def declared_overlaps(specs: Iterable[ResourceSpec], native: NativeRanges = no_ranges) -> list[Problem]:
    """Networks of one manifest that have addresses in common."""
    seen: list[tuple[str, IPv4Network]] = []
    found = []
    for spec in specs:
        for cidr in ranges(spec.type, spec.properties, native):
            if other := next((name for name, range in seen if name != spec.name and range.overlaps(cidr)), None):
                said = f"{cidr} overlaps the addresses of {other}"
                where = f"{spec.name}.properties" + (".cidr" if spec.type == NETWORK else "")
                found.append(Problem(where, said, "a range of its own", f"cidr: auto/{cidr.prefixlen} of a Network"))
            seen.append((spec.name, cidr))
    return found
