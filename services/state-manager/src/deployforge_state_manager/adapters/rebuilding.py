"""Derives the read models again from the whole log, beside whoever reads and writes.

The rows go into a second set of tables, in bulk: first everything that is only ever added, by COPY; then, in SQL, what
follows from it; then what was recorded meanwhile; at last, while savers wait for a moment, the rest, and the second
set takes the place of the first in one transaction. So readers see the old rows or the new ones, and nobody waits but
for the last step.

The same log gives the same rows, byte for byte, but for one thing: sealed bodies. Each sealing takes a fresh random
nonce, as GCM demands, so it is the opened bodies that are the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.sealing import Sealer, Shredded
from eventsourcing.persistence import StoredEvent

from deployforge_state_manager.adapters import tables
from deployforge_state_manager.adapters.projection import PostgresProjection
from deployforge_state_manager.adapters.rows import COLUMNS, INVENTORY, Added, Rows, strays
from deployforge_state_manager.adapters.tables import NEXT, TAG_FORMS
from deployforge_state_manager.application.ports import RebuildRunning
from deployforge_state_manager.domain.account import Account

#: Events read and written at a time.
_BATCH: Final = 5_000
#: While more than this is left to catch up with, savers do not wait yet.
_RUSH: Final = 200
#: One rebuild at a time, in whatever process. Any constant does; it only has to be ours.
_LOCK: Final = 0x4446_5242

_Page = tuple[Sequence[StoredEvent], int]
"""Events, and the position that they end at."""
_Plain = tuple[type[Any], int, Mapping[str, Any]]
"""Class of an event, its place in its stream, its state as stored."""


@dataclass(frozen=True)
class Progress:
    """How many events are done, of how many."""

    done: int
    total: int


class Rebuild:
    """Rebuilds, as often as `run` is called."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._rows = Rows(sealer)
        self._writes = PostgresProjection(database, sealer, suffix=NEXT).writes_of

    def fill(self, app: EventSourcedApplication) -> None:
        """Rebuild when the tables are new; to be called at start."""
        if not self._database.query("SELECT 1 FROM read_models WHERE filled"):
            with self._alone(wait=True):
                if not self._database.query("SELECT 1 FROM read_models WHERE filled"):
                    self._run(app, lambda progress: None)

    def run(self, app: EventSourcedApplication, told: Callable[[Progress], None] = lambda progress: None) -> int:
        """How many events the rows follow from. Raises RebuildRunning; whatever it raises, the rows are as before."""
        with self._alone(wait=False):
            return self._run(app, told)

    def _run(self, app: EventSourcedApplication, told: Callable[[Progress], None]) -> int:
        total = app.recorder.max_notification_id() or 0
        self._database.migrate([*tables.drop(NEXT), *tables.create(NEXT)])
        position = count = 0
        unmanaged: dict[str, tuple[Any, ...]] = {}
        with _behind(self._copy) as copy:
            for page, last in _ahead(_pages(app, 0, until=total)):
                position = last
                events = list(_events(app, page))
                copy([row for event in events for row in self._rows.of(*event)])
                _gather(unmanaged, events)
                count += len(page)
                told(Progress(count, max(total, count)))
        self._copy([("inventory", row) for row in unmanaged.values()])
        self._database.migrate([*_DERIVED, *tables.finish(NEXT), *(f"ANALYZE {t}{NEXT}" for t in tables.TABLES)])
        while (app.recorder.max_notification_id() or 0) - position > _RUSH:
            position, count = self._follow(app, position, count)
        with app.silence():
            position, count = self._follow(app, position, count)
            self._database.migrate([*tables.swap(), "UPDATE read_models SET filled = true"])
        told(Progress(count, count))
        return count

    def _copy(self, added: Sequence[Added]) -> None:
        by_table: dict[str, list[tuple[Any, ...]]] = {}
        for table, row in added:
            by_table.setdefault(table, []).append(row)
        with self._database.transaction() as cursor:
            for table, rows in by_table.items():
                with cursor.copy(f"COPY {table}{NEXT} ({', '.join(COLUMNS[table])}) FROM STDIN".encode()) as copy:
                    for row in rows:
                        copy.write_row(row)

    def _follow(self, app: EventSourcedApplication, position: int, count: int) -> tuple[int, int]:
        """Apply, one by one, what came after `position`."""
        for page, last in _pages(app, position):
            with self._database.transaction() as cursor:
                for event in _events(app, page):
                    for sql, params in self._writes(*event):
                        cursor.execute(sql.encode(), params)
            position, count = last, count + len(page)
        return position, count

    @contextmanager
    def _alone(self, *, wait: bool) -> Iterator[None]:
        with self._database.own_connection() as connection:
            if wait:
                connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            else:
                row = connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", (_LOCK,)).fetchone()
                if row is None or not row["mine"]:
                    raise RebuildRunning
            yield


def _pages(app: EventSourcedApplication, position: int, until: int | None = None) -> Iterator[_Page]:
    """The log after `position`, with the position that each page ends at."""
    while until is None or position < until:
        page = app.recorder.select_notifications(position, _BATCH, stop=until, inclusive_of_start=False)
        if not page:
            return
        position = page[-1].id
        yield [StoredEvent(n.originator_id, n.originator_version, n.topic, n.state) for n in page], position


def _ahead(pages: Iterator[_Page]) -> Iterator[_Page]:
    """The same pages; the next one is read while the last one is worked on, since the database has a processor too."""
    with ThreadPoolExecutor(1, thread_name_prefix="rebuild-reads") as reader:
        upcoming = reader.submit(next, pages, None)
        while (page := upcoming.result()) is not None:
            upcoming = reader.submit(next, pages, None)
            yield page


@contextmanager
def _behind(write: Callable[[Sequence[Added]], None]) -> Iterator[Callable[[Sequence[Added]], None]]:
    """`write`, one call behind: the next rows are made while the last ones are written. What it raised is raised by
    the next call, or at the end."""
    with ThreadPoolExecutor(1, thread_name_prefix="rebuild-writes") as writer:
        last = writer.submit(write, ())

        def call(rows: Sequence[Added]) -> None:
            nonlocal last
            last.result()
            last = writer.submit(write, rows)

        yield call
        last.result()


def _events(
    app: EventSourcedApplication, page: Sequence[StoredEvent]
) -> Iterator[tuple[type[Any], int, Mapping[str, Any]]]:
    """Class, place in its stream, state as stored; those of shredded deployments are left out.

    Not made into domain events: checking every field again is a third of all the work, and no row needs it.
    """
    for stored in page:
        try:
            kind, state = app.sealed.plain(stored)
        except Shredded:
            continue
        yield kind, stored.originator_version, state


def _gather(unmanaged: dict[str, tuple[Any, ...]], events: Iterable[_Plain]) -> None:
    """Keep what is nobody's at the end: few rows, and each counts as it was last."""
    for kind, position, state in events:
        if kind is Account.Changed:
            found, gone = strays(position, state)
            unmanaged.update(found)
            for urn in gone:
                unmanaged.pop(urn, None)


_NEWEST = (
    f"SELECT DISTINCT ON (deployment_id, urn) * FROM resource_history{NEXT} "  # noqa: S608 - own
    "ORDER BY deployment_id, urn, resource_version DESC"
)
_OF_HISTORY = {"version": "h.resource_version", "changed_at": "h.effective_at"}
_SHOWN = ", ".join(_OF_HISTORY.get(name, f"h.{name}") for name in INVENTORY)
#: What follows from the rows that were added.
_DERIVED: Final = (
    f"ANALYZE resource_history{NEXT}, drift_notes{NEXT}",
    f"INSERT INTO inventory{NEXT} ({', '.join(INVENTORY)}, drift) SELECT {_SHOWN}, coalesce(d.drift, '') "  # noqa: S608
    f"FROM ({_NEWEST}) AS h LEFT JOIN (SELECT DISTINCT ON (deployment_id, urn) deployment_id, urn, drift "
    f"FROM drift_notes{NEXT} ORDER BY deployment_id, urn, position DESC) AS d USING (deployment_id, urn) "
    "WHERE h.body IS NOT NULL",
    f"INSERT INTO inventory_tags{NEXT} (tag, urn) SELECT DISTINCT {TAG_FORMS}, urn "  # noqa: S608
    f"FROM inventory{NEXT}, unnest(tags) AS tag",
    f"INSERT INTO inventory_counts{NEXT} (namespace, facet, value, n) "  # noqa: S608 - own
    + tables.counts(f"SELECT *, 1 AS d FROM inventory{NEXT}"),  # noqa: S608 - own
)
