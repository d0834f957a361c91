"""The two contenders as processes: each forked from one that holds the fleet, with connections of its own."""

import multiprocessing
import os
import signal as signals_of_the_system
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer
from deployforge_chassis import tls, topics
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
from drift_by_hand import Loop, consume
from drift_fleet import Fleet, steady
from kafka_system import System

OURS: Final = "drift-detector"
BY_HAND: Final = "by-hand"
_FORK: Final = multiprocessing.get_context("fork")
_ASKED: Final = 2**40


class Signal(NamedTuple):
    """Stands in an argument for an event or a semaphore that the children of one run share."""

    kind: str
    name: str

    def make(self) -> Any:
        """The thing itself."""
        return _FORK.Event() if self.kind == "event" else _FORK.Semaphore(0)


class Nursery:
    """Runs functions in children of a process that made the fleet before it opened anything."""

    def __init__(self, fleet: Fleet) -> None:
        self._pipe, theirs = _FORK.Pipe()
        self._process = _FORK.Process(target=_nurse, args=(theirs, fleet))
        self._process.start()
        self._pipe.recv()

    def run(self, *calls: tuple[Callable[..., Any], Mapping[str, Any]]) -> list[Any]:
        """Run these at once, each as `function(fleet, **arguments)` in a child of its own; what they returned."""
        self._pipe.send(calls)
        answers = self._pipe.recv()
        for answer in answers:
            if isinstance(answer, str):
                raise RuntimeError(answer)
        return [value for (value,) in answers]

    def close(self) -> None:
        """End the process; again changes nothing."""
        if self._process.is_alive():
            self._pipe.send(None)
            self._process.join()


def _nurse(pipe: Any, fleet: Fleet) -> None:
    _ = fleet.keys
    pipe.send(None)
    while (calls := pipe.recv()) is not None:
        children, signals = [], dict[Signal, Any]()
        for function, arguments in calls:
            for signal in (one for one in arguments.values() if isinstance(one, Signal) and one not in signals):
                signals[signal] = signal.make()
            given = {name: signals[one] if isinstance(one, Signal) else one for name, one in arguments.items()}
            ours, theirs = _FORK.Pipe()
            child = _FORK.Process(target=_call, args=(theirs, function, fleet, given))
            child.start()
            theirs.close()
            children.append((child, ours))
        answers = []
        for child, answer in children:
            try:
                answers.append(answer.recv())
            except EOFError:
                answers.append(f"a worker ended with {child.exitcode}")
            child.join()
        pipe.send(answers)


def _call(answer: Any, function: Callable[..., Any], fleet: Fleet, arguments: Mapping[str, Any]) -> None:
    try:
        answer.send((function(fleet, **arguments),))
    except BaseException:
        answer.send(traceback.format_exc())
    finally:
        answer.close()
        # Faust's threads and librdkafka's end with the process.
        os.kill(os.getpid(), signals_of_the_system.SIGKILL) if threading.active_count() > 1 else None


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


def preload(fleet: Fleet, *, where: System, topic: str, sequence: int, turn: int, scans: int = 1) -> int:
    """Produce some later scans of everything; how many messages."""
    bench = Bench(fleet, where, OURS)
    count = 0
    pending: list[Message] = []
    for scan in range(scans):
        for partition, body in bench.encoded(sequence + scan, steady(turn, later=True)):
            pending.append(Message(topic, partition, b"", body))
            count += 1
            if len(pending) == 64:
                bench.bus.produce(pending)
                pending.clear()
    bench.bus.produce(pending)
    return count


def ours(
    fleet: Fleet, *, where: System, topic: str, messages: int, sequence: int, turn: int, remember: bool
) -> dict[str, float]:  # fmt: skip
    """Checks a second of the service's own processor, by Faust."""
    bench = Bench(fleet, where, OURS)
    asked_for(bench)
    taken = Taken(bench, remember=remember)
    warm = taken.warm(sequence, steady(turn, later=False))
    bench.relay.start()
    part = started(bench, taken, topic, f"ours-{sequence}-{remember}")
    taken.wait(messages)
    rate = taken.rate()
    part.stop(20)
    taken.batches.close()
    return {"rate": rate, "warm": warm, "transitions": taken.transitions, "rss_mib": _rss_mib()}


def by_hand(
    fleet: Fleet, *, where: System, topic: str, messages: int, sequence: int, turn: int, remember: bool
) -> dict[str, float]:  # fmt: skip
    """Checks a second of the loop by hand."""
    bench = Bench(fleet, where, BY_HAND)
    loop = Loop(bench.app, bench.codec._parsed["deployforge.mcal.ObservationBatch"], fleet.desired, remember=remember)
    began, checks = time.perf_counter(), 0
    for _, body in bench.encoded(sequence, steady(turn, later=False)):
        checks += loop.handle(body)
    warm = checks / (time.perf_counter() - began)
    bench.relay.start()
    consumer = Consumer(
        {
            "bootstrap.servers": where.kafka, **tls.load(where.tls_dir, BROKER).kafka_settings(),
            "group.id": f"by-hand-{sequence}-{remember}", "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "queued.max.messages.kbytes": 65_536, "fetch.message.max.bytes": 4_194_304,
        }
    )  # fmt: skip
    consumer.subscribe([topic])
    return {"rate": consume(consumer, loop.handle, messages), "warm": warm, "rss_mib": _rss_mib()}


class Taken:
    """The service's batches, counted."""

    def __init__(self, bench: Bench, *, remember: bool = True) -> None:
        self._bench = bench
        parked = ParkedBatches(bench.app.database)
        judging = Judging(bench.app, Books(bench.app, remember=remember))
        self.batches = Batches(bench.codec, judging, parked, self, SystemClock())
        self._take_all, self.batches.take_all = self.batches.take_all, self.take_all  # type: ignore[method-assign]
        self._seen = threading.Semaphore(0)
        self._meter = Meter()
        self.began = self.ended = 0.0
        self.checks = self.transitions = self.messages = 0

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

    def wait(self, messages: int) -> None:
        for _ in range(messages):
            if not self._seen.acquire(timeout=60):
                raise TimeoutError("no batch came in a minute")

    def rate(self) -> float:
        return self.checks / (self.ended - self.began)


def started(bench: Bench, taken: Taken, topic: str, group: str) -> Processor:
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


def asked_for(bench: Bench) -> None:
    """All of the fleet is desired, and as if scans had been asked for long into the future."""
    for one in bench.fleet.desired:
        bench.app.desired.put(one)  # type: ignore[attr-defined]
    put = bench.app.stores.schedule.put
    bench.app.database.write([put(shard, _ASKED, None) for shard in bench.app.desired.shards()])


def _rss_mib() -> float:
    with suppress(OSError):
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
