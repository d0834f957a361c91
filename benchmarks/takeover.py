"""How fast a dead replica is replaced, on a real broker.

Two processes share the partitions of a topic; one is killed with SIGKILL; counted are the seconds until a fact of each
of its partitions, said after its death, is a row. Lower bound: the broker's own patience with a silent member.
"""

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog
from deployforge_chassis import topics
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Effects, Fact
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from kafka_system import FACT, KEYS, LISTENER, PATIENCE_SECONDS, SOURCE, TOPIC, Steps, System, records

SESSION_SECONDS = 6.0
HEARD = "CREATE TABLE IF NOT EXISTS heard (partition int, by int, said_at timestamptz, at timestamptz DEFAULT now())"


def measure_takeover(where: System, repeats: int = 3) -> dict[str, float]:
    """`takeover_seconds`, the longest of the repeats."""
    app, bus = where.source(), where.bus(SOURCE)
    listening = Database(where.urls[LISTENER], pool_size=1)
    listening.migrate([HEARD])
    steps: Any = Steps(uuid4())
    app.save(steps)
    relay = Relay(app, records, bus, where.wire(SOURCE))
    relay.start()
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.1):
            for key in KEYS:
                steps.complete(key)
            app.save(steps)

    talking = threading.Thread(target=talk)
    talking.start()
    replicas = [_replica(where), _replica(where)]
    try:
        taken = [_kill_one(where, replicas, listening) for _ in range(repeats)]
    finally:
        over.set()
        talking.join()
        for replica in replicas:
            replica.kill()
            replica.wait()
        relay.stop(10)
        for database in (app.database, listening):
            database.close()
        bus.close()
    return {
        "takeover_seconds": round(max(taken), 1),
        "takeover_median_seconds": round(statistics.median(taken), 1),
        "takeover_bound_seconds": SESSION_SECONDS,
    }


def _replica(where: System) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, __file__, where.to_json()], stdout=subprocess.DEVNULL)


def _kill_one(where: System, replicas: "list[subprocess.Popen[bytes]]", listening: Database) -> float:
    """Seconds until the partitions of a killed replica are served again; a new replica stands in its place then."""
    owners = (
        "SELECT partition, (array_agg(by ORDER BY at DESC))[1] AS by FROM heard "
        "WHERE at > now() - interval '1 second' GROUP BY partition"
    )
    partitions = topics.load()[TOPIC].partitions

    def shared() -> dict[int, int]:
        found = {row["partition"]: row["by"] for row in listening.query(owners)}
        both = set(found.values()) == {replica.pid for replica in replicas}
        return found if both and len(found) == partitions else {}

    held = _until(shared, "both replicas have partitions and all partitions are served")
    victim = replicas.pop(0)
    orphans = [partition for partition, by in held.items() if by == victim.pid]
    victim.send_signal(signal.SIGKILL)
    killed, at = time.monotonic(), datetime.now(UTC)
    victim.wait()
    served = "SELECT count(DISTINCT partition) AS n FROM heard WHERE said_at > %s AND partition = ANY(%s)"

    def again() -> bool:
        return listening.query(served, (at, orphans))[0]["n"] == len(orphans)

    _until(again, "the partitions are served again")
    seconds = time.monotonic() - killed
    replicas.append(_replica(where))
    return seconds


def _until(what: Callable[[], Any], named: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := what()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE_SECONDS:g} s: {named}")
        time.sleep(0.05)
    return answer


def replica(where: System) -> None:
    """One of two processes that share the topic, until it is told to stop or killed."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    app, wire = where.listener(), where.wire(LISTENER)
    feed = PublishedFeed(where.source(), records, where.wire(SOURCE))

    def hear(fact: Fact) -> Effects:
        write = "INSERT INTO heard (partition, by, said_at) VALUES (%s, %s, %s)"
        return Effects(writes=((write, (fact.partition, os.getpid(), fact.occurred_at)),))

    run([Inbox(app, where.bus(LISTENER), wire, feed, {TOPIC: {FACT: hear}})])


if __name__ == "__main__":
    replica(System.from_json(sys.argv[1]))
