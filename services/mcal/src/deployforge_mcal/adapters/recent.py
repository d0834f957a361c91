"""What this process has changed lately: a cloud's index of everything there is lags behind, and is not asked about it."""

import threading
import time
from collections.abc import Iterable


class Recent:
    """Ids, without regard to case, for as long as an index may show what was before."""

    def __init__(self, lag_seconds: float) -> None:
        self._lag = lag_seconds
        self._at: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, ids: Iterable[str]) -> None:
        """They have been changed now."""
        now = time.monotonic()
        with self._lock:
            self._at = {id: at for id, at in self._at.items() if now - at < self._lag}
            self._at |= {id.lower(): now for id in ids}

    def forget(self) -> None:
        """As if nothing had been changed."""
        with self._lock:
            self._at = {}

    def __contains__(self, id: object) -> bool:
        at = self._at.get(str(id).lower())
        return at is not None and time.monotonic() - at < self._lag
