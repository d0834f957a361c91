"""What else suffers: the resources that depend on a drifted one, directly or through others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

AT_MOST: Final = 200
"""More than this says nothing new, and a fact must stay well below a broker's limit for one message."""


@dataclass(frozen=True)
class Impact:
    """One resource downstream."""

    urn: str
    path: tuple[str, ...]
    """From the drifted resource to this one, both included."""
    reason: str


def downstream(urn: str, dependants: Callable[[str], Iterable[str]]) -> tuple[Impact, ...]:
    """Nearest first, then by urn; each once, by a shortest way. `dependants` gives who depends on a resource directly:
    only what is reached is asked about, so that the size of a deployment does not matter.
    """
    found: list[Impact] = []
    ways: dict[str, tuple[str, ...]] = {urn: (urn,)}
    ring = [urn]
    while ring and len(found) < AT_MOST:
        following: dict[str, tuple[str, ...]] = {}
        for near in ring:
            for far in sorted(dependants(near)):
                if far not in ways and far not in following:
                    following[far] = (*ways[near], far)
        ring = sorted(following)
        ways |= following
        found.extend(Impact(far, ways[far], f"{_name(far)} depends on {_name(ways[far][-2])}") for far in ring)
    return tuple(found[:AT_MOST])


def _name(urn: str) -> str:
    return urn.rpartition(":")[2]
