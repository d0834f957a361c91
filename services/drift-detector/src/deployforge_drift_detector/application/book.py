"""What is known of the resources of one scan shard, as columns of numbers.

A steady state is the common case: of a batch's observations nearly all say what they said a minute ago. Those are
found by comparing columns, a whole batch in some microseconds, and no body is read. What a body said when it was read
is remembered with everything that went into the verdict: the desired version, its rules and the moment at which one of
them runs out. A verdict that is given again is therefore the one that reading again would give.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import structlog
from deployforge_chassis import packed
from numpy.typing import NDArray

from deployforge_drift_detector.application.hiding import HidingBook
from deployforge_drift_detector.application.looks import NEVER_SEEN, Look, Reason, State
from deployforge_drift_detector.application.messages import PRESENCES, ObservationBatch
from deployforge_drift_detector.application.ports import CheckState
from deployforge_drift_detector.application.verdicts import Verdict
from deployforge_drift_detector.domain.desired import Desired

log = structlog.get_logger(__name__)

Indices = NDArray[np.intp]
_PRESENT: Final = PRESENCES.index("PRESENT")
_FOREVER: Final = float("inf")


_STATE_OF: Final = {
    CheckState.CHECKED: State.CHECKED, CheckState.DRIFTED: State.DRIFTED, CheckState.NOT_CHECKED: State.NOT_CHECKED,
}  # fmt: skip


class Book:
    """One shard, in the order of the keys. Used by one thread."""

    def __init__(self, shard: str, desired: Sequence[Desired], *, remember: bool = True) -> None:
        self.shard, self._remember = shard, remember
        self.dirty = False
        self.open: dict[str, str] = {}
        """urn → fingerprint of the open drifts."""
        self.doubts: dict[str, datetime] = {}
        """urn → when that was observed which waits for a second read."""
        self.scan_id, self.newest, self.at = "", 0, 0.0
        self.reasons: dict[int, str] = {}
        self.hiding = HidingBook()
        self._told: dict[str, float] = {}
        self._arrange(desired)

    # --- what is desired -------------------------------------------------------------------------------

    def _arrange(self, desired: Sequence[Desired]) -> None:
        keys = np.frombuffer(b"".join(packed.key(one.deployment_id, one.urn) for one in desired), "<u8")
        order = np.argsort(keys, kind="stable")
        self.ids: NDArray[np.uint64] = keys[order]
        self.desired = [desired[at] for at in order]
        if (twice := self.ids[1:] == self.ids[:-1]).any():
            # One in thirty million shards of a million resources.
            log.error("two resources share a key and cannot be told apart", urn=self.desired[int(np.argmax(twice))].urn)
        count = len(self.ids)
        self.generations = np.fromiter((one.generation for one in self.desired), np.int64, count)
        self._deployments = {id: number for number, id in enumerate({one.deployment_id for one in self.desired})}
        self._deployment = np.fromiter((self._deployments[one.deployment_id] for one in self.desired), np.int64, count)
        self._places: dict[int | None, Indices] = {}
        self._row = {one.urn: at for at, one in enumerate(self.desired)}
        self.sequences = np.full(count, NEVER_SEEN, np.int64)
        self.times = np.zeros(count)
        self.states = np.zeros(count, np.uint8)
        self.digests = np.zeros((count, 2), np.uint64)
        self.presences = np.zeros(count, np.uint8)
        self.good_until = np.zeros(count)
        self.before = np.zeros((count, 2), np.uint64)
        self.turned = np.zeros(count)

    def rearrange(self, desired: Sequence[Desired]) -> None:
        """What is desired changed; what is known of the others stays, and verdicts of what did not change."""
        before, rows = Book.__new__(Book), self._row
        before.__dict__ |= self.__dict__
        self._arrange(desired)
        new = [at for at, one in enumerate(self.desired) if one.urn in rows]
        old = [rows[self.desired[at].urn] for at in new]
        for column in ("sequences", "times", "states", "digests", "presences", "good_until", "before", "turned"):
            getattr(self, column)[new] = getattr(before, column)[old]
        self.reasons = {}
        for at, was in zip(new, old, strict=True):
            if was in before.reasons:
                self.reasons[at] = before.reasons[was]
            if self.desired[at] is not before.desired[was]:
                self.good_until[at] = 0.0
                # What it was before it was changed from here is no older value that could come back.
                self.before[at] = 0
        self.open = {urn: print for urn, print in self.open.items() if urn in self._row}
        self.hiding.keep(self._row)
        self.doubts = {urn: at for urn, at in self.doubts.items() if urn in self._row}
        self.dirty = True

    def row_of(self, urn: str) -> int | None:
        """Where a resource stands."""
        return self._row.get(urn)

    # --- what was seen ---------------------------------------------------------------------------------

    def restore(self, look: Look) -> None:
        """What an earlier process knew. Verdicts are not kept: what they rest on is read again."""
        self.scan_id, self.newest, self.at = look.scan_id, look.sequence, look.at
        if not len(self.ids):
            return
        at, known = self.places(look.ids)
        rows = at[known]
        self.sequences[rows] = look.sequences[known]
        self.times[rows] = look.times[known]
        self.states[rows] = look.states[known]
        self.reasons = {
            int(row): reason
            for row, of_look in zip(rows, np.flatnonzero(known), strict=True)
            if (reason := look.reason(int(of_look)))
        }

    def look(self) -> Look:
        """All of it, to be kept."""
        said = {row: Reason(self.desired[row].deployment_id, text) for row, text in self.reasons.items()}
        told = sorted(set(said.values()))
        numbers = {reason: number for number, reason in enumerate(told, 1)}
        column = np.zeros(len(self.ids), np.uint32)
        for row, reason in said.items():
            column[row] = numbers[reason]
        return Look(
            self.shard, self.scan_id, self.newest, self.at, self.ids, self.sequences, self.times, self.states, column,
            tuple(told),
        )  # fmt: skip

    def places(self, ids: NDArray[np.uint64], batch: int | None = None) -> tuple[Indices, NDArray[np.bool_]]:
        """The row of each id, and whether it is one of ours; there must be some of ours. Batches of the same number
        nearly always have the same ids, and then nothing is searched for.
        """
        at = self._places.get(batch)
        if at is not None and len(at) == len(ids) and (known := self.ids[at] == ids).all():
            return at, known
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        known = self.ids[at] == ids
        if batch is not None and known.all():
            if len(self._places) * len(at) >= len(self.ids):
                # Not the batches of one scan: no more is kept than of one.
                self._places.clear()
            self._places[batch] = at
        return at, known

    def of_deployments(self, ids: AbstractSet[UUID]) -> NDArray[np.bool_]:
        """For each row, whether it is of one of these deployments."""
        found = np.zeros(len(self.ids), np.bool_)
        for id in ids & self._deployments.keys():
            found |= self._deployment == self._deployments[id]
        return found

    def keep_agreed(self, places: Indices, digests: NDArray[np.uint64], now: datetime) -> None:
        """These were read and nothing differs; so whatever the rules are, there is nothing that they could stop hiding."""
        if self._remember and len(places):
            self._keep(places, digests, _PRESENT, _FOREVER, now.timestamp())

    def _keep(self, places: Any, digests: Any, presence: int, good_until: float, moment: float) -> None:
        turned = (self.digests[places] != digests).any(axis=-1)
        self.before[places] = np.where(turned[..., None], self.digests[places], self.before[places])
        self.turned[places] = np.where(turned, moment, self.turned[places])
        self.digests[places], self.presences[places], self.good_until[places] = digests, presence, good_until

    def remember(self, place: int, digest: bytes, presence: int, verdict: Verdict, now: datetime) -> None:
        """A verdict that was reached by reading; only such ones as depend on nothing but what was read."""
        if self._remember and verdict.state is not CheckState.NOT_CHECKED and not verdict.reason:
            ends = [rule.until.timestamp() for rule in self.desired[place].ignoring(now) if rule.until is not None]
            good_until = min(ends, default=_FOREVER)
            self._keep(place, _numbers(digest), presence, good_until, now.timestamp())
        else:
            self.good_until[place] = 0.0

    def is_news(self, urn: str, verdict: Verdict) -> bool:
        """Whether a drift opens, changes or closes with it."""
        if verdict.state is CheckState.NOT_CHECKED:
            return False
        return self.open.get(urn) != (verdict.finding and verdict.finding.fingerprint)

    def is_last(self, place: int, digest: bytes) -> bool:
        """Whether this is what was seen last, when all was as desired."""
        return bool(self.states[place] == State.CHECKED and (self.digests[place] == _numbers(digest)).all())

    def came_back(self, place: int, digest: bytes, since: datetime) -> bool:
        """Whether this is what was there until something else was seen, not before `since`."""
        return bool(self.turned[place] >= since.timestamp() and (self.before[place] == _numbers(digest)).all())

    def mark(self, batch: ObservationBatch, places: Indices, state: State | None = None) -> None:
        """These were looked at; None leaves their states as they are."""
        self.sequences[places] = batch.sequence
        self.times[places] = batch.observed_at.timestamp()
        if state is not None:
            self.states[places] = state
            if self.reasons:
                for place in places.tolist():
                    self.reasons.pop(place, None)
        self._heard(batch)

    def agreed(self, batch: ObservationBatch, places: Indices) -> None:
        """These were read, and are as desired: nothing of them is hidden either."""
        self.mark(batch, places, State.CHECKED)
        if self.hiding:
            for place in places.tolist():
                self.hiding.seen(self.desired[place], (), batch.observed_at)

    def note(self, batch: ObservationBatch, place: int, verdict: Verdict) -> None:
        """One was looked at closely."""
        self.mark(batch, np.array([place]), _STATE_OF[verdict.state])
        if verdict.state is not CheckState.NOT_CHECKED:
            self.hiding.seen(self.desired[place], verdict.hidden, batch.observed_at)
        if verdict.reason:
            self.reasons[place] = verdict.reason

    def good_at(self, place: int) -> datetime | None:
        """When a resource was last looked at, which is when all was as desired that did not drift then; None where nobody
        has, or could."""
        if self.states[place] not in (State.CHECKED, State.DRIFTED):
            return None
        return datetime.fromtimestamp(float(self.times[place]), UTC)

    def _heard(self, batch: ObservationBatch) -> None:
        self.dirty = True
        if batch.sequence >= self.newest:
            self.scan_id, self.newest, self.at = batch.scan_id, batch.sequence, batch.observed_at.timestamp()

    def seen_drifts(self) -> Mapping[str, datetime]:
        """urn → when its open drift was seen last, of those seen since this was asked before."""
        seen: dict[str, float] = {}
        for urn in self.open:
            row = self._row[urn]
            if self.states[row] == State.DRIFTED and self.times[row] > self._told.get(urn, 0.0):
                seen[urn] = float(self.times[row])
        self._told = {urn: at for urn, at in (self._told | seen).items() if urn in self.open}
        return {urn: datetime.fromtimestamp(at, UTC) for urn, at in seen.items()}


def _numbers(digest: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(digest.ljust(16, b"\0"), "<u8")
