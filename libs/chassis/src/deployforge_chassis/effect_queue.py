"""The durable queue of work on the outside: one row per intent, leased with a fence, in lanes where order matters.

Kept apart from the workers so that whoever decides something can record the intent without knowing who does it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import DataError
from pydantic_core import from_json, to_json

from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Effects, Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer, Shredded

LEASE_SECONDS = 15.0
_PURGED_AT_ONCE = 500

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS effects (kind text NOT NULL, id text NOT NULL, owner uuid NOT NULL, "
    "payload bytea NOT NULL, status text NOT NULL DEFAULT 'waiting', attempt int NOT NULL DEFAULT 0, "
    "fence bigint NOT NULL DEFAULT 0, due_at timestamptz NOT NULL DEFAULT now(), "
    "last_error text, created_at timestamptz NOT NULL DEFAULT now(), done_at timestamptz, PRIMARY KEY (kind, id))",
    "CREATE INDEX IF NOT EXISTS effects_due ON effects (due_at) WHERE status = 'waiting'",
    "ALTER TABLE effects ADD COLUMN IF NOT EXISTS lane text",
    "ALTER TABLE effects ADD COLUMN IF NOT EXISTS number bigserial",
    "CREATE INDEX IF NOT EXISTS effects_in_lane ON effects (lane, number) WHERE status = 'waiting'",
    "CREATE INDEX IF NOT EXISTS effects_done ON effects (done_at) WHERE status = 'done'",
)

# Only the first of a lane may be leased, and it stays the first until it is done: so no lane has two leases. Numbers
# follow the commits, because every commit with writes holds the lock that serialises inserts.
_CLAIM = (
    "UPDATE effects SET attempt = attempt + 1, fence = fence + 1, due_at = now() + make_interval(secs => %s) "
    "WHERE (kind, id) = (SELECT kind, id FROM effects AS mine WHERE status = 'waiting' AND due_at <= now() "
    "AND kind = ANY(%s) AND (lane IS NULL OR NOT EXISTS (SELECT 1 FROM effects AS earlier "
    "WHERE earlier.lane = mine.lane AND earlier.status = 'waiting' AND earlier.number < mine.number)) "
    "ORDER BY due_at, attempt LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING kind, id, owner, payload, attempt, fence"
)


def _held() -> None:
    """Work that is handed over directly is held by whoever has it."""


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
    hold: Callable[[], None] = field(default=_held, compare=False, repr=False)
    """Raises LostLease once the lease can have ended; to be called right before anything outside is changed."""


class LostLease(Exception):
    """Another worker has taken the work over, or may have; what this one did does not count."""


class EffectQueue:
    """The durable queue of one service."""

    def __init__(self, app: EventSourcedApplication, sealer: Sealer) -> None:
        self._sealer = sealer
        self.app = app
        app.database.migrate(SCHEMA)
        sealer.declare(SealedColumn("effects", "payload", ("kind", "id"), lambda row: f"effect|{row['kind']}|{row['id']}"))

    def enqueue(
        self,
        kind: str,
        id: str,
        payload: Mapping[str, Any],
        *,
        deployment_id: UUID,
        not_before: datetime | None = None,
        lane: str | None = None,
    ) -> Write:
        """The write that records an intent; one of the same kind and id changes nothing.

        Work of one lane is done one at a time, in the order in which it was committed; the first of a lane that is
        not due yet, or keeps failing, makes the others wait.
        """
        cause = causality.current() or Causality("", "")
        body = to_json(
            {
                "payload": payload,
                "cause": [cause.correlation_id, cause.causation_id, cause.traceparent, cause.actor],
            }
        )
        sealed = self._sealer.seal(deployment_id, body, f"effect|{kind}|{id}")
        return (
            "INSERT INTO effects (kind, id, owner, payload, due_at, lane) VALUES (%s, %s, %s, %s, coalesce(%s, now()), %s) "
            "ON CONFLICT DO NOTHING",
            (kind, id, deployment_id, sealed, not_before, lane),
        )

    def claim(self, kinds: list[str]) -> Work | None:
        """Lease the work that is longest due, or None. A lease that ran out is up for taking again."""
        row = self.app.database.one(_CLAIM, (LEASE_SECONDS, kinds))
        if row is None:
            return None
        try:
            body = from_json(self._sealer.open(bytes(row["payload"]), f"effect|{row['kind']}|{row['id']}"))
        except Shredded:
            # Recorded in the moment in which its deployment was shredded.
            self.app.database.query("DELETE FROM effects WHERE kind = %s AND id = %s", (row["kind"], row["id"]))
            return self.claim(kinds)
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

    def overdue(self, seconds: float = 0.0) -> int:
        """How many intents nobody has taken up although they have been due for so long."""
        row = self.app.database.one(
            "SELECT count(*) AS waiting FROM effects "
            "WHERE status = 'waiting' AND due_at <= now() - make_interval(secs => %s)",
            (seconds,),
        )
        assert row is not None
        return int(row["waiting"])

    def purge(self, kept_seconds: float) -> int:
        """Delete work done longer ago than that, a bounded number at a time; how many rows went.

        A fact that comes again within that time still finds its intent; later ones are refused by their position.
        """
        rows = self.app.database.query(
            "DELETE FROM effects WHERE (kind, id) IN (SELECT kind, id FROM effects WHERE status = 'done' "
            "AND done_at < now() - make_interval(secs => %s) LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone",
            (kept_seconds, _PURGED_AT_ONCE),
        )
        return len(rows)
