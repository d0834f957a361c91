"""The edges of a graph as columns of numbers, for rings so broad that following them one by one takes long."""

from collections.abc import Collection, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

BROAD: Final = 64
"""A ring of fewer is followed faster one by one."""
_SPARE: Final = 1_024


class EdgeColumns:
    """Who uses whom as of now. Source of the form: compressed sparse rows, Y. Saad, "Iterative Methods for Sparse Linear
    Systems" (2003), 3.4.
    """

    def __init__(self, users: Sequence[Collection[int]]) -> None:
        """Time grows with all edges: 300,000 take about 70 ms."""
        self._make(users)

    def _make(self, users: Sequence[Collection[int]]) -> None:
        self._counts = np.fromiter(map(len, users), np.int64, len(users))
        self._starts = np.cumsum(self._counts) - self._counts
        self._users = np.fromiter(chain.from_iterable(users), np.int64, int(self._counts.sum()))
        self._live = len(self._users)

    def keep_up(self, changed: Collection[int], users: Sequence[Collection[int]]) -> None:
        """The users of these changed; time grows with them. Their rows are written anew behind all others, until half of
        what is kept is of the past.
        """
        some = np.fromiter(changed, np.int64, len(changed))
        new = len(users) - len(self._counts)
        self._counts = np.pad(self._counts, (0, new))
        self._starts = np.pad(self._starts, (0, new))
        counts = np.fromiter((len(users[one]) for one in changed), np.int64, len(changed))
        self._live += int(counts.sum() - self._counts[some].sum())
        if len(self._users) + counts.sum() > 2 * self._live + _SPARE:
            self._make(users)
            return
        rows = np.fromiter(chain.from_iterable(users[one] for one in changed), np.int64, int(counts.sum()))
        self._counts[some], self._starts[some] = counts, len(self._users) + np.cumsum(counts) - counts
        self._users = np.concatenate([self._users, rows])

    def spread(self, ring: Sequence[int], seen: bytearray) -> list[int]:
        """Mark all beyond a ring as seen, as long as the rings are broad; the first that is not, which is marked too."""
        marks = np.frombuffer(seen, np.uint8)
        near = np.array(ring, np.int64)
        while len(near) >= BROAD:
            far = self._of(near)
            far = far[marks[far] == 0]
            marks[far] = 1
            near = _once(far, len(marks))
        found: list[int] = near.tolist()
        return found

    def _of(self, near: NDArray[np.int64]) -> NDArray[np.int64]:
        """Users of each, one after the other."""
        counts = self._counts[near]
        before = np.cumsum(counts) - counts
        return self._users[np.repeat(self._starts[near] - before, counts) + np.arange(int(counts.sum()))]


def _once(numbers: NDArray[np.int64], below: int) -> NDArray[np.int64]:
    """Each once: where the last of those alike stands."""
    places = np.arange(len(numbers))
    last = np.empty(below, np.int64)
    last[numbers] = places
    found: NDArray[np.int64] = numbers[last[numbers] == places]
    return found
