"""Delivery over a real broker: how far the relay lags behind a steady stream, and how fast a dead replica is replaced.

Kafka, registry and PostgreSQL are a system of their own, without the services, in a temporary directory.

Lag: 2,000 events a second are appended, 100 to a commit; a unit of work is one event, from the moment in which it
happened, which is before its commit, to its arrival at a consumer of the topic. Lower bound in the same run: the same
messages at the same rate produced straight to the topic, without an event store.
Takeover: two processes share the partitions of a topic; one is killed with SIGKILL; counted are the seconds until a
fact of each of its partitions, said after its death, is a row. Lower bound: the broker's own patience with a silent
member, 6 s.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import structlog
from deployforge_chassis import schemas, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.bus import Place, Start
from deployforge_chassis.causality import Causality
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.facts import Effects, Fact, Message, Record
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire
from deployforge_local import system
from deployforge_local.settings import LocalSettings
from eventsourcing.domain import event
from support import databases

TOPIC, FACT = "orchestrator.executions", "StepCompleted"
SOURCE, LISTENER = "orchestrator", "state-manager"
OWNER = UUID("0b1f6a52-6a0e-5d0c-9d0b-5f7f6f1f9a01")
KEYS = [str(uuid5(OWNER, str(n))) for n in range(64)]
RATE, BATCH = 2_000, 100
PATIENCE_SECONDS = 60.0
SESSION_SECONDS = 6.0
HEARD = "CREATE TABLE IF NOT EXISTS heard (partition int, by int, said_at timestamptz, at timestamptz DEFAULT now())"


class Steps(Aggregate):
    @event("Begun")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id

    @event("Completed")
    def complete(self, key: str) -> None:
        """Changes nothing here."""


def records(happened: Any) -> Sequence[Record]:
    match happened:
        case Steps.Completed():
            return [Record(TOPIC, happened.key, FACT, {**_example(), "deployment_id": happened.key})]
    return []


@lru_cache(maxsize=1)
def _example() -> Mapping[str, Any]:
    """The published example of the fact, about 500 bytes."""
    return schemas.load().latest(FACT).example()


def application(url: str, key_file: Path, name: str) -> EventSourcedApplication:
    database = Database(url, pool_size=2)
    return EventSourcedApplication(database, Sealer(database, KeyFile(key_file), service=name), name=name)


class System:
    """What a process needs to reach the system."""

    def __init__(self, kafka: str, registry: str, tls_dir: Path, urls: Mapping[str, str], key_file: Path) -> None:
        self.kafka, self.registry, self.tls_dir, self.urls, self.key_file = kafka, registry, tls_dir, urls, key_file

    def bus(self, service: str) -> KafkaBus:
        return KafkaBus(
            ServiceSettings(service=service, database_url="unused", kafka_bootstrap=self.kafka, tls_dir=self.tls_dir)
        )

    def wire(self, service: str) -> Wire:
        codec = AvroCodec(RegistryClient(self.registry))
        codec.register(SOURCE)
        return Wire(codec, topics.load(), service)

    def source(self) -> EventSourcedApplication:
        return application(self.urls[SOURCE], self.key_file, SOURCE)

    def to_json(self) -> str:
        return json.dumps([self.kafka, self.registry, str(self.tls_dir), dict(self.urls), str(self.key_file)])

    @classmethod
    def from_json(cls, text: str) -> "System":
        kafka, registry, tls_dir, urls, key_file = json.loads(text)
        return cls(kafka, registry, Path(tls_dir), urls, Path(key_file))


@contextmanager
def running() -> Iterator[System]:
    """A broker, a registry and two databases, gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="df-bench-kafka-") as home, databases(SOURCE, LISTENER, fsync=True) as found:
        directory, urls = found
        os.chmod(home, 0o755)
        os.environ |= {"DEPLOYFORGE_HOME": home, "DEPLOYFORGE_PORT_BASE": str(_free_ports(26))}
        settings = LocalSettings()
        KeyFile.create(directory / "key")
        quiet: Callable[[str], None] = lambda _: None  # noqa: E731
        system.up(settings, quiet, "infrastructure")
        try:
            registry = f"http://127.0.0.1:{settings.port_base + 2}/apis/ccompat/v7"
            by_name = dict(zip((SOURCE, LISTENER), urls, strict=True))
            yield System(settings.kafka_bootstrap, registry, settings.tls_dir, by_name, directory / "key")
        finally:
            system.down(settings, quiet)


def measure_relay_lag(where: System, seconds: float = 15.0) -> dict[str, float]:
    """`relay_lag_p99_ms` and its bound at RATE events a second."""
    bus, wire = where.bus(SOURCE), where.wire(SOURCE)
    straight = _lags(where, seconds / 3, lambda keys: bus.produce([_straight(wire, key) for key in keys]))
    app = where.source()
    steps, relay = Steps(OWNER), Relay(app, records, bus, wire)
    app.save(steps)
    relay.start()

    def append(keys: Sequence[str]) -> None:
        for key in keys:
            steps.complete(key)
        app.save(steps)

    append(KEYS)  # Leadership, data key and connections are there before the clock starts.
    lags = _lags(where, seconds, append)
    relay.stop(10)
    app.database.close()
    bus.close()
    return {
        "relay_lag_p99_ms": round(_p99(lags), 1),
        "relay_lag_p50_ms": round(statistics.median(lags), 1),
        "relay_lag_bound_p99_ms": round(_p99(straight), 1),
        "relay_lag_events": len(lags),
    }


def _straight(wire: Wire, key: str) -> Message:
    """A message that no event store stands behind; ids of 0 stand in no chain."""
    record = Record(TOPIC, key, FACT, {**_example(), "deployment_id": key})
    partition = wire.partition(record)
    now = datetime.now(UTC)
    return wire.message(record, partition, era=1, notification_id=0, prev=0, cause=Causality("b", ""), occurred_at=now)


def _lags(where: System, seconds: float, say: Callable[[Sequence[str]], None]) -> list[float]:
    """Milliseconds of every event that is said in that time, at RATE. Raises TimeoutError when some do not arrive."""
    wire, bus = where.wire(LISTENER), where.bus(LISTENER)
    listening, lags, expected = threading.Event(), [], int(seconds * RATE) // BATCH * BATCH
    over = threading.Event()

    def begin(places: Sequence[Place]) -> Mapping[Place, int | Start]:
        listening.set()
        return dict.fromkeys(places, Start.END)

    def listen() -> None:
        consumer = bus.consumer(f"lag-{uuid4()}", [full_name(TOPIC)], begin, lambda _: None)
        while not over.is_set():
            for message in consumer.poll(0.05):
                if message.headers.get("type") == FACT.encode():
                    lags.append((time.time() - wire.fact(message, decoded=False).occurred_at.timestamp()) * 1000)
        consumer.close()

    listener = threading.Thread(target=listen)
    listener.start()
    if not listening.wait(PATIENCE_SECONDS):
        raise TimeoutError("no partition was assigned")
    time.sleep(1.0)  # Where the end is, is asked of the broker after the assignment.
    began = time.monotonic()
    for batch in range(expected // BATCH):
        time.sleep(max(0.0, began + batch * BATCH / RATE - time.monotonic()))
        say([KEYS[n % len(KEYS)] for n in range(batch * BATCH, (batch + 1) * BATCH)])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(lags) < expected and time.monotonic() < deadline:
        time.sleep(0.01)
    over.set()
    listener.join()
    bus.close()
    if len(lags) < expected:
        raise TimeoutError(f"{len(lags)} of {expected} events arrived")
    return lags


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
    app, wire = application(where.urls[LISTENER], where.key_file, LISTENER), where.wire(LISTENER)
    feed = PublishedFeed(where.source(), records, where.wire(SOURCE))

    def hear(fact: Fact) -> Effects:
        write = "INSERT INTO heard (partition, by, said_at) VALUES (%s, %s, %s)"
        return Effects(writes=((write, (fact.partition, os.getpid(), fact.occurred_at)),))

    run([Inbox(app, where.bus(LISTENER), wire, feed, {TOPIC: {FACT: hear}})])


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def _free_ports(count: int) -> int:
    """The first of so many ports in a row on which nobody listens now."""
    for base in range(31_000, 60_000, 100):
        if all(_free(port) for port in range(base, base + count)):
            return base
    raise OSError(f"no {count} free ports in a row")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


if __name__ == "__main__":
    replica(System.from_json(sys.argv[1]))
