"""A process with two small services in it, whole: it says numbers, hears them, and calls a cloud for each.

Run as a program it forks a replica for every line of JSON on its input and says, a line each, what became of it: so a
replica starts in milliseconds. What is injected is injected here, around the objects that the code under test is given.
"""

import itertools
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import structlog
from database_bus import DatabaseBus
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue, EffectWorkers, Work
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import Effects, Fact, Record
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.relay import Relay
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import JsonCodec
from deployforge_chassis.topics import Topic, Topics
from deployforge_chassis.wire import Wire
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import event
from eventsourcing.persistence import PersistenceError
from injection import Fault

OWNER = UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")
KEYS = ("a", "b")
NUMBERS = (1, 2, 3)
POISONED = "b"
PATIENCE_SECONDS = 50.0
TOPICS = Topics({"says.numbers": Topic("says.numbers", "fact", "says", "key", 2, ("Said",))})
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS seen (at bigserial, key text, n int)",
    "CREATE TABLE IF NOT EXISTS outcomes (token text, at bigserial)",
)
SEEN = "INSERT INTO seen (key, n) VALUES (%s, %s)"
OUTCOME = "INSERT INTO outcomes (token) VALUES (%s)"


class Speaker(Aggregate):
    @event("Opened")
    def __init__(self, deployment_id: UUID, key: str) -> None:
        self.deployment_id = deployment_id
        self.key = key
        self.said: list[int] = []

    @staticmethod
    def create_id(deployment_id: UUID, key: str) -> UUID:
        return uuid5(deployment_id, key)

    @event("Said")
    def say(self, key: str, n: int) -> None:
        self.said.append(n)


def records(happened: Any) -> Sequence[Record]:
    match happened:
        case Speaker.Said():
            return [Record("says.numbers", happened.key, "Said", {"key": happened.key, "n": happened.n})]
    return []


class Poison(Exception):
    """A message that cannot be applied."""


class Replica:
    """Everything that one process runs."""

    def __init__(self, order: Mapping[str, Any], fault: Fault) -> None:
        self.order, self.fault = order, fault
        self.says, self.hears = (self._application(order[name], name) for name in ("says", "hears"))
        self.hears.database.migrate(SCHEMA)
        self.bus = DatabaseBus(order["bus"], TOPICS, fault)
        self.queue = EffectQueue(self.hears, self.hears.sealer)
        wire = Wire(JsonCodec(), TOPICS, "says")
        self.relay = Relay(self.says, records, self.bus, wire)
        self.inbox = Inbox(
            self.hears, self.bus, Wire(JsonCodec(), TOPICS, "hears"), PublishedFeed(self.says, records, wire),
            {"says.numbers": {"Said": self.hear}},
            sleep=lambda seconds: self.inbox.stopping.wait(min(seconds, 0.01)),
        )  # fmt: skip
        self.workers = EffectWorkers(self.queue, {"call": self.call}, threads=1)

    def _application(self, url: str, name: str) -> EventSourcedApplication:
        database = Database(url, pool_size=1)
        sealer = Sealer(database, KeyFile(Path(self.order["key_file"])), service=name)
        return EventSourcedApplication(database, sealer, name=name)

    def run(self) -> int:
        """Until everything has arrived; 0 then, 1 when a part or the database went away, 3 when it took too long.

        10 more when the fault has fired and was outlived.
        """
        self.fault.armed = True
        try:
            code = self._run()
        except PersistenceError:
            traceback.print_exc()
            code = 1
        return code + 10 * self.fault.fired

    def _run(self) -> int:
        parts = (self.relay, self.inbox, self.workers)
        for part in parts:
            part.start()
        for key, n in itertools.product(KEYS, NUMBERS):
            self.say(key, n)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.converged():
            if self.order.get("replay"):
                self.inbox.replay.run()
            if any(part.failed() for part in parts):
                return 1
            if time.monotonic() > deadline:
                return 3
            time.sleep(0.005)
        for part in parts:
            part.stop(5.0)
        return 0

    def say(self, key: str, n: int) -> None:
        """A command that may be repeated: whoever does not know whether it was carried out asks again."""
        for _ in range(5):
            try:
                try:
                    speaker: Any = self.says.repository.get(Speaker.create_id(OWNER, key))
                except AggregateNotFoundError:
                    speaker = Speaker(OWNER, key)
                if n not in speaker.said:
                    speaker.say(key, n)
                    self.says.save(speaker)
                return
            except VersionConflict:
                continue

    def hear(self, fact: Fact) -> Effects:
        assert fact.value is not None
        key, n = fact.value["key"], fact.value["n"]
        if self.order.get("poisoned") and key == POISONED and n == 1:
            raise Poison(f"{key} {n}")
        token = f"{key}-{n}"
        call = self.queue.enqueue("call", token, {"token": token}, deployment_id=OWNER, lane=key)
        return Effects(writes=((SEEN, (key, n)), call))

    def call(self, work: Work) -> Effects:
        """Read first, then act with the token, as every handler does."""
        token = work.payload["token"]
        self.fault.reached("leased")
        if work.attempt == 1 or not self.bus.database.query("SELECT 1 FROM cloud WHERE token = %s", (token,)):
            work.hold()
            self.bus.database.query("INSERT INTO cloud VALUES (%s) ON CONFLICT DO NOTHING", (token,))
        self.fault.reached("called")
        return Effects(writes=((OUTCOME, (token,)),))

    def converged(self) -> bool:
        """Said, published, heard or parked, called and recorded."""
        every = len(KEYS) * len(NUMBERS)
        with self.fault.out_of_the_way():
            said = self.says.database.one(
                "SELECT (SELECT count(*) FROM events) AS said, (SELECT max(notification_id) FROM events) AS last, "
                "(SELECT position FROM relay) AS position"
            )
            heard = self.hears.database.one(
                "SELECT (SELECT count(*) FROM seen) AS seen, (SELECT count(*) FROM parked) AS parked, "
                "(SELECT count(*) FROM outcomes) AS outcomes, "
                "(SELECT count(*) FROM effects WHERE status = 'waiting') AS waiting"
            )
        assert said is not None and heard is not None
        return (
            said["said"] == every + len(KEYS)
            and said["position"] == said["last"]
            and heard["seen"] + heard["parked"] >= every
            and not (self.order.get("replay") and heard["parked"])
            and heard["waiting"] == 0
        )


def fork(order: Mapping[str, Any]) -> int:
    """Start a replica; its process id."""
    if pid := os.fork():
        return pid
    code = 2
    try:
        os.environ["PGAPPNAME"] = order["name"]
        sys.stdout = sys.stderr
        code = Replica(order, Fault(order.get("point"), order.get("mode"))).run()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def became(pid: int) -> str:
    """Wait until a replica has ended or stopped; which of them, and how."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return "stopped"
    return f"killed {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"


def main() -> None:
    # Errors are what these replicas are for, and to print one with its frames takes longer than to get over it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    pids: dict[str, int] = {}
    assert threading.active_count() == 1, "a process with threads must not fork"
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("resume"):
            os.kill(pids[order["name"]], signal.SIGCONT)
        else:
            pids[order["name"]] = fork(order)
        sys.stdout.write(became(pids[order["name"]]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
