"""mcal's and the drift detector's parts that a scan goes through, each service's in a process of its own."""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.facts import Effects, Message
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.publisher import TelemetryPublisher
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.relay import Relay
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.adapters.records import records as detectors_records
from deployforge_drift_detector.adapters.stores import open_stores
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.config import Settings as DetectorSettings
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.entrypoints.batches import Batches
from deployforge_drift_detector.entrypoints.processor import Processor
from deployforge_drift_detector.entrypoints.watchdog import Watchdog
from deployforge_mcal.adapters.claims import PostgresClaims
from deployforge_mcal.adapters.guarded import Patience
from deployforge_mcal.adapters.index import PostgresIndex
from deployforge_mcal.adapters.marking import PostgresMarking
from deployforge_mcal.adapters.providers import installed
from deployforge_mcal.adapters.records import records as mcals_records
from deployforge_mcal.adapters.vault import PostgresVault
from deployforge_mcal.adapters.wired import PostgresWiring
from deployforge_mcal.application.addressing import Addressing
from deployforge_mcal.application.mcal import SCAN, Mcal
from deployforge_mcal.application.messages import DesiredState
from deployforge_mcal.application.pacing import Pacing
from deployforge_mcal.application.scans import Readers, Scans
from deployforge_mcal.application.secrets import Secrets
from deployforge_mcal.application.topology import Topology
from deployforge_mcal.config import Settings as McalSettings
from deployforge_mcal.domain.topology.addressing import Rules
from kafka_system import System

DETECTOR: Final = "drift-detector"
MCAL: Final = "mcal"
_SPAWN: Final = multiprocessing.get_context("spawn")
_PATIENCE_SECONDS: Final = 240.0
#: How long a scan may take while the parts still find each other.
_WARM_SECONDS: Final = 10.0
_TRIES: Final = 12


class Child:
    """A service's process, which answers one question at a time."""

    def __init__(self, serve: Callable[..., Mapping[str, Callable[..., Any]]], *arguments: Any) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, serve, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._answer()

    def ask(self, verb: str, *arguments: Any) -> Any:
        """What the service's function of that name returns."""
        self._pipe.send((verb, arguments))
        return self._answer()

    def _answer(self) -> Any:
        well, value = self._pipe.recv()
        if not well:
            raise RuntimeError(value)
        return value

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()


def _serve(pipe: Any, serve: Callable[..., Mapping[str, Callable[..., Any]]], arguments: Sequence[Any]) -> None:
    # Whoever started it ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        verbs = serve(*arguments)
        pipe.send((True, None))
        while True:
            verb, given = pipe.recv()
            pipe.send((True, verbs[verb](*given)))
    except EOFError:
        os._exit(0)
    except BaseException:
        pipe.send((False, traceback.format_exc()))
        os._exit(1)


class _Base:
    """What every service has: see `deployforge_chassis.foundation`."""

    def __init__(self, where: System, service: str) -> None:
        codec = AvroCodec(RegistryClient(where.registry))
        for name in (MCAL, DETECTOR):
            codec.register(name)
        self.codec, self.bus, self.wire = codec, where.bus(service), Wire(codec, topics.load(), service)
        self.database = Database(where.urls[service], pool_size=12)
        self.sealer = Sealer(self.database, KeyFile(where.key_file), service=service)


def mcal(
    where: System, credentials: Mapping[str, Mapping[str, Any]], options: Mapping[str, Mapping[str, str]]
) -> dict[str, Callable[..., Any]]:
    """mcal without operations: `keep` makes it know resources."""
    base = _Base(where, MCAL)
    database, sealer, settings = base.database, base.sealer, McalSettings(database_url="unused", tls_dir=where.tls_dir)
    vault = PostgresVault(database, sealer)
    for name, secret in credentials.items():
        vault.put(name, str(secret["type"]), {key: value for key, value in secret.items() if key != "type"})
    app = Mcal(
        database, sealer, installed(options, Patience(), Pacing()), vault, PostgresIndex(database), SystemClock(),
        Secrets({}, PostgresMarking(database, sealer), vault.get),
        Addressing(PostgresClaims(database, planned_days=7), Rules(settings.network_pools)),
        Topology(PostgresWiring(database, sealer), {}),
    )  # fmt: skip
    scans = Scans(app, Readers(app, scanning=True), TelemetryPublisher(base.bus, base.wire))
    workers = EffectWorkers(app.queue, {SCAN: scans.work}, threads=settings.scan_threads)
    heard = {"drift-detector.scans": {"ScanRequested": app.scan_requested}}
    relay = Relay(app, mcals_records, base.bus, base.wire)
    parts = [relay, Inbox(app, base.bus, base.wire, _NothingIsMissed(), heard), workers]
    for part in parts:
        part.start()

    def keep(resources: Sequence[DesiredState]) -> None:
        app.commit(Effects(writes=tuple(app.index.put(one) for one in resources)))

    return {"keep": keep}


class _NothingIsMissed:
    """Whoever misses a message asks its source; here none is lost."""

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        """See Feed."""
        raise AssertionError(f"messages of {topic} are missing")


class _Verdicts(Meter):
    """Counts what was judged."""

    def __init__(self) -> None:
        super().__init__()
        self.states = {"checked": 0, "drifted": 0, "not_checked": 0}
        self.news = threading.Condition()
        self.at = 0.0

    def judged(self, tally: Any, seconds: float) -> None:
        """See Meters."""
        super().judged(tally, seconds)
        with self.news:
            for state in self.states:
                self.states[state] += getattr(tally, state)
            self.at = time.perf_counter()
            self.news.notify_all()

    def parked(self) -> None:
        """See Meters."""
        raise RuntimeError("a batch was parked")


def detector(where: System) -> dict[str, Callable[..., Any]]:
    """The drift detector: `want` makes it know resources, `warm` has a shard scanned until a scan comes through,
    `scan` gives the seconds until all verdicts are there, with how many there are of each."""
    base = _Base(where, DETECTOR)
    states, verdicts = DesiredMap(), _Verdicts()
    app = DriftDetector(base.database, base.sealer, open_stores(base.database, base.sealer), states, SystemClock())
    batches = Batches(base.codec, Judging(app), ParkedBatches(base.database), verdicts, SystemClock())
    settings = DetectorSettings(database_url="unused", kafka_bootstrap=where.kafka, tls_dir=where.tls_dir)
    watchdog = Watchdog(SystemClock(), stall_seconds=300, rss_cap_bytes=2**40)
    relay, processor = Relay(app, detectors_records, base.bus, base.wire), Processor(settings, batches, verdicts, watchdog)
    relay.start()
    processor.start()

    def want(resources: Sequence[Desired]) -> None:
        for one in resources:
            states.put(one)

    def scan(shards: Sequence[str], expected: int, patience: float = _PATIENCE_SECONDS) -> dict[str, float]:
        with verdicts.news:
            verdicts.states = dict.fromkeys(verdicts.states, 0)
        began = time.perf_counter()
        app.request_scans(dict.fromkeys(shards, ()), "demand")
        with verdicts.news:
            if not verdicts.news.wait_for(lambda: sum(verdicts.states.values()) >= expected, patience):
                raise TimeoutError(f"{verdicts.states} of {expected} in {patience:g} s")
            return {"seconds": verdicts.at - began, **verdicts.states}

    def warm(shard: str, expected: int) -> None:
        for _ in range(_TRIES):
            with suppress(TimeoutError):
                scan([shard], expected, _WARM_SECONDS)
                return
        raise TimeoutError("no scan came through")

    return {"want": want, "warm": warm, "scan": scan}
