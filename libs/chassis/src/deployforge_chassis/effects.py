"""Work on the outside (cloud calls, other services): intent → call → outcome, resumed after any crash.

The intent is a row that is written in the transaction of whatever decided it. A worker leases it, does it, and saves
the outcome's Effects and the row's completion in one transaction that its fence guards: a worker whose lease was
taken over can no longer say anything. A handler may therefore run again after a crash and must first *read* whether
the outside was already changed (`work.attempt > 1`), and must call `work.hold()` right before it changes anything
there, so that a worker that slept through the end of its lease stops by itself.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from deployforge_chassis import causality
from deployforge_chassis.effect_queue import LEASE_SECONDS, SCHEMA, EffectQueue, LostLease, Work
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.facts import NOTHING, Effects, NotYet
from deployforge_chassis.sealing import Shredded

__all__ = ["KEPT_SECONDS", "LEASE_SECONDS", "SCHEMA", "EffectQueue", "EffectWorkers", "LostLease", "Work", "WorkHandler"]

log = structlog.get_logger(__name__)

#: How long done work is remembered.
KEPT_SECONDS = 7 * 86_400.0
_RENEW_SECONDS = 5.0
#: Between reading the clock and a call's arrival outside; a lease this close to its end is not relied upon.
_LEASE_MARGIN_SECONDS = 2.0
_POLL_SECONDS = 0.2
#: Longest sleep of a thread while another one looks.
_IDLE_SECONDS = 2.0
_PURGE_SECONDS = 60.0
_BACKOFF_SECONDS = 0.2
_BACKOFF_AT_MOST_SECONDS = 15.0
_NOT_YET_SECONDS = 0.1
_NOT_YET_AT_MOST_SECONDS = 1.0

WorkHandler = Callable[[Work], Effects]


class EffectWorkers:
    """A part: threads that do the queue's work of the kinds they have handlers for."""

    name = "effects"

    def __init__(
        self,
        queue: EffectQueue,
        handlers: Mapping[str, WorkHandler],
        *,
        threads: int = 4,
        kept_seconds: float = KEPT_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._handlers = handlers
        self._count = threads
        self._kept_seconds = kept_seconds
        self._now = now
        self._purge_at = now() + _PURGE_SECONDS
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._watching = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        self._leases: set[_Lease] = set()
        queue.app.on_save(self._news.set)

    def start(self) -> None:
        """See Part."""
        for number in range(self._count):
            thread = threading.Thread(target=self._guarded, name=f"effects-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout: float) -> None:
        """See Part. Work that does not end in time is given back; whoever takes it up reads what became of it."""
        self._stopping.set()
        self._news.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for lease in tuple(self._leases):
            lease.give_up()
            log.warning("given back unfinished", kind=lease.work.kind, id=lease.work.id, attempt=lease.work.attempt)
            self._put_back(lease.work, 0.0, "its worker was stopped")

    def failed(self) -> BaseException | None:
        """See Part."""
        return self._error

    def _guarded(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self.work_once():
                    self._purge()
                    self._await_news()
        except BaseException as error:
            self._error = error

    def _await_news(self) -> None:
        """One idle thread looks for what has become due; the others sleep until it has found something."""
        if self._watching.acquire(blocking=False):
            try:
                self._news.wait(_POLL_SECONDS)
            finally:
                self._watching.release()
        else:
            self._news.wait(_IDLE_SECONDS)
        self._news.clear()

    def work_once(self) -> bool:
        """Do one piece of work; False when there is none."""
        asked_at = self._now()
        try:
            work = self._queue.claim(list(self._handlers))
        except Exception as error:
            log.warning("no work can be claimed", error=str(error))
            self._stopping.wait(_BACKOFF_SECONDS)
            return False
        if work is None:
            return False
        # There may be more, and this thread is busy now.
        self._news.set()
        with _Lease(self._queue, work, asked_at, self._now) as lease:
            self._leases.add(lease)
            try:
                with causality.bound(work.causality):
                    self._do(lease.work)
            finally:
                self._leases.discard(lease)
        return True

    def _do(self, work: Work) -> None:
        try:
            while True:
                effects = self._handlers[work.kind](work)
                try:
                    self._queue.complete(work, effects)
                    return
                except VersionConflict:
                    if self._stopping.is_set() or not self._queue.renew(work):
                        return
        except NotYet as early:
            # Not a failure: something else must happen first, usually within moments.
            self._put_back(work, min(_NOT_YET_AT_MOST_SECONDS, _NOT_YET_SECONDS * work.attempt), f"not yet: {early}")
        except Shredded as gone:
            log.info("work dropped", kind=work.kind, id=work.id, reason=str(gone))
            self._queue.complete(work, NOTHING)
        except LostLease as lost:
            log.warning("lease lost", work=str(lost))
        except Exception as error:
            pause = backoff_seconds(work.attempt)
            log.warning("work failed, trying again", kind=work.kind, id=work.id, attempt=work.attempt,
                        pause_seconds=round(pause, 2), exc_info=error)  # fmt: skip
            self._put_back(work, pause, f"{type(error).__name__}: {error}")

    def _put_back(self, work: Work, pause: float, why: str) -> None:
        try:
            self._queue.put_back(work, pause, why)
        except Exception as error:
            log.warning("left to its lease", kind=work.kind, id=work.id, error=str(error))

    def _purge(self) -> None:
        """Now and then, while there is nothing better to do, forget what was done long ago."""
        if self._now() < self._purge_at:
            return
        self._purge_at = self._now() + _PURGE_SECONDS
        try:
            while self._queue.purge(self._kept_seconds) and not self._stopping.is_set():
                pass
        except Exception as error:
            log.warning("done work not purged", error=str(error))


def backoff_seconds(attempt: int) -> float:
    """Full jitter. Source: AWS Architecture Blog, 'Exponential Backoff and Jitter'."""
    ceiling = min(_BACKOFF_AT_MOST_SECONDS, _BACKOFF_SECONDS * 2 ** min(attempt, 10))
    return random.uniform(_BACKOFF_SECONDS / 2, ceiling)  # noqa: S311 - spreads load, guards nothing


class _Lease:
    """Renews the lease of work while it is being done, and knows until when it can be relied upon.

    Source: Kleppmann, "How to do distributed locking": the fence protects what we own; towards a cloud that knows no
    fences, looking at the clock right before a call leaves a window of the call's own flight, which the deterministic
    token covers.
    """

    def __init__(self, queue: EffectQueue, work: Work, asked_at: float, now: Callable[[], float]) -> None:
        self._queue, self._now = queue, now
        self._until = asked_at + LEASE_SECONDS - _LEASE_MARGIN_SECONDS
        self.work = replace(work, hold=self._hold)
        self._over = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> "_Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def give_up(self) -> None:
        """Whoever does the work must not change anything outside any more."""
        self._lost = True
        self._over.set()

    def _hold(self) -> None:
        # The monotonic clock goes on while a process is stopped: one that wakes up too late sees it here.
        if self._lost or self._now() >= self._until:
            raise LostLease(f"{self.work.kind} {self.work.id}, attempt {self.work.attempt}")

    def _renew(self) -> None:
        while not self._over.wait(_RENEW_SECONDS):
            asked_at = self._now()
            try:
                if not self._queue.renew(self.work):
                    self._lost = True
                    return
                self._until = asked_at + LEASE_SECONDS - _LEASE_MARGIN_SECONDS
            except Exception as error:
                log.warning("lease not renewed", kind=self.work.kind, id=self.work.id, error=str(error))
