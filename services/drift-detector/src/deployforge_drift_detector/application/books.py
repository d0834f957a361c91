"""The books of the shards that this process judges: opened when first needed, kept up with what is desired, written
down from time to time, and closed when another process takes over.
"""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from deployforge_chassis.facts import Effects

from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.ports import Changing

_WRITTEN_PER_SECOND: Final = 2000
"""Resources of a shard; what is lost with a process is some looks that found nothing new."""
_FRESH_SECONDS: Final = 0.05
"""What executions do is asked for this often. Observations made during one are known by their generation besides."""


class Books:
    """Used by one thread at a time."""

    def __init__(self, app: DriftDetector, *, remember: bool = True, fresh_seconds: float = _FRESH_SECONDS) -> None:
        self._app, self._stores, self._remember, self._fresh_seconds = app, app.stores, remember, fresh_seconds
        self._books: dict[str, tuple[int, Book]] = {}
        self._partitions: dict[str, int] = {}
        self._written: dict[str, float] = {}
        self._changing: Mapping[UUID, Changing] = {}
        self._asked_at = float("-inf")

    def of(self, shard: str, partition: int = 0) -> Book:
        """The book of a shard as of now."""
        self._partitions[shard] = partition
        known = self._books.get(shard)
        if known is not None and known[0] == self._app.desired.revision(shard):
            return known[1]
        revision, desired = self._app.desired.of_shard(shard)
        if known is None:
            book = Book(shard, desired, remember=self._remember)
            if (look := self._stores.looks.of([shard]).get(shard)) is not None:
                book.restore(look)
            book.hiding.restore(self._stores.hidings.of([shard]))
            book.hiding.keep({one.urn for one in desired})
            self.reread(book)
        else:
            book = known[1]
            book.rearrange(desired)
        self._books[shard] = revision, book
        return book

    def reread(self, book: Book) -> None:
        """Somebody else has decided something about this shard's drifts, or waits for second reads."""
        book.open = dict(self._stores.drifts.open([one.urn for one in book.desired]))
        book.doubts = dict(self._stores.schedule.doubts(book.shard))

    def changing(self) -> Mapping[UUID, Changing]:
        """What executions do to deployments."""
        now = self._app.clock.monotonic()
        if now - self._asked_at >= self._fresh_seconds:
            self._changing, self._asked_at = self._stores.executions.unsettled(), now
        return self._changing

    def write(self) -> bool:
        """Write down what was looked at of the shard that waits longest, if its turn has come; whether another's has."""
        self._keep_up()
        due = self._due(self._app.clock.monotonic())
        if due:
            self._write(due[0])
        return len(due) > 1

    def write_all(self) -> None:
        """Write down everything."""
        for _, book in self._books.values():
            if book.dirty:
                self._write(book)

    def close(self, partitions: Collection[int] | None = None) -> bool:
        """Write down and forget the shards of these partitions; None means all. False."""
        closing = [shard for shard, number in self._partitions.items() if partitions is None or number in partitions]
        # Forgotten first: what cannot be written down must not be believed when the partition comes back.
        books = [self._books.pop(shard)[1] for shard in closing]
        for shard in closing:
            del self._partitions[shard]
            self._written.pop(shard, None)
        for book in books:
            if book.dirty:
                self._write(book)
                del self._written[book.shard]
        return False

    def _keep_up(self) -> None:
        """What is not desired any more is forgotten even where no scan comes any more."""
        for shard, (revision, _) in list(self._books.items()):
            if revision != self._app.desired.revision(shard):
                self.of(shard, self._partitions[shard])

    def _due(self, now: float) -> list[Book]:
        waiting = [
            (self._written.get(shard, float("-inf")), shard, book)
            for shard, (_, book) in self._books.items()
            if book.dirty and now - self._written.get(shard, float("-inf")) >= _between_writes(book)
        ]
        return [book for _, _, book in sorted(waiting, key=lambda one: one[:2])]

    def _write(self, book: Book) -> None:
        seen = book.seen_drifts()
        writes = (*self._stores.looks.put(book.look()), *((self._stores.drifts.seen(seen),) if seen else ()))
        hidings = self._stores.hidings.put(book.shard, book.hiding.changed())
        self._app.commit(Effects(writes=(*writes, *hidings)))
        book.hiding.unsaved.clear()
        book.dirty = False
        self._written[book.shard] = self._app.clock.monotonic()


def _between_writes(book: Book) -> float:
    """Seconds; a big book seldom, so that what is written in a second stays about the same."""
    return max(1.0, len(book.desired) / _WRITTEN_PER_SECOND)
