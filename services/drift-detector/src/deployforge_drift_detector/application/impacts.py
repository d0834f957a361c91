"""What suffers with a resource, in words, from the graph of what is desired."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from deployforge_drift_detector.application.ports import DesiredStates
from deployforge_drift_detector.domain.impact import AT_MOST, Downstream, Impact, why

_NAMED_AT_MOST: Final = 200_000
"""Characters of all ways together, so that a fact stays well below what a broker takes."""


@dataclass(frozen=True)
class Suffering:
    """What is downstream, and how critical it is."""

    downstream: Downstream
    criticalities: Collection[str]
    """Of the nearest, and of all others that are critical."""


def downstream(states: DesiredStates, urn: str) -> Suffering:
    """What suffers with a resource, itself only by its outputs."""
    reached = states.reach(urn)
    impact, room = [], _NAMED_AT_MOST
    for way in reached.ways:
        room -= sum(map(len, way))
        if room < 0:
            # One long chain: its end is counted like all the others.
            break
        user, needed = states.get(way[-1]), states.get(way[-2])
        if user is None:
            # It went a moment ago.
            continue
        via, reason = why(user, needed) if needed is not None else ("order", "what it needs is gone")
        impact.append(Impact(user.urn, way, reason, via))
    known = [states.get(one) for one in {urn, *(one.urn for one in impact), *reached.notable}]
    found = [one for one in known if one is not None]
    outputs = sorted(f"{one.name}.{output}" for one in found for output in one.outputs)
    return Suffering(
        Downstream(tuple(impact), reached.count, tuple(outputs[:AT_MOST])),
        [one.criticality for one in found if one.urn != urn],
    )
