"""Work on the outside (cloud calls, other services): intent → call → outcome, resumed after any crash.

The intent is a row that is written in the transaction of whatever decided it. A worker leases it, does it, and saves
the outcome's Effects and the row's completion in one transaction that its fence guards: a worker whose lease was
taken over can no longer say anything. A handler may therefore run again after a crash and must first *read* whether
the outside was already changed (`work.attempt > 1`).
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from eventsourcing.persistence import DataError
from pydantic_core import from_json, to_json

from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import Effects, NotYet, Write
from deployforge_chassis.sealing import Sealer

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15.0
_RENEW_SECONDS = 5.0
_POLL_SECONDS = 0.2
_BACKOFF_SECONDS = 0.2
_BACKOFF_AT_MOST_SECONDS = 15.0
_NOT_YET_SECONDS = 0.1
_NOT_YET_AT_MOST_SECONDS = 1.0

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS effects (kind text NOT NULL, id text NOT NULL, owner uuid NOT NULL, "
    "payload bytea NOT NULL, status text NOT NULL DEFAULT 'waiting', attempt int NOT NULL DEFAULT 0, "
    "fence bigint NOT NULL DEFAULT 0, due_at timestamptz NOT NULL DEFAULT now(), "
    "last_error text, created_at timestamptz NOT NULL DEFAULT now(), done_at timestamptz, PRIMARY KEY (kind, id))",
    "CREATE INDEX IF NOT EXISTS effects_due ON effects (due_at) WHERE status = 'waiting'",
)


@dataclass(frozen=True)
class Work:
    """One piece of work that a worker has leased."""

    kind: str
    id: str
    payload: Mapping[str, Any]
    attempt: int
    """1 for the first; higher means that an earlier attempt failed or died half-way."""
    causality: Causality
    fence: int
    owner: UUID


class LostLease(Exception):
    """Another worker has taken the work over; what this one did does not count."""


class EffectQueue:
    """The durable queue of one service."""

    def __init__(self, app: EventSourcedApplication, sealer: Sealer) -> None:
        self._sealer = sealer
        self.app = app
        app.database.migrate(SCHEMA)

    def enqueue(
        self,
        kind: str,
        id: str,
        payload: Mapping[str, Any],
        *,
        deployment_id: UUID,
        not_before: datetime | None = None,
    ) -> Write:
        """The write that records an intent; one of the same kind and id changes nothing."""
        cause = causality.current() or Causality("", "")
        body = to_json(
            {
                "payload": payload,
                "cause": [cause.correlation_id, cause.causation_id, cause.traceparent, cause.actor],
            }
        )
        sealed = self._sealer.seal(deployment_id, body, f"effect|{kind}|{id}")
        return (
            "INSERT INTO effects (kind, id, owner, payload, due_at) VALUES (%s, %s, %s, %s, coalesce(%s, now())) "
            "ON CONFLICT DO NOTHING",
            (kind, id, deployment_id, sealed, not_before),
        )

    def claim(self, kinds: list[str]) -> Work | None:
        """Lease the work that is longest due, or None. A lease that ran out is up for taking again."""
        row = self.app.database.one(
            "UPDATE effects SET attempt = attempt + 1, fence = fence + 1, "
            "due_at = now() + make_interval(secs => %s) WHERE (kind, id) = ("
            "SELECT kind, id FROM effects WHERE status = 'waiting' AND due_at <= now() AND kind = ANY(%s) "
            "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING kind, id, owner, payload, attempt, fence",
            (LEASE_SECONDS, kinds),
        )
        if row is None:
            return None
        body = from_json(self._sealer.open(bytes(row["payload"]), f"effect|{row['kind']}|{row['id']}"))
        return Work(
            row["kind"], row["id"], body["payload"], row["attempt"], Causality(*body["cause"]), row["fence"],
            row["owner"],
        )  # fmt: skip

    def renew(self, work: Work) -> bool:
        """Keep the lease; False when it was lost."""
        return bool(
            self.app.database.one(
                "UPDATE effects SET due_at = now() + make_interval(secs => %s) "
                "WHERE kind = %s AND id = %s AND fence = %s AND status = 'waiting' RETURNING 1 AS ok",
                (LEASE_SECONDS, work.kind, work.id, work.fence),
            )
        )

    def done(self, work: Work) -> Write:
        """The write that completes leased work; fails the transaction when the lease was lost."""
        # The division fails on purpose when no row has our fence: the whole transaction goes with it.
        return (
            "WITH mine AS (UPDATE effects SET status = 'done', done_at = now(), last_error = NULL "
            "WHERE kind = %s AND id = %s AND fence = %s AND status = 'waiting' RETURNING 1) "
            "SELECT 1 / (SELECT count(*) FROM mine)",
            (work.kind, work.id, work.fence),
        )

    def complete(self, work: Work, effects: Effects) -> None:
        """Save the outcome and the completion together. Raises LostLease, or what `commit` raises."""
        try:
            self.app.commit(Effects(effects.aggregates, (*effects.writes, self.done(work))))
        except DataError as error:
            if not self.renew(work):
                raise LostLease(f"{work.kind} {work.id}, attempt {work.attempt}") from error
            raise

    def put_back(self, work: Work, pause_seconds: float, why: str) -> None:
        """Give leased work back, to be tried again after a pause."""
        self.app.database.query(
            "UPDATE effects SET due_at = now() + make_interval(secs => %s), last_error = %s "
            "WHERE kind = %s AND id = %s AND fence = %s AND status = 'waiting'",
            (pause_seconds, why[:2000], work.kind, work.id, work.fence),
        )


WorkHandler = Callable[[Work], Effects]


class EffectWorkers:
    """A part: threads that do the queue's work of the kinds they have handlers for."""

    name = "effects"

    def __init__(self, queue: EffectQueue, handlers: Mapping[str, WorkHandler], *, threads: int = 4) -> None:
        self._queue = queue
        self._handlers = handlers
        self._count = threads
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        queue.app.on_save(self._news.set)

    def start(self) -> None:
        """See Part."""
        for number in range(self._count):
            thread = threading.Thread(target=self._guarded, name=f"effects-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout: float) -> None:
        """See Part. Work that does not end in time is left to its lease."""
        self._stopping.set()
        self._news.set()
        for thread in self._threads:
            thread.join(timeout / max(len(self._threads), 1))

    def failed(self) -> BaseException | None:
        """See Part."""
        return self._error

    def _guarded(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self.work_once():
                    self._news.wait(_POLL_SECONDS)
                    self._news.clear()
        except BaseException as error:
            self._error = error

    def work_once(self) -> bool:
        """Do one piece of work; False when there is none."""
        try:
            work = self._queue.claim(list(self._handlers))
        except Exception as error:
            log.warning("no work can be claimed", error=str(error))
            self._stopping.wait(_BACKOFF_SECONDS)
            return False
        if work is None:
            return False
        with causality.bound(work.causality), _Lease(self._queue, work):
            self._do(work)
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


def backoff_seconds(attempt: int) -> float:
    """Full jitter. Source: AWS Architecture Blog, 'Exponential Backoff and Jitter'."""
    ceiling = min(_BACKOFF_AT_MOST_SECONDS, _BACKOFF_SECONDS * 2 ** min(attempt, 10))
    return random.uniform(_BACKOFF_SECONDS / 2, ceiling)  # noqa: S311 - spreads load, guards nothing


class _Lease:
    """Renews the lease of work while it is being done."""

    def __init__(self, queue: EffectQueue, work: Work) -> None:
        self._queue, self._work = queue, work
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _renew(self) -> None:
        while not self._over.wait(_RENEW_SECONDS):
            try:
                if not self._queue.renew(self._work):
                    return
            except Exception as error:
                log.warning("lease not renewed", kind=self._work.kind, id=self._work.id, error=str(error))
