"""A real broker, registry and PostgreSQL, without the services, for benchmarks of delivery; and what is said on it."""

import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from deployforge_chassis import schemas, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.facts import Record
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire
from deployforge_local import system
from deployforge_local.settings import REGISTRY, LocalSettings
from eventsourcing.domain import event
from support import databases

TOPIC, FACT = "orchestrator.executions", "StepCompleted"
SOURCE, LISTENER = "orchestrator", "state-manager"
OWNER = UUID("0b1f6a52-6a0e-5d0c-9d0b-5f7f6f1f9a01")
KEYS = [str(uuid5(OWNER, str(n))) for n in range(64)]
PATIENCE_SECONDS = 60.0
_PORTS = 26


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
            return [Record(TOPIC, happened.key, FACT, {**example(), "deployment_id": happened.key})]
    return []


@lru_cache(maxsize=1)
def example() -> Mapping[str, Any]:
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

    def listener(self) -> EventSourcedApplication:
        return application(self.urls[LISTENER], self.key_file, LISTENER)

    def source(self) -> EventSourcedApplication:
        return application(self.urls[SOURCE], self.key_file, SOURCE)

    def to_json(self) -> str:
        return json.dumps([self.kafka, self.registry, str(self.tls_dir), dict(self.urls), str(self.key_file)])

    @classmethod
    def from_json(cls, text: str) -> "System":
        kafka, registry, tls_dir, urls, key_file = json.loads(text)
        return cls(kafka, registry, Path(tls_dir), urls, Path(key_file))


@contextmanager
def running(*names: str) -> Iterator[System]:
    """A broker, a registry and databases of these names, gone when the block ends."""
    names = names or (SOURCE, LISTENER)
    # Told to end, what was started is ended first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        tempfile.TemporaryDirectory(prefix="df-bench-kafka-", ignore_cleanup_errors=True) as home,
        databases(*names, fsync=True) as found,
    ):
        directory, urls = found
        os.chmod(home, 0o755)
        os.environ |= {"DEPLOYFORGE_HOME": home, "DEPLOYFORGE_PORT_BASE": str(_free_ports(_PORTS))}
        settings = LocalSettings()
        KeyFile.create(directory / "key")
        quiet: Callable[[str], None] = lambda _: None  # noqa: E731
        try:
            system.up(settings, quiet, "infrastructure")
            registry = f"http://127.0.0.1:{settings.port_base + REGISTRY}/apis/ccompat/v7"
            by_name = dict(zip(names, urls, strict=True))
            yield System(settings.kafka_bootstrap, registry, settings.tls_dir, by_name, directory / "key")
        finally:
            system.down(settings, quiet)


def _free_ports(count: int) -> int:
    """The first of so many ports in a row on which nobody listens now; another place to begin for each process, as two
    that look at once would both find the same.
    """
    bases = range(31_000, 60_000, 100)
    begin = os.getpid() % len(bases)
    for base in list(bases[begin:]) + list(bases[:begin]):
        if all(_free(port) for port in range(base, base + count)):
            return base
    raise OSError(f"no {count} free ports in a row")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
