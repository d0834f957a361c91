"""Event streams that show when somebody has touched them.

Every event says, inside its seal, the digest of the stream before it; the newest digest, the *head*, is kept in a row
of its own, sealed for that stream and version, and moves by compare-and-set in the transaction of the events:

    digest(n) = sha256(digest(n-1) ‖ topic ‖ NUL ‖ body(n)),  body(n) contains digest(n-1)

A stream is checked whole whenever it is loaded: each event opens at its place, follows the one before it, and the last
is the one that the head knows. The digests are of what was said, not of its ciphertext, so a key may be exchanged.

What a process has seen of a stream it does not let go: a stream and its head put back together to an earlier time are
noticed as long as that process lives. See docs/decisions/0008-damaged-streams.md for what is noticed by what.
"""

import hashlib
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import EventStore, Notification, Recording, StoredEvent

from deployforge_chassis.causality import Causality
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealing import SealedMapper, Shredded, Tampered

HEADS: Final = (
    "CREATE TABLE IF NOT EXISTS stream_heads (originator_id uuid PRIMARY KEY, version bigint NOT NULL, "
    "owner uuid NOT NULL, sealed bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS stream_heads_by_owner ON stream_heads (owner)",
)
HEADS_TABLE: Final = "stream_heads"

#: A head that does not stand where the new events begin gets no version, and NOT NULL refuses the whole transaction.
_MOVE: Final = """
INSERT INTO stream_heads (originator_id, version, owner, sealed)
SELECT n.id, CASE WHEN coalesce(h.version, 0) = n.follows THEN n.version END, n.owner, n.sealed
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::uuid[], %s::bytea[]) AS n (id, follows, version, owner, sealed)
LEFT JOIN stream_heads h ON h.originator_id = n.id
ON CONFLICT (originator_id) DO UPDATE SET version = EXCLUDED.version, sealed = EXCLUDED.sealed
"""
#: One statement, hence one snapshot: events and head are of the same moment, and a head without events shows too.
_STREAMS: Final = """
SELECT s.id, h.version AS head_version, h.sealed AS head, h.owner, e.originator_version, e.topic, e.state
FROM unnest(%s::uuid[]) AS s (id) LEFT JOIN stream_heads h ON h.originator_id = s.id
LEFT JOIN events e ON e.originator_id = s.id ORDER BY s.id, e.originator_version
"""
_TOGETHER: Final = 100
_SEEN_AT_MOST: Final = 50_000


class DamagedStream(Tampered):
    """A stream is not what was stored. Nothing may act on it."""

    def __init__(self, originator_id: UUID, version: int, why: str) -> None:
        Exception.__init__(
            self,
            f"stream {originator_id} is damaged at version {version}: {why}. Nothing acts on it; "
            "restore the database from a backup of before the damage",
        )
        self.place = f"{originator_id}|{version}"
        self.originator_id, self.version = originator_id, version


@dataclass(frozen=True)
class Tip:
    """Where a stream ends: its last version, and the digest of everything up to it."""

    version: int = 0
    digest: bytes = b""


def follow(tip: Tip, topic: str, body: bytes) -> Tip:
    """The tip after one more event."""
    return Tip(tip.version + 1, hashlib.sha256(tip.digest + topic.encode() + b"\0" + body).digest())


def place_of_head(originator_id: object, version: int) -> str:
    """What a head's seal is bound to."""
    return f"head|{originator_id}|{version}"


@dataclass(frozen=True)
class _Stream:
    """What the database holds of a stream, and how far this process has seen it come."""

    id: UUID
    rows: Sequence[Mapping[str, Any]]
    seen: int

    @property
    def head(self) -> Mapping[str, Any]:
        return self.rows[0]

    @property
    def events(self) -> list[StoredEvent]:
        return [
            StoredEvent(self.id, row["originator_version"], str(row["topic"]), bytes(row["state"] or b""))
            for row in self.rows
            if row["originator_version"] is not None
        ]

    @property
    def is_there(self) -> bool:
        return bool(self.seen or self.head["head_version"] or self.head["originator_version"] is not None)


class Streams(EventStore[UUID]):
    """Stores events with their digests and heads, and gives back whole, unharmed streams only."""

    def __init__(self, mapper: SealedMapper, recorder: Any, database: Database) -> None:
        super().__init__(mapper, recorder)
        self._sealed, self._database = mapper, database
        self._seen: dict[UUID, int] = {}

    def put(
        self,
        domain_events: Sequence[Any],
        *,
        tips: dict[UUID, Tip] | None = None,
        causes: Mapping[UUID, Causality] | None = None,
        writes: Sequence[Write] = (),
        **kwargs: Any,
    ) -> list[Recording[UUID]]:
        """Save events and heads. `tips` says where each stream stands and is moved on to where it then stands; `causes` why
        a stream goes on, where that is not the current cause.

        A stream that does not stand there is refused with an IntegrityError that names `stream_heads`.
        """
        tips, causes = {} if tips is None else tips, causes or {}
        before = dict(tips)
        stored, owners = [], {}
        for event in domain_events:
            tip = tips.get(event.originator_id, Tip())
            one, body = self._sealed.seal(event, tip.digest, causes.get(event.originator_id))
            stored.append(one)
            tips[event.originator_id] = follow(Tip(event.originator_version - 1, tip.digest), one.topic, body)
            owners[event.originator_id] = event.deployment_id
        if owners:
            writes = [*writes, self._move({id: before.get(id, Tip()).version for id in owners}, tips, owners)]
        ids = self.recorder.insert_events(stored, writes=writes, **kwargs) or ()
        if ids:
            for id in owners:
                self._note(id, tips[id].version)
        return [
            Recording(event, Notification(s.originator_id, s.originator_version, s.topic, s.state, id))
            for event, s, id in zip(domain_events, stored, ids, strict=bool(ids))
        ]

    def get(
        self,
        originator_id: UUID,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Iterator[Any]:
        """Events of a stream that was checked whole. Raises DamagedStream."""
        events = [
            event
            for event, _ in self.load(originator_id)
            if (gt is None or event.originator_version > gt) and (lte is None or event.originator_version <= lte)
        ]
        return iter((events[::-1] if desc else events)[:limit])

    def load(self, originator_id: UUID) -> list[tuple[Any, Tip]]:
        """All events of a stream, each with the tip after it. Raises DamagedStream, or Shredded."""
        return self.load_all([originator_id])[originator_id]

    def load_all(self, originator_ids: Collection[UUID]) -> dict[UUID, list[tuple[Any, Tip]]]:
        """The same of many streams in few statements; nothing for those that were never begun. Raises as `load` does."""
        found: dict[UUID, list[tuple[Any, Tip]]] = {}
        ids = sorted(originator_ids)
        for start in range(0, len(ids), _TOGETHER):
            for stream in self._read(ids[start : start + _TOGETHER]):
                checked = self._checked(stream)
                found[stream.id] = [(self._sealed.read(stored, body)[0], tip) for stored, body, tip in checked]
        return found

    def check(self, owner: UUID, originator_ids: Iterable[UUID]) -> None:
        """Check all streams of an owner that have a head, and those named, without making anything of their events.

        Raises DamagedStream, or Shredded.
        """
        rows = self._database.query("SELECT originator_id FROM stream_heads WHERE owner = %s", (owner,))
        ids = sorted({*originator_ids, *(row["originator_id"] for row in rows)})
        for start in range(0, len(ids), _TOGETHER):
            for stream in self._read(ids[start : start + _TOGETHER]):
                for _ in self._checked(stream):
                    pass

    def _read(self, ids: Sequence[UUID]) -> list["_Stream"]:
        # Before the rows are read: what others add meanwhile must not look as if we had lost it.
        seen = {id: self._seen.get(id, 0) for id in ids}
        rows = self._database.query_sent(_STREAMS, (list(ids),))
        return [_Stream(id, list(own), seen[id]) for id, own in groupby(rows, lambda row: row["id"])]

    def _checked(self, stream: "_Stream") -> Iterator[tuple[StoredEvent, bytes, Tip]]:
        tip, unit = Tip(), self._database.unit
        if stream.is_there:
            tip = yield from self._chained(stream, stream.events, tip)
            self._check_end(stream.id, tip, stream.head, stream.seen)
        if unit is None:
            self._note(stream.id, stream.head["head_version"] or 0)
            return
        # What the unit has not sent yet. Nothing is noted: the unit may come to nothing.
        yield from self._chained(stream, [event for event in unit.events if event.originator_id == stream.id], tip)

    def _chained(
        self, stream: "_Stream", events: Iterable[StoredEvent], tip: Tip
    ) -> Generator[tuple[StoredEvent, bytes, Tip], None, Tip]:
        for stored in events:
            version = stored.originator_version
            if version != tip.version + 1:
                raise DamagedStream(stream.id, tip.version + 1, f"the event is missing, the next is {version}")
            body = self._body(stream, stored)
            if self._sealed.follows(body) != tip.digest:
                raise DamagedStream(stream.id, version, "it does not follow the events that stand before it")
            tip = follow(tip, stored.topic, body)
            yield stored, body, tip
        return tip

    def _body(self, stream: "_Stream", stored: StoredEvent) -> bytes:
        try:
            return self._sealed.body(stored)
        except (Tampered, Shredded) as unread:
            # Under a shredded key nothing can be told apart; under that of another owner, something was changed.
            if isinstance(unread, Shredded) and unread.owner == stream.head["owner"]:
                raise
            why = "the event was changed, or it is another's that was put here"
            raise DamagedStream(stream.id, stored.originator_version, why) from None

    def _check_end(self, originator_id: UUID, tip: Tip, row: Mapping[str, Any], seen: int) -> None:
        if row["head"] is None:
            why = "its head is missing" if tip.version else f"all of it is gone, version {seen} was here already"
            raise DamagedStream(originator_id, max(tip.version, 1), why)
        version = row["head_version"]
        if tip.version < version:
            raise DamagedStream(originator_id, tip.version + 1, f"events are missing up to version {version}")
        if tip.version > version:
            raise DamagedStream(originator_id, version + 1, "events were put back that the stream's head does not know")
        try:
            digest = self._sealed.sealer.open(bytes(row["head"]), place_of_head(originator_id, version))
        except (Tampered, Shredded):
            raise DamagedStream(originator_id, version, "its head was changed, or is another's") from None
        if digest != tip.digest:
            raise DamagedStream(originator_id, version, "the event is not the one that was stored last at this version")
        if version < seen:
            raise DamagedStream(originator_id, version + 1, f"it was put back in time, version {seen} was here already")

    def _move(self, before: Mapping[UUID, int], tips: Mapping[UUID, Tip], owners: Mapping[UUID, UUID]) -> Write:
        seal = self._sealed.sealer.seal
        heads = [seal(owners[i], tips[i].digest, place_of_head(i, tips[i].version)) for i in owners]
        versions = [tips[i].version for i in owners]
        return _MOVE, (list(owners), [before[i] for i in owners], versions, list(owners.values()), heads)

    def _note(self, originator_id: UUID, version: int) -> None:
        if version > self._seen.get(originator_id, 0):
            self._seen.pop(originator_id, None)
            self._seen[originator_id] = version
            while len(self._seen) > _SEEN_AT_MOST:
                self._seen.pop(next(iter(self._seen)), None)
