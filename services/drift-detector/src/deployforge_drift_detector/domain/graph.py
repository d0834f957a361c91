"""Who needs whom, of everything that is deployed, and what is reached from one of them.

Resources that need nobody and that nobody needs are not in it. The others have numbers: following numbers is several
times faster than following urns, and a number is given again once nothing leads to or from it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, nsmallest
from itertools import islice
from typing import Final

from deployforge_drift_detector.domain.edge_columns import BROAD, EdgeColumns

_NOBODY: Final[list[int]] = []
_LISTED: Final = 64
"""More users than this are counted in a dictionary: of a long list nothing can be taken back in good time."""
_STEPS: Final = 2_048
"""Between two looks at how much waits to be followed."""
_WORTH: Final = 32
"""Making columns of everything pays once one in so many was followed."""


@dataclass(frozen=True)
class Reached:
    """Where the ways from a resource lead."""

    ways: tuple[tuple[str, ...], ...]
    """To the nearest, each by a shortest way, both ends included; each behind those of these that it needs."""
    count: int
    """Of all that are reached, however far."""
    notable: frozenset[str]
    """Those that were asked about, of all that are reached."""


class Graph:
    """Edges from a resource to its users; one that was said twice is there until it was taken back twice."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._urns: list[str] = []
        self._free: list[int] = []
        self._users: list[list[int] | dict[int, int]] = []
        self._needs: list[int] = []
        self._columns: EdgeColumns | None = None
        self._changed: set[int] = set()
        """Whose users are not in the columns as they are."""

    def connect(self, needed: str, user: str) -> None:
        """`user` needs `needed`."""
        to, of = self._number(user), self._number(needed)
        self._users_change(of)
        match self._users[of]:
            case []:
                self._users[of] = [to]
            case list() as few if len(few) < _LISTED:
                few.append(to)
            case list() as few:
                self._users[of] = dict(Counter([*few, to]))
            case many:
                many[to] = many.get(to, 0) + 1
        self._needs[to] += 1

    def disconnect(self, needed: str, user: str) -> None:
        """Take back what `connect` said."""
        of, to = self._numbers[needed], self._numbers[user]
        self._users_change(of)
        match self._users[of]:
            case list() as few:
                few.remove(to)
            case many:
                many[to] -= 1
                if not many[to]:
                    del many[to]
        if not self._users[of]:
            self._users[of] = _NOBODY
        self._needs[to] -= 1
        for number in {of, to}:
            if not self._needs[number] and not self._users[number]:
                del self._numbers[self._urns[number]]
                self._free.append(number)

    def users(self, urn: str) -> list[str]:
        """Who needs it directly, in the order of their urns."""
        number = self._numbers.get(urn)
        return [] if number is None else sorted({self._urns[user] for user in self._users[number]})

    def reach(self, urn: str, notable: Collection[str], at_most: int) -> Reached:
        """Everything downstream of a resource, round circles once, and the `at_most` nearest by name: of those that are
        as near, the lowest urns. Time grows with what is reached, and with `notable`.
        """
        start = self._numbers.get(urn)
        if start is None:
            return Reached((), 0, frozenset())
        seen = bytearray(len(self._urns))
        seen[start] = 1
        ways, beyond = self._nearest(start, seen, at_most)
        self._spread(beyond, seen)
        found = frozenset(one for one in notable if (at := self._numbers.get(one)) is not None and seen[at] and at != start)
        urns = self._urns
        return Reached(
            tuple(tuple(urns[n] for n in ways[end]) for end in self._in_order(list(ways))), seen.count(1) - 1, found
        )

    def _nearest(self, start: int, seen: bytearray, at_most: int) -> tuple[dict[int, tuple[int, ...]], list[int]]:
        """Ways by where they end; where these are not all, also the ring that was the first to be too much."""
        name = self._urns.__getitem__
        ways: dict[int, tuple[int, ...]] = {start: (start,)}
        ring, beyond = [start], list[int]()
        while ring and not beyond:
            # All of a ring that is followed was shown, so it is short, and in order.
            following: dict[int, int] = {}
            for near in ring:
                for far in self._users[near]:
                    if not seen[far]:
                        seen[far] = 1
                        following[far] = near
            ring = [self._numbers[urn] for urn in nsmallest(at_most + 1 - len(ways), map(name, following))]
            ways |= {far: (*ways[following[far]], far) for far in ring}
            if len(ring) < len(following):
                beyond = list(following)
        del ways[start]
        return ways, beyond

    def _spread(self, ring: list[int], seen: bytearray) -> None:
        """Mark everything beyond a ring as seen: one by one, and where much waits to be followed, by columns."""
        walked, queue = 0, iter(ring)
        while walked < len(ring):
            self._walk(islice(queue, _STEPS), ring, seen)
            walked += _STEPS
            if len(ring) - walked >= BROAD and (self._columns or walked * _WORTH > len(self._urns)):
                ring = self._kept_up().spread(ring[walked:], seen)
                walked, queue = 0, iter(ring)

    def _users_change(self, number: int) -> None:
        if self._columns is not None:
            self._changed.add(number)

    def _kept_up(self) -> EdgeColumns:
        """Made when first needed, and kept up from then on."""
        if self._columns is None:
            self._columns = EdgeColumns(self._users)
        elif self._changed:
            self._columns.keep_up(self._changed, self._users)
        self._changed.clear()
        return self._columns

    def _walk(self, some: Iterator[int], ring: list[int], seen: bytearray) -> None:
        """Mark the users of some as seen, and add them to the ring."""
        users, add = self._users, ring.append
        for near in some:
            for far in users[near]:
                if not seen[far]:
                    seen[far] = 1
                    add(far)

    def _in_order(self, nearest: Sequence[int]) -> Iterator[int]:
        """Each behind those of these that it needs, otherwise as given; where they go round in a circle, the nearest first.

        Source: A. B. Kahn, "Topological sorting of large networks", CACM 5 (1962).
        """
        place = {number: at for at, number in enumerate(nearest)}
        after = {near: {far for far in self._users[near] if far in place and far != near} for near in nearest}
        waits = dict.fromkeys(nearest, 0)
        for far in (far for some in after.values() for far in some):
            waits[far] += 1
        ready = [place[number] for number, count in waits.items() if not count]
        heapify(ready)
        for number in nearest:
            if not ready and waits[number] > 0:
                ready = [place[number]]
            while ready:
                done = nearest[heappop(ready)]
                waits[done] = -1
                yield done
                for far in after[done]:
                    waits[far] -= 1
                    if not waits[far]:
                        heappush(ready, place[far])

    def _number(self, urn: str) -> int:
        known = self._numbers.get(urn)
        if known is not None:
            return known
        if self._free:
            number = self._free.pop()
            self._urns[number] = urn
        else:
            number = len(self._urns)
            self._urns.append(urn)
            self._users.append(_NOBODY)
            self._needs.append(0)
        self._numbers[urn] = number
        return number

    def __len__(self) -> int:
        return len(self._numbers)
