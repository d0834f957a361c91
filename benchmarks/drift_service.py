"""The drift detector's own processor in a process of a benchmark, and what comes of what it is fed."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Message
from deployforge_chassis.identity import BROKER
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.relay import Relay
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.adapters.records import records
from deployforge_drift_detector.adapters.stores import open_stores
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.config import Settings
from deployforge_drift_detector.entrypoints import processor
from deployforge_drift_detector.entrypoints.batches import Batches
from deployforge_drift_detector.entrypoints.processor import Processor, faust_settings
from deployforge_drift_detector.entrypoints.watchdog import Watchdog
from drift_fleet import PER_BATCH, Fleet
from kafka_system import System

OURS: Final = "drift-detector"
_ASKED: Final = 2**40


class Bench:
    """What a child needs of the system."""

    def __init__(self, fleet: Fleet, where: System, who: str) -> None:
        self.fleet, self.where = fleet, where
        self.codec = AvroCodec(RegistryClient(where.registry))
        for service in ("mcal", OURS):
            self.codec.register(service)
        self.bus = where.bus(BROKER)
        database = Database(where.urls[who], pool_size=4)
        sealer = Sealer(database, KeyFile(where.key_file), service=OURS)
        self.app = DriftDetector(database, sealer, open_stores(database, sealer), DesiredMap(), SystemClock())
        self.relay = Relay(self.app, records, self.bus, Wire(self.codec, topics.load(), who))

    def encoded(self, sequence: int, body: Any) -> Any:
        for partition, _, value in self.fleet.batches(sequence, body):
            yield partition, self.codec.encode("ObservationBatch", value)


def asked_for(bench: Bench) -> None:
    """All of the fleet is desired, and as if scans had been asked for long into the future."""
    for one in bench.fleet.desired:
        bench.app.desired.put(one)  # type: ignore[attr-defined]
    put = bench.app.stores.schedule.put
    bench.app.database.write([put(shard, _ASKED, None) for shard in bench.app.desired.shards()])


def started(bench: Bench, taken: "Taken", topic: str, group: str) -> Processor:
    """The service's processor on a topic of the benchmark's."""
    settings = Settings(
        service=BROKER, database_url="unused", kafka_bootstrap=bench.where.kafka, tls_dir=bench.where.tls_dir
    )

    def own(settings: ServiceSettings, context: Any, datadir: Path) -> dict[str, Any]:
        return {
            **faust_settings(settings, context, datadir), "id": group, "consumer_auto_offset_reset": "earliest",
        }  # fmt: skip

    processor.TOPIC, processor.faust_settings = topic, own  # type: ignore[misc,assignment]
    watchdog = Watchdog(SystemClock(), stall_seconds=60, rss_cap_bytes=2**40)
    part = Processor(settings, taken.batches, taken, watchdog)
    part.start()
    return part


def relayed(bench: Bench) -> None:
    """Wait until the relay, which must be running, has sent on all that was saved."""
    all_sent = "SELECT 1 FROM relay WHERE position >= (SELECT coalesce(max(notification_id), 0) FROM events)"
    while not bench.app.database.one(all_sent):
        time.sleep(0.02)


class Taken:
    """The service's batches, counted."""

    def __init__(self, bench: Bench, *, remember: bool = True) -> None:
        self._bench = bench
        parked = ParkedBatches(bench.app.database)
        seconds = Settings.model_fields["second_read_seconds"].default
        judging = Judging(bench.app, Books(bench.app, remember=remember), second_read_seconds=seconds)
        self.batches = Batches(bench.codec, judging, parked, self, SystemClock())
        self._take_all, self.batches.take_all = self.batches.take_all, self.take_all  # type: ignore[method-assign]
        self._seen = threading.Semaphore(0)
        self._meter = Meter()
        self.began = self.ended = 0.0
        self.checks = self.transitions = self.messages = self.waiting = 0

    def warm(self, sequence: int, body: Any) -> float:
        """Judge a scan of everything without Kafka; checks a second."""
        began = time.perf_counter()
        for offset, (partition, message) in enumerate(self._bench.encoded(sequence, body)):
            self.batches.take("warm", partition, offset, message)
        rate = self.checks / (time.perf_counter() - began)
        self.checks = self.transitions = 0
        return rate

    def take_all(self, messages: Any) -> bool:
        self.began = self.began or time.perf_counter()
        done = self._take_all(messages)
        self.ended = time.perf_counter()
        self._seen.release(len(messages))
        self.messages += len(messages)
        return done

    def judged(self, tally: Any, seconds: float) -> None:
        self._meter.judged(tally, seconds)
        self.checks += tally.checked + tally.drifted + tally.not_checked
        self.transitions += tally.transitions

    def parked(self) -> None:
        raise RuntimeError("a batch was parked")

    def lag(self, messages: int) -> None:
        self._meter.lag(messages)
        self.waiting = messages

    def wait(self, messages: int) -> None:
        for _ in range(messages):
            if not self._seen.acquire(timeout=60):
                raise TimeoutError("no batch came in a minute")

    def rate(self) -> float:
        return self.checks / (self.ended - self.began)


def storm(bench: Bench, taken: Taken, topic: str, sequence: int) -> float:
    """2 % of everything drifts at once: transitions a second until all of them are saved and relayed."""
    fleet, messages = bench.fleet, []
    for first in range(0, fleet.count, fleet.per_shard):
        members, shard = range(first + 13, first + fleet.per_shard, 50), fleet.shard(first)
        for start in range(0, len(members), PER_BATCH):
            some = members[start : start + PER_BATCH]
            value = fleet.batch(sequence, shard, some, lambda _: {"visibilityTimeout": sequence + 100}, start)
            body = bench.codec.encode("ObservationBatch", value)
            messages.append(Message(topic, fleet.partition(first // fleet.per_shard), b"", body))
    before, began = taken.transitions, time.perf_counter()
    bench.bus.produce(messages)
    taken.wait(len(messages))
    relayed(bench)
    return (taken.transitions - before) / (time.perf_counter() - began)


def rss_mib() -> float:
    """What of this process's memory is its own, in MiB."""
    with suppress(OSError):
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
