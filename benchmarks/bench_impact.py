"""How fast it is answered what suffers with a resource, in graphs of 100,000 resources that all suffer.

Unit of work: one answer, as a drift gets it: everything downstream counted, the nearest 200 in dependency order with their
ways and reasons, and who of all of them is critical or has an output (one in a hundred). Four shapes: all need one (star),
a tree of three each, one long chain, and three needs each among the 5,000 before (web; 300,000 edges). The lower bound in
the same run, interleaved: a breadth-first walk by hand over lists of neighbours, which counts and does nothing else; once
with numbers, and once with urns, as one would write it first. Ratios are our time to theirs: below 1 is faster.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.application.impacts import downstream
from deployforge_drift_detector.domain.desired import Desired
from support import arguments, interleaved, ratio, report

Edge = tuple[int, int]
EVERY: Final = 100
DEPLOYMENT: Final = UUID(int=1)


def star(count: int) -> Iterator[Edge]:
    yield from ((0, user) for user in range(1, count))


def tree(count: int) -> Iterator[Edge]:
    yield from (((user - 1) // 3, user) for user in range(1, count))


def chain(count: int) -> Iterator[Edge]:
    yield from ((user - 1, user) for user in range(1, count))


def web(count: int) -> Iterator[Edge]:
    chance = random.Random(1)
    for user in range(1, count):
        for _ in range(3):
            yield chance.randrange(max(0, user - 5_000), user), user


SHAPES: Final[Mapping[str, Callable[[int], Iterator[Edge]]]] = {"star": star, "tree": tree, "chain": chain, "web": web}


def timed(answer: Callable[[], int], expected: int, name: str) -> Callable[[], Mapping[str, float]]:
    """A run that takes milliseconds; it fails where the count is wrong."""

    def run() -> Mapping[str, float]:
        began = time.perf_counter()
        found = answer()
        took = time.perf_counter() - began
        if found != expected:
            sys.exit(f"{name} counted {found}, there are {expected}")
        return {name: took * 1000}

    return run


def desired(urn: str, needs: Sequence[str], outputs: tuple[str, ...]) -> Desired:
    _, _, namespace, name, resource = urn.split(":")
    return Desired(
        urn=urn, deployment_id=DEPLOYMENT, namespace=namespace, name=name, version=1, desired_version=1, shard="aws:0:eu:0",
        every_seconds=60, resource=resource, type="Queue", physical_id=resource, criticality="normal", generation=1,
        properties={}, depends_on=tuple(needs), outputs=outputs,
    )  # fmt: skip


def by_hand(neighbours: Sequence[Sequence[int]]) -> int:
    seen, ring = bytearray(len(neighbours)), [0]
    seen[0] = 1
    for near in ring:
        for far in neighbours[near]:
            if not seen[far]:
                seen[far] = 1
                ring.append(far)
    return len(ring) - 1


def by_hand_with_urns(neighbours: Mapping[str, Sequence[str]], start: str) -> int:
    seen, ring = {start}, [start]
    for near in ring:
        for far in neighbours.get(near, ()):
            if far not in seen:
                seen.add(far)
                ring.append(far)
    return len(ring) - 1


def runs(shape: str, resources: int) -> Iterator[Callable[[], Mapping[str, float]]]:
    """Ours and both lower bounds, over the same edges."""
    urns = [f"urn:df:team-{n % 7}:app-{n % 1000}:resource-{n}" for n in range(resources)]
    needs: list[list[str]] = [[] for _ in urns]
    numbers: list[list[int]] = [[] for _ in urns]
    words: dict[str, list[str]] = {}
    for needed, user in SHAPES[shape](resources):
        needs[user].append(urns[needed])
        numbers[needed].append(user)
        words.setdefault(urns[needed], []).append(urns[user])
    states = DesiredMap()
    for number, urn in enumerate(urns):
        states.put(desired(urn, needs[number], ("url",) if number % EVERY == 1 else ()))
    yield timed(lambda: downstream(states, urns[0]).downstream.affected, resources - 1, shape)
    yield timed(lambda: by_hand(numbers), resources - 1, f"{shape} by hand")
    yield timed(lambda: by_hand_with_urns(words, urns[0]), resources - 1, f"{shape} by hand, urns")


def main() -> None:
    wanted = arguments(__doc__ or "", resources=100_000, repeats=9)
    figures, result = {}, dict[str, float]()
    for shape in SHAPES:
        found = interleaved(wanted.repeats, list(runs(shape, wanted.resources)))
        figures |= found
        result[f"{shape}_ms"] = round(sorted(found[shape])[len(found[shape]) // 2], 1)
        result[f"{shape}_ratio"] = ratio(found, shape, f"{shape} by hand")
        result[f"{shape}_urns_ratio"] = ratio(found, shape, f"{shape} by hand, urns")
    report(figures, f"ms for an answer among {wanted.resources:,} resources", result)


if __name__ == "__main__":
    main()
