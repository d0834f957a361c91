"""Turns at the APIs of clouds. Scans wait for theirs, and leave room; whatever serves a deployment goes at once.

One budget per provider, account and API, in each process: how much there is of it is learned from what the API refuses
(see `domain.pace`), so replicas find their shares without knowing of each other.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from deployforge_mcal.application.ports import ProviderFailure, Session
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.pace import Bounds, Pace

#: Calls that one reading of some resources makes at once; several go on at a time.
WIDTH: Final = 8
#: A turn comes when calls before it end, and these have timeouts; this long it takes only if something is wrong.
_TURN_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Api:
    """One API of one account; `name` as the adapter calls it."""

    provider: str
    account: str
    name: str


class Turn:
    """A call that may be made now."""

    def __init__(self, cuts: int) -> None:
        self.cuts = cuts
        self.refused = False
        self.retry_after: float | None = None

    def throttled(self, retry_after: float | None = None) -> None:
        """The API said that it is too much, and, if it did, after how many seconds to come again."""
        self.refused, self.retry_after = True, retry_after


class Turns(Protocol):
    """What one session asks for its turns."""

    @property
    def most(self) -> int:
        """Calls that may be under way at once, by all sessions."""
        ...

    def turn(self, api: str) -> AbstractContextManager[Turn]:
        """One call is made within. Raises ProviderFailure, THROTTLED, when its turn would come too late."""
        ...

    def waiting(self) -> "Turns":
        """The same for a scan."""
        ...


@runtime_checkable
class TakesTurns(Protocol):
    """The part of a CloudProvider of those that call a cloud's APIs themselves; its sessions are for deployments, and go
    first, until they are told to wait."""

    def paced(self, pacing: "Pacing") -> None:
        """Take turns from there."""
        ...

    def waiting(self, session: Any) -> Session:
        """The same credential for a scan: its calls wait for their turns."""
        ...


class Unpaced:
    """Turns of whoever shares no budget."""

    @property
    def most(self) -> int:
        """See Turns."""
        return WIDTH

    @contextmanager
    def turn(self, api: str) -> Iterator[Turn]:
        """See Turns: at once."""
        yield Turn(0)

    def waiting(self) -> Turns:
        """See Turns."""
        return self


class Lane:
    """The calls to one API. Threads share it."""

    def __init__(self, api: Api, bounds: Bounds, now: Callable[[], float], told: Callable[[Api, Pace], None]) -> None:
        self._api, self._bounds, self._now, self._told = api, bounds, now, told
        self._pace = Pace(bounds.first)
        self._scanning = self._deploying = 0
        self._changed = threading.Condition()
        told(api, self._pace)

    @property
    def pace(self) -> Pace:
        """What is known now."""
        return self._pace

    @contextmanager
    def turn(self, patience_seconds: float | None = None) -> Iterator[Turn]:
        """Without patience at once; otherwise when deployments and the API leave room, and where the API asks for a pause
        that is longer than the patience, it is a failure now. What is raised within, unless the turn was told that it was
        too much, says nothing of what the API bears."""
        scan = patience_seconds is not None
        with self._changed:
            if patience_seconds is not None:
                self._wait(patience_seconds)
            turn = Turn(self._pace.cuts)
            self._count(scan, 1)
        well = False
        try:
            yield turn
            well = True
        finally:
            with self._changed:
                if well or turn.refused:
                    self._learn(turn)
                self._count(scan, -1)
                # The place that is free now, and the one that may have been added.
                self._changed.notify(2)

    def _count(self, scan: bool, one: int) -> None:
        if scan:
            self._scanning += one
        else:
            self._deploying += one

    def _wait(self, patience_seconds: float) -> None:
        deadline = self._now() + _TURN_SECONDS
        while True:
            now = self._now()
            pause = self._pace.not_before - now
            if pause > patience_seconds:
                raise self._too_late(f"{self._api.name} asks for no calls in the next {pause:.0f} s")
            if pause <= 0 and self._pace.admits_scan(self._scanning, self._deploying, self._bounds):
                return
            if now >= deadline:
                raise self._too_late(f"no turn at {self._api.name} in {_TURN_SECONDS:.0f} s")
            self._changed.wait(pause if pause > 0 else deadline - now)

    def _too_late(self, said: str) -> ProviderFailure:
        self._changed.notify()
        hint = "the next scan asks again; scan less often, or ask for a higher quota"
        return ProviderFailure(Failure("THROTTLED", said, hint, retryable=True))

    def _learn(self, turn: Turn) -> None:
        before = self._pace
        if turn.refused:
            self._pace = before.throttled(turn.cuts, self._now() + (turn.retry_after or 0.0), self._bounds)
        else:
            self._pace = before.succeeded(self._scanning + self._deploying, self._bounds)
        if turn.refused or int(self._pace.limit) != int(before.limit):
            self._told(self._api, self._pace)


class Pacing:
    """All lanes of a process."""

    def __init__(
        self,
        bounds: Bounds | None = None,
        told: Callable[[Api, Pace], None] = lambda api, pace: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`told` hears of every pace that has changed, by whole calls or by a refusal."""
        self.bounds = bounds or Bounds()
        self._told, self._now = told, now
        self._lanes: dict[Api, Lane] = {}
        self._lock = threading.Lock()

    def lane(self, api: Api) -> Lane:
        """The lane of an API, made once."""
        with self._lock:
            if api not in self._lanes:
                self._lanes[api] = Lane(api, self.bounds, self._now, self._told)
            return self._lanes[api]

    def turns(self, provider: str, account: str, patience_seconds: float) -> "Paced":
        """Of a session of a deployment's; scans have the same ones, waiting, with this patience for pauses."""
        return Paced(self, provider, account, patience_seconds)


@dataclass(frozen=True)
class Paced:
    """See Turns."""

    pacing: Pacing
    provider: str
    account: str
    patience_seconds: float
    waits: bool = False

    @property
    def most(self) -> int:
        """See Turns."""
        return int(self.pacing.bounds.most)

    def turn(self, api: str) -> AbstractContextManager[Turn]:
        """See Turns."""
        lane = self.pacing.lane(Api(self.provider, self.account, api))
        return lane.turn(self.patience_seconds if self.waits else None)

    def waiting(self) -> Turns:
        """See Turns."""
        return Paced(self.pacing, self.provider, self.account, self.patience_seconds, waits=True)
