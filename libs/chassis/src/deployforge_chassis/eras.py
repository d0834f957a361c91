"""Eras of a source: what keeps two histories apart when a service's database was restored from a backup.

A restored log is shorter than what was published before. If its relay simply went on, consumers would see new events
under ids that they have applied already, and skip them. So the relay compares its log with the end of its topics when
it takes over, and refuses to run while they are ahead, until an operator raises the era:

    python -m deployforge_chassis.eras            what is the case, in the environment of the service
    python -m deployforge_chassis.eras raise      begin a new era

A new era shares the log with the one before up to the id where it began (header `eras`): where the log ended when the
first process started after the restore, so all replicas must be stopped while a database is restored. Consumers that
come from the old era go on where they stood, or from that id if they stood beyond it. What was published before the
restore and is in no backup stays applied at those consumers: the new era does not know of it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deployforge_chassis.bus import Bus
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.wire import Wire

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS relay (one boolean PRIMARY KEY DEFAULT true CHECK (one), "
    "era int NOT NULL, epoch bigint NOT NULL, position bigint NOT NULL)",
    "ALTER TABLE relay ADD COLUMN IF NOT EXISTS eras bigint[] NOT NULL DEFAULT '{}'",
    # Where the log ended when the first process started that has not compared it with the topics yet.
    "ALTER TABLE relay ADD COLUMN IF NOT EXISTS unchecked_from bigint",
    "INSERT INTO relay (era, epoch, position) VALUES (1, 0, 0) ON CONFLICT DO NOTHING",
)


class TopicAhead(Exception):
    """A topic holds what this service's log does not: the database was restored, or is the wrong one."""

    def __init__(self, topic: str, partition: int, topic_at: str, log_at: str) -> None:
        super().__init__(
            f"{topic}[{partition}] ends at {topic_at} (era/id), this service's log knows that partition up to {log_at}. "
            "Nothing is published. Was the database restored from a backup? Then begin a new era: run "
            "`python -m deployforge_chassis.eras raise` in this service's environment. If not, it is the wrong database."
        )


@dataclass(frozen=True)
class Era:
    """The era in force."""

    number: int
    eras: Sequence[int]
    """The last id that each era but the first took over from the one before it."""


def current(database: Database) -> Era:
    """As the database says."""
    row = database.one("SELECT era, eras FROM relay")
    return Era(row["era"], tuple(row["eras"])) if row else Era(1, ())


def note_start(database: Database) -> None:
    """Remember where the log ends, before anybody adds to it: a restored log is shared with the past up to there."""
    database.query(
        "UPDATE relay SET unchecked_from = coalesce(unchecked_from, (SELECT coalesce(max(notification_id), 0) FROM events))"
    )


def check(database: Database, bus: Bus, wire: Wire) -> None:
    """Compare the ends of the service's topics with its log. Raises TopicAhead, or BusAway."""
    facts = [topic.full_name for topic in wire.topics.owned_by(wire.service) if topic.kind == "fact"]
    # In this order: what a leader publishes is in the log already, also when it does not know yet that it leads no more.
    ends = bus.newest(facts)
    era = current(database).number
    known = {
        (row["topic"], row["partition"]): row["id"]
        for row in database.query("SELECT topic, partition, max(notification_id) AS id FROM published GROUP BY 1, 2")
    }
    for (topic, partition), message in ends.items():
        head = wire.fact(message, decoded=False)
        log_at = known.get((head.topic, partition), 0)
        if head.source == wire.service and (head.era > era or (head.era == era and head.id > log_at)):
            raise TopicAhead(topic, partition, f"{head.era}/{head.id}", f"{era}/{log_at}")
    database.query("UPDATE relay SET unchecked_from = NULL")


def begin_new(database: Database) -> Era:
    """Raise the era; a relay that leads starts over in it."""
    database.query(
        "UPDATE relay SET era = era + 1, epoch = epoch + 1, unchecked_from = NULL, "
        "eras = eras || coalesce(unchecked_from, (SELECT max(notification_id) FROM events), 0)"
    )
    return current(database)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; see above."""
    parser = argparse.ArgumentParser(prog="python -m deployforge_chassis.eras", description="The era of a service's log.")
    parser.add_argument("action", nargs="?", choices=["show", "raise"], default="show", help="default: show")
    action = parser.parse_args(arguments).action
    database = Database(ServiceSettings().database_url, pool_size=1)
    era = begin_new(database) if action == "raise" else current(database)
    sys.stdout.write(", ".join([f"era {era.number}", *(f"shared up to {id}" for id in era.eras[-1:])]) + "\n")
    database.close()


if __name__ == "__main__":
    main()
