"""Judging batches of observations: each resource gets a verdict, and where that is news, a transition."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from deployforge_chassis.causality import Causality
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.facts import NOTHING, Effects

from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.messages import PRESENCES, Observation, ObservationBatch
from deployforge_drift_detector.application.second_reads import APART, SecondReads
from deployforge_drift_detector.application.sorting import Sorted, sort
from deployforge_drift_detector.application.tally import Tally, tally_of
from deployforge_drift_detector.application.transitions import Judged, Sheet, transitions
from deployforge_drift_detector.application.verdicts import Refused, verdict

log = structlog.get_logger(__name__)

PER_TRANSACTION: Final = 500
_HELD_AT_MOST: Final = 2_000
"""Close looks whose news are saved at once: some seconds, where all of them are news."""
_CONFLICTS_AT_MOST: Final = 20
_REFUSALS_SAID: Final = 20
"""Of one batch, in the log; whoever sends nonsense does not decide how much is written."""
_LOOK_AGAIN_SECONDS: Final = 2.0


class NeverAskedFor(ValueError):
    """A batch of a scan that nobody asked for. Believing it would make every scan until then look old."""

    def __init__(self, shard: str, sequence: int, asked: int) -> None:
        super().__init__(f"scan {sequence} of {shard} was never asked for, the last was {asked}")
        self.shard, self.sequence, self.asked = shard, sequence, asked


@dataclass
class _Held:
    """Verdicts whose news are not saved yet."""

    later: Tally
    """Has the transitions, once they are saved."""
    sheets: list[Sheet] = field(default_factory=list)
    urns: set[str] = field(default_factory=set)
    scans: dict[str, int] = field(default_factory=dict)
    """Shard → sequence."""

    def add(self, sheet: Sheet) -> None:
        self.sheets.append(sheet)
        self.urns |= {one.seen.urn for one in sheet.judged}
        self.scans[sheet.batch.shard] = sheet.batch.sequence


#: What says that nothing is wrong with the observations: they are judged again, all of them.
Outages = tuple[type[Exception], ...]


class Judging:
    """Used by one thread at a time."""

    def __init__(self, app: DriftDetector, books: Books | None = None, *, second_read_seconds: float = 0.0) -> None:
        self._app, self._stores = app, app.stores
        self._second_reads = SecondReads(second_read_seconds)
        self.books = books or Books(app)
        self._asked: dict[str, int] = {}
        self._held: _Held | None = None

    def judge(self, batch: ObservationBatch, partition: int = 0, *, spare: Outages | None = None) -> Tally:
        """Judge and save a batch; a repeated or an older one changes nothing. Raises NeverAskedFor.

        Whatever else is raised concerns some observation. With `spare`, exceptions other than these are noted in the
        tally, and all other observations are judged.
        """
        self._expect(batch)
        if self._held is not None and self._held.scans.get(batch.shard, batch.sequence) != batch.sequence:
            # What the scan before came to must stand in the book when this one is held against it.
            self._save_held()
        book = self.books.of(batch.shard, partition)
        found = sort(book, batch, self.books.changing(), self._app.clock.now())
        near, total = _unpacked(batch, book, found)
        for start in range(0, len(near), PER_TRANSACTION):
            total += self._settled(batch, book, near[start : start + PER_TRANSACTION], spare)
        book.mark(batch, found.quiet)
        book.agreed(batch, found.agreed)
        total += tally_of(book, found)
        for urn, reason in total.refused[:_REFUSALS_SAID]:
            log.warning("observation refused", urn=urn, reason=reason, scan_id=batch.scan_id)
        if more := len(total.refused[_REFUSALS_SAID:]):
            log.warning("more observations refused", more=more, scan_id=batch.scan_id)
        return total

    def _expect(self, batch: ObservationBatch) -> None:
        """The database is asked only about sequences that are new here."""
        if batch.sequence > self._asked.get(batch.shard, 0):
            asked = self._stores.schedule.asked(batch.shard)
            if batch.sequence > asked:
                raise NeverAskedFor(batch.shard, batch.sequence, asked)
            self._asked[batch.shard] = asked

    def _settled(self, batch: ObservationBatch, book: Book, some: Sequence[Observation], spare: Outages | None) -> Tally:
        """Settle observations; sparing, those that fail are halved until they are alone."""
        try:
            return self.settle(batch, book, some)
        except Exception as error:
            if spare is None or isinstance(error, spare):
                raise
            if len(some) == 1:
                return Tally(failed=[f"{some[0].urn}: {type(error).__name__}: {error}"])
        middle = len(some) // 2
        return self._settled(batch, book, some[:middle], spare) + self._settled(batch, book, some[middle:], spare)

    def settle(self, batch: ObservationBatch, book: Book, observations: Sequence[Observation]) -> Tally:
        """Judge these one by one and save what is news, in one transaction; held, with the news of other batches."""
        if self._held is not None:
            if any(seen.urn in self._held.urns for seen in observations):
                self._save_held()
            sheet, tally = self._sheet(batch, book, observations)
            self._held.add(sheet)
            if len(self._held.urns) >= _HELD_AT_MOST:
                self._save_held()
            return tally
        for _ in range(_CONFLICTS_AT_MOST):
            sheet, tally = self._sheet(batch, book, observations)
            try:
                tally.transitions = self._save([sheet])
            except VersionConflict as conflict:
                last = conflict
                self.books.reread(book)
                continue
            return tally
        raise last

    @contextmanager
    def held(self) -> Iterator[Tally]:
        """What is judged inside is saved together, at the end and whenever much has come together; what is not saved when
        something is raised never is. Everything may be judged again then: what was saved is stale. A transaction for a
        scan's few news costs as much as judging thousands of checks. The tally has the transitions, when all is saved.
        """
        self._held = _Held(Tally())
        try:
            yield self._held.later
            self._save_held()
        finally:
            self._held = None

    def _save_held(self) -> None:
        assert self._held is not None
        self._held.later.transitions += self._save(self._held.sheets)
        self._held = _Held(self._held.later)

    def _sheet(self, batch: ObservationBatch, book: Book, observations: Sequence[Observation]) -> tuple[Sheet, Tally]:
        tally, now = Tally(), self._app.clock.now()
        cause = Causality(batch.scan_id, f"{batch.scan_id}/{batch.batch}", "", "drift-detector")
        return Sheet(batch, book, list(self._verdicts(batch, book, observations, tally, now)), now, cause), tally

    def _save(self, sheets: Sequence[Sheet]) -> int:
        """Save what is news and note all of it in the books; how many transitions there were."""
        effects = transitions(self._app, sheets)
        again = {one.desired.deployment_id for sheet in sheets for one in sheet.judged if one.verdict.look_again}
        soon = self._app.clock.now() + timedelta(seconds=_LOOK_AGAIN_SECONDS)
        effects += Effects(writes=tuple(self._stores.schedule.recheck(id, soon) for id in sorted(again)))
        effects += self._doubted(sheets)
        if effects != NOTHING:
            self._app.commit(effects)
        for sheet in sheets:
            self._note(sheet)
        return sum(len(sheet.drifts) for sheet in sheets)

    def _verdicts(
        self, batch: ObservationBatch, book: Book, observations: Sequence[Observation], tally: Tally, now: datetime
    ) -> Iterator[Judged]:  # fmt: skip
        changing = self.books.changing()
        for urn, seen in {seen.urn: seen for seen in observations}.items():
            place = book.row_of(urn)
            desired = None if place is None else book.desired[place]
            if place is not None and batch.sequence <= book.sequences[place]:
                tally.stale += 1
                continue
            try:
                found = verdict(batch, seen, desired, changing.get(seen.deployment_id), now)
            except Refused as refusal:
                tally.refused.append((urn, refusal.reason))
                continue
            assert desired is not None
            assert place is not None
            found = self._second_reads.believed(batch, book, place, seen, found, now)
            if found.refused:
                tally.refused.append((urn, found.reason))
            tally.count(found.state)
            yield Judged(seen, desired, place, found)

    def _doubted(self, sheets: Sequence[Sheet]) -> Effects:
        """What waits for a second read from now on, and what does no more."""
        new = [doubt for sheet in sheets for doubt in sheet.doubts()]
        settled = [urn for sheet in sheets for urn in sheet.settled()]
        now, schedule = self._app.clock.now(), self._stores.schedule
        writes = ((schedule.doubt(new, now, now + APART),) if new else ()) + (
            (schedule.settled(settled),) if settled else ()
        )
        return Effects(writes=writes)

    def _note(self, sheet: Sheet) -> None:
        book = sheet.book
        for urn in sheet.settled():
            del book.doubts[urn]
        book.doubts |= {doubt.urn: doubt.observed_at for doubt in sheet.doubts()}
        for one in sheet.judged:
            book.note(sheet.batch, one.place, one.verdict)
            book.remember(one.place, one.seen.digest, PRESENCES.index(one.seen.presence), one.verdict, sheet.now)
        book.open |= sheet.opened
        for urn in sheet.closed:
            book.open.pop(urn, None)
        for drift in sheet.drifts:
            # What was removed while it was being judged was told too early to be heard.
            if self._app.desired.get(drift.urn) is None:
                self._app.removed(drift.urn)


def _unpacked(batch: ObservationBatch, book: Book, found: Sorted) -> tuple[list[Observation], Tally]:
    """The observations that need a closer look, in words; those of nobody's are refused."""
    near, tally, columns = list(batch.observations), Tally(), batch.columns
    digests = columns.digests.tobytes() if found.rest else b""
    for row, place in found.rest:
        if place < 0:
            tally.refused.append((f"resource {int(columns.ids[row]):016x}", "no such resource is desired"))
            continue
        desired, presence = book.desired[place], int(columns.presences[row])
        near.append(
            Observation(
                desired.urn, desired.deployment_id, PRESENCES[presence] if presence < len(PRESENCES) else "UNKNOWN",
                desired.physical_id, digests[row * 16 : row * 16 + 16], int(columns.generations[row]), columns.body(row),
            )
        )  # fmt: skip
    return near, tally
