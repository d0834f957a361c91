"""What takes long to fetch and many want at once: the first of them fetches it, the others wait for it and have it too."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Things by key, each good for some seconds from when it was begun to be fetched."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._lock = threading.Lock()
        self._places: dict[Hashable, _Place[T]] = {}

    def get(self, key: Hashable, fetch: Callable[[], T]) -> T:
        """A thing that is not older than that. Raises what `fetch` raises; whoever comes next then tries by itself."""
        with self._lock:
            place = self._places.setdefault(key, _Place())
        with place.lock:
            if not place.held or self._now() - place.begun >= self._seconds:
                begun = self._now()
                place.held = [fetch()]
                place.begun = begun
            return place.held[0]


class _Place(Generic[T]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: list[T] = []
        self.begun = 0.0
