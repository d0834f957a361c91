"""What the adapters of clouds share of calling: turns (see `application.pacing`), and patience."""

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from deployforge_mcal.application.pacing import WIDTH, Pacing, Turns, Unpaced
from deployforge_mcal.application.ports import Session
from deployforge_mcal.domain.units import Scope

T = TypeVar("T")

_FIRST_PAUSE_SECONDS: Final = 0.2
_LAST_PAUSE_SECONDS: Final = 5.0


class TakingTurns:
    """See TakesTurns; base of a provider whose sessions have `waiting`."""

    type: str
    _pacing: Pacing | None = None

    def paced(self, pacing: Pacing) -> None:
        """See TakesTurns."""
        self._pacing = pacing

    def waiting(self, session: Any) -> Session:
        """See TakesTurns."""
        found: Session = session.waiting()
        return found

    def turns(self, scope: Scope, patience_seconds: float) -> Turns:
        """Those of a session in a scope."""
        if self._pacing is None:
            return Unpaced()
        return self._pacing.turns(self.type, scope.account, patience_seconds)


def at_once(ids: Iterable[str], read: Callable[[str], T]) -> dict[str, T]:
    """`read` for every id, some at a time."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) <= 1:
        return {id: read(id) for id in wanted}
    with ThreadPoolExecutor(min(WIDTH, len(wanted)), thread_name_prefix="read") as pool:
        return dict(zip(wanted, pool.map(read, wanted), strict=True))


def patiently(once: Callable[[], T], seconds: float, again: Callable[[Exception], bool | float]) -> T:
    """`once()`, tried again while `again` says so of what it raised: after the seconds that it says, or with backoff, until
    so many seconds after the first failure. What wants to be longer is a failure now."""
    deadline: float | None = None
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return once()
        except Exception as error:
            asked = again(error)
            if asked is False:
                raise
            # Jitter, so that those who were refused together do not come back together.
            wait = pause * random.uniform(0.5, 1.0) if asked is True else asked  # noqa: S311
            now = time.monotonic()
            deadline = deadline if deadline is not None else now + seconds
            if now + wait > deadline:
                raise
        time.sleep(wait)
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)
