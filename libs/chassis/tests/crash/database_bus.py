"""A bus whose log is a table, so that it outlives the processes that use it; every consumer gets every partition."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_chassis.bus import Assigned, Place, ProduceFailed, Revoked, Start
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Message
from deployforge_chassis.topics import Topics
from injection import Fault, Injected

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS log (topic text, partition int, message_offset bigint, key bytea, value bytea, "
    "headers jsonb, PRIMARY KEY (topic, partition, message_offset))",
    "CREATE TABLE IF NOT EXISTS cloud (token text PRIMARY KEY)",
)
APPEND = (
    "INSERT INTO log SELECT %s, %s, (SELECT coalesce(max(message_offset) + 1, 0) FROM log WHERE topic = %s "
    "AND partition = %s), %s, %s, %s"
)


class DatabaseBus:
    """See Bus."""

    def __init__(self, url: str, topics: Topics, fault: Fault) -> None:
        self.database = Database(url, pool_size=1)
        self.database.migrate(SCHEMA)
        self._partitions = {topic.full_name: topic.partitions for topic in topics.values()}
        self._fault = fault

    def produce(self, messages: Sequence[Message]) -> None:
        """See Bus. Appends are serialised, as a partition's leader does."""
        try:
            self._append(messages)
        except Injected as error:
            raise ProduceFailed(str(error)) from error

    def _append(self, messages: Sequence[Message]) -> None:
        self._fault.reached("producing")
        with self._fault.out_of_the_way(), self.database.transaction() as cursor:
            cursor.execute("LOCK TABLE log IN EXCLUSIVE MODE")
            for m in messages:
                headers = json.dumps({name: value.hex() for name, value in m.headers.items()})
                place = (m.topic, m.partition)
                cursor.execute(APPEND.encode(), (*place, *place, m.key, m.value, headers))
        self._fault.reached("produced")

    def consumer(self, group: str, topics: Sequence[str], assigned: Assigned, revoked: Revoked) -> "DatabaseConsumer":
        """See Bus."""
        places = [(topic, partition) for topic in topics for partition in range(self._partitions[topic])]
        return DatabaseConsumer(self.database, places, assigned, self._fault)

    def newest(self, topics: Sequence[str]) -> Mapping[Place, Message]:
        """See Bus."""
        newest = "SELECT DISTINCT ON (topic, partition) * FROM log WHERE topic = ANY(%s) ORDER BY 1, 2, message_offset DESC"
        rows = self.database.query(newest, (list(topics),))
        return {(row["topic"], row["partition"]): _message(row) for row in rows}

    def close(self) -> None:
        """See Bus."""
        self.database.close()


def _message(row: Mapping[str, Any]) -> Message:
    headers = {name: bytes.fromhex(value) for name, value in row["headers"].items()}
    value = None if row["value"] is None else bytes(row["value"])
    return Message(row["topic"], row["partition"], bytes(row["key"]), value, headers, row["message_offset"])


class DatabaseConsumer:
    """See Consumer."""

    def __init__(self, database: Database, places: Sequence[Place], assigned: Assigned, fault: Fault) -> None:
        self._database, self._places, self._assigned, self._fault = database, places, assigned, fault
        self._next: dict[Place, int] = {}
        self._paused: set[Place] = set()

    def poll(self, timeout_seconds: float, limit: int = 500) -> list[Message]:
        """See Consumer."""
        if not self._next:
            for place, start in self._assigned(self._places).items():
                self._next[place] = start if isinstance(start, int) else self._edge(place, start)
        deadline = time.monotonic() + min(timeout_seconds, 0.05)
        while not (found := self._read(limit)) and time.monotonic() < deadline:
            time.sleep(0.005)
        if found:
            self._fault.reached("consumed")
        return found

    def _edge(self, place: Place, start: Start) -> int:
        return 0 if start is Start.BEGINNING else self.ends([place])[place]

    def _read(self, limit: int) -> list[Message]:
        found: list[Message] = []
        for place, offset in self._next.items():
            if place in self._paused:
                continue
            rows: list[dict[str, Any]] = self._database.query(
                "SELECT * FROM log WHERE topic = %s AND partition = %s AND message_offset >= %s "
                "ORDER BY message_offset LIMIT %s",
                (*place, offset, limit),
            )
            found.extend(map(_message, rows))
            self._next[place] = offset + len(rows)
        return found

    def pause(self, places: Sequence[Place]) -> None:
        """See Consumer."""
        self._paused.update(places)

    def resume(self, places: Sequence[Place]) -> None:
        """See Consumer."""
        self._paused.difference_update(places)

    def seek(self, place: Place, offset: int) -> None:
        """See Consumer."""
        self._next[place] = offset

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """See Consumer."""
        return {
            place: self._database.query(
                "SELECT coalesce(max(message_offset) + 1, 0) AS ends FROM log WHERE topic = %s AND partition = %s", place
            )[0]["ends"]
            for place in places
        }

    def hint(self, offsets: Mapping[Place, int]) -> None:
        """See Consumer."""

    def close(self) -> None:
        """See Consumer."""
