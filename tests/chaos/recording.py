"""A history written by many threads."""

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.chaos.history import Writer


class Recorder:
    """Adds records one after the other; each is on disk when `add` returns."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        """Records by kind."""

    def add(self, record: Any) -> None:
        """Append one record."""
        self.add_all((record,))

    def add_all(self, records: Iterable[Any]) -> None:
        """Append many."""
        with self._lock:
            for record in records:
                self._writer.add(record)
                self.counts[type(record).__name__] += 1
            self._writer.flush()
