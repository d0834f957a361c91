"""Where a consumer stands in each partition of each source: in its own database, and remembered in memory."""

from collections.abc import Sequence

import structlog

from deployforge_chassis.bus import Start
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Fact, Message, Move, Write
from deployforge_chassis.topics import Topic, short_name
from deployforge_chassis.wire import position_name

log = structlog.get_logger(__name__)


class Positions:
    """The positions of one consumer; used by one thread. They are moved by `EventSourcedApplication.commit`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, int] = {}

    def of(self, name: str, head: Fact, topic: Topic) -> int:
        """The id of the last message applied. A consumer that starts now begins right before `head`.

        In a new era of its source it goes on where it stood in the one before, or where the two logs part.
        """
        if name not in self._known:
            row = self._database.one("SELECT id FROM positions WHERE name = %s", (name,))
            begins = None if row else self._begins(head, topic)
            if begins:
                self._database.query(
                    "INSERT INTO positions (name, id, message_offset) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    (name, begins, head.offset - 1),
                )
            self._known[name] = row["id"] if row else begins or 0
        return self._known[name]

    def _begins(self, head: Fact, topic: Topic) -> int:
        for era in range(head.era - 1, 0, -1):
            name = position_name(head.source, era, head.topic, head.partition)
            if row := self._database.one("SELECT id FROM positions WHERE name = %s", (name,)):
                shared = head.shared_with(era)
                log.warning("a source began a new era", source=head.source, era=head.era, stood_at=row["id"], shared=shared)
                return min(int(row["id"]), shared if shared is not None else head.prev)
        return head.prev if topic.starts == "now" else 0

    def moved(self, moves: Sequence[Move]) -> None:
        """Remember what was saved."""
        self._known.update((move.name, move.id) for move in moves)

    def forget_all(self) -> None:
        """The next look is into the database."""
        self._known.clear()

    def start(self, topic: Topic, partition: int) -> int | Start:
        """Where to begin to read a partition."""
        row = self._database.one(
            "SELECT message_offset FROM positions WHERE name LIKE %s ORDER BY message_offset DESC LIMIT 1",
            (f"%#{topic.name}#{partition}",),
        )
        if row is not None and topic.kind != "telemetry":
            return int(row["message_offset"]) + 1
        return Start.END if topic.starts == "now" else Start.BEGINNING

    @staticmethod
    def mark(message: Message) -> Write:
        """The write that remembers how far a partition without a chain was read."""
        return (
            "INSERT INTO positions (name, id, message_offset) VALUES (%s, 0, %s) "
            "ON CONFLICT (name) DO UPDATE SET message_offset = EXCLUDED.message_offset",
            (f"upserts#{short_name(message.topic)}#{message.partition}", message.offset),
        )
