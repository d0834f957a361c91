"""The relay: what a service's event store holds is published, in order, at least once, with an unbroken chain.

The notification log is the outbox. One relay per service leads, by an advisory lock on a connection of its own; each
leader has a new epoch. What will be published is recorded under that epoch *before* it is produced, so that a new
leader, or new routing code, can never change the chain that consumers check.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import structlog
from eventsourcing.persistence import PersistenceError, StoredEvent
from prometheus_client import Gauge

from deployforge_chassis import eras
from deployforge_chassis.bus import Bus, BusAway, ProduceFailed
from deployforge_chassis.eras import Era, TopicAhead
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.registry import RegistryUnavailable
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.wire import Records, Wire

log = structlog.get_logger(__name__)

_LEADER_LOCK = 0x4446_5245
_PAGE = 500
_POLL_SECONDS = 0.02
#: The same once nothing was said for a while: what this process saves wakes its relay at once, so only the first event
#: of another replica waits that long. Six idle services that look fifty times a second took a third of a core.
_IDLE_POLL_SECONDS = 0.1
_IDLE_AFTER_SECONDS = 2.0
#: How often a leader makes sure that the connection which holds its lock lives.
_ALIVE_SECONDS = 1.0
_STANDBY_SECONDS = 1.0
_RETRY_SECONDS = 0.5
#: How often a relay that refuses to run looks whether it may.
_REFUSED_SECONDS = 5.0
#: How often a partition that has news is told how far its chain has come, and one that has none.
_WATERMARK_SECONDS = 5.0
_WATERMARK_IDLE_SECONDS = 60.0

SCHEMA = (
    *eras.SCHEMA,
    "CREATE TABLE IF NOT EXISTS published (topic text NOT NULL, partition int NOT NULL, "
    "notification_id bigint NOT NULL, epoch bigint NOT NULL, PRIMARY KEY (topic, partition, notification_id))",
    "CREATE INDEX IF NOT EXISTS published_by_id ON published (notification_id)",
)


REFUSING = Gauge("deployforge_relay_refusing", "1 while the relay refuses to run because a topic is ahead of the log")


class StaleLeader(Exception):
    """Another relay has taken over."""


#: What ends a leadership but not the relay: the bus, the database or the registry is away, or another one leads.
_OUTAGES = (ProduceFailed, BusAway, PersistenceError, psycopg.Error, RegistryUnavailable, KeyUnavailable, StaleLeader)


class TwoFactsOfOneEvent(Exception):
    """records() gave more than one chained record for an event; a chain has one id per event."""


class Relay(ThreadPart):
    """Publishes the events of one application."""

    def __init__(
        self,
        app: EventSourcedApplication,
        records: Records,
        bus: Bus,
        wire: Wire,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("relay")
        self._app, self._records, self._bus, self._wire = app, records, bus, wire
        self._database = app.database
        self._news = threading.Event()
        self._now = now
        self._last: dict[tuple[str, int], int] = defaultdict(int)
        self._marked: dict[tuple[str, int], tuple[int, float]] = {}
        self._database.migrate(SCHEMA)
        eras.note_start(self._database)
        app.on_save(self._news.set)

    def run(self) -> None:
        """Lead when nobody else does; start over after any failure of the bus or the database."""
        while not self.stopping.is_set():
            try:
                self._lead()
            except TopicAhead as ahead:
                REFUSING.set(1)
                log.error("relay refuses to run", why=str(ahead))
                self.stopping.wait(_REFUSED_SECONDS)
            except _OUTAGES as error:
                log.warning("relay starts over", error=str(error))
                self.stopping.wait(_RETRY_SECONDS)

    def _lead(self) -> None:
        with self._database.own_connection() as connection:
            lock = "SELECT pg_try_advisory_lock(%s) AS got"
            while not (row := connection.execute(lock, (_LEADER_LOCK,)).fetchone()) or not row["got"]:
                if self.stopping.wait(_STANDBY_SECONDS):
                    return
            eras.check(self._database, self._bus, self._wire)
            REFUSING.set(0)
            era, epoch, position = self._take_over()
            log.info("relay leads", era=era.number, epoch=epoch, position=position)
            seen_alive = last_said = self._now()
            while not self.stopping.is_set():
                self._news.clear()
                if self._now() - seen_alive > _ALIVE_SECONDS:
                    # The lock lives as long as this connection: a dead one means that another may lead.
                    connection.execute("SELECT 1")
                    seen_alive = self._now()
                moved = self._publish_page(era, epoch, position)
                if moved == position:
                    self._say_how_far(era)
                    idle = self._now() - last_said > _IDLE_AFTER_SECONDS
                    self._news.wait(_IDLE_POLL_SECONDS if idle else _POLL_SECONDS)
                else:
                    last_said = self._now()
                position = moved

    def _take_over(self) -> tuple[Era, int, int]:
        row = self._database.one("UPDATE relay SET epoch = epoch + 1 RETURNING era, eras, epoch, position")
        assert row is not None
        self._last.clear()
        self._marked.clear()
        for last in self._database.query(
            "SELECT topic, partition, max(notification_id) AS id FROM published WHERE notification_id <= %s "
            "GROUP BY topic, partition",
            (row["position"],),
        ):
            self._last[last["topic"], last["partition"]] = last["id"]
        return Era(row["era"], tuple(row["eras"])), row["epoch"], row["position"]

    def _say_how_far(self, era: Era) -> None:
        """A watermark for each partition where one is due: a consumer that stands below it has missed the end."""
        now, marks = self._now(), []
        for place, last in self._last.items():
            marked, at = self._marked.setdefault(place, (0, now))
            if now - at >= (_WATERMARK_SECONDS if marked != last else _WATERMARK_IDLE_SECONDS):
                marks.append(self._wire.watermark(*place, last, era.number, era.eras))
                self._marked[place] = (last, now)
        self._bus.produce(marks)

    def _publish_page(self, era: Era, epoch: int, position: int) -> int:
        """Publish the next events; the new position, the same when there was nothing."""
        page = self._app.recorder.select_notifications(position, _PAGE, inclusive_of_start=False)
        if not page:
            return position
        messages, rows = self._messages(page, era)
        self._record(rows, epoch)
        self._bus.produce(messages)
        done = page[-1].id
        save = "UPDATE relay SET position = %s, unchecked_from = NULL WHERE epoch = %s RETURNING 1 AS ok"
        if not self._database.one(save, (done, epoch)):
            self._make_good(position)
            raise StaleLeader(f"epoch {epoch} is over")
        return done

    def _make_good(self, position: int) -> None:
        """What a stale leader has published once more: consumers skip the facts, but upserts of old versions now stand
        behind the newest ones, and compaction keeps the last. So whoever leads says everything since again, in order.
        """
        self._database.query("UPDATE relay SET position = least(position, %s), epoch = epoch + 1", (position,))

    def _messages(self, page: Sequence[Any], era: Era) -> tuple[list[Message], list[tuple[str, int, int]]]:
        recorded = {
            row["notification_id"]: (row["topic"], row["partition"])
            for row in self._database.query(
                "SELECT topic, partition, notification_id FROM published WHERE notification_id BETWEEN %s AND %s",
                (page[0].id, page[-1].id),
            )
        }
        messages: list[Message] = []
        rows: list[tuple[str, int, int]] = []
        for notification in page:
            try:
                event, cause = self._app.sealed.open(_stored(notification))
            except Shredded as gone:
                # In the chain only where it was announced already; what was not can be left out.
                if place := recorded.get(notification.id):
                    prev = self._last[place]
                    self._last[place] = notification.id
                    messages.append(
                        self._wire.shredded(*place, notification.id, prev, str(gone.owner), era.number, era.eras)
                    )
                continue
            chained, upserts = split(self._records(event))
            said = [(record, self._wire.partition(record), 0) for record in upserts]
            if chained is not None:
                topic, partition = recorded.get(notification.id) or (chained.topic, self._wire.partition(chained))
                said.append((chained, partition, self._last[topic, partition]))
                self._last[topic, partition] = notification.id
                rows.append((topic, partition, notification.id))
            messages += [
                self._wire.message(
                    record, partition, era=era.number, eras=era.eras, notification_id=notification.id, prev=prev,
                    cause=cause, occurred_at=event.timestamp, owner=event.deployment_id,
                )
                for record, partition, prev in said
            ]  # fmt: skip
        return messages, rows

    def _record(self, rows: Sequence[tuple[str, int, int]], epoch: int) -> None:
        with self._database.transaction() as cursor:
            # The row lock keeps a successor from taking over in the middle.
            if not cursor.execute("SELECT 1 FROM relay WHERE epoch = %s FOR UPDATE", (epoch,)).fetchone():
                raise StaleLeader(f"epoch {epoch} is over")
            if rows:
                columns = [list(column) for column in zip(*rows, strict=True)]
                cursor.execute(
                    "INSERT INTO published (topic, partition, notification_id, epoch) "
                    "SELECT *, %s FROM unnest(%s::text[], %s::int[], %s::bigint[]) ON CONFLICT DO NOTHING",
                    (epoch, *columns),
                )


def split(records: Sequence[Record]) -> tuple[Record | None, list[Record]]:
    """The record that stands in a chain, if any, and the upserts. Raises TwoFactsOfOneEvent."""
    upserts = [record for record in records if record.upsert_version is not None]
    chained = [record for record in records if record.upsert_version is None]
    if len(chained) > 1:
        raise TwoFactsOfOneEvent(", ".join(record.fact for record in chained))
    return (chained[0] if chained else None), upserts


def _stored(notification: Any) -> StoredEvent:
    return StoredEvent(notification.originator_id, notification.originator_version, notification.topic, notification.state)
