"""Whether the drift detector stays as it is while it works: memory and lag over half an hour at 100,000 checks a minute.

A unit of work is one check. A scan of the whole fleet follows the other: 1 % has drifted long since, 2 % hold another value
that nobody declared, 0.1 % drift and as many are put right, all of it saved, relayed, learned from and told apart. Memory
is what the process holds (RSS) every ten seconds; after a warm-up its slope is that of Theil and Sen, the median of the
slopes of all pairs, which a collection of garbage here or there does not bend. Exits with 1 when memory grows by a MiB a
minute or more, or when more waits at the end than at the beginning.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Final

from bench_drift import Topics
from deployforge_chassis.facts import Message
from deployforge_drift_detector.adapters.classifier import LazyClassifier
from deployforge_drift_detector.adapters.learner import Learner
from deployforge_drift_detector.application.learning import Learning
from deployforge_drift_detector.entrypoints.watchdog import resident_bytes
from drift_fleet import PER_BATCH, Fleet
from drift_service import OURS, Bench, Taken, asked_for, started
from drift_workers import Nursery, Signal
from kafka_system import System, running

_PER_MINUTE: Final = 100_000
_SAMPLE_SECONDS: Final = 10.0
_WARM_SHARE: Final = 1 / 6
_SLOPE_AT_MOST: Final = 1.0
#: Messages: a moment's worth, as nothing that waits is ever exactly nothing.
_LAG_AT_MOST: Final = 8


def served(
    fleet: Fleet, *, where: System, topic: str, gate: Any, over: Any, minutes: float
) -> dict[str, list[tuple[float, ...]] | int]:  # fmt: skip
    """The service, until it is told that it is over: seconds, MiB and messages that wait, every ten seconds."""
    bench = Bench(fleet, where, OURS)
    asked_for(bench)
    taken = Taken(bench)
    learner = Learner(bench.app.database, Learning(bench.app, LazyClassifier("", lambda _: None)).tick)
    bench.relay.start()
    learner.start()
    part = started(bench, taken, topic, topic)
    gate.set()
    samples: list[tuple[float, ...]] = []
    began = time.monotonic()
    while not over.wait(_SAMPLE_SECONDS):
        samples.append((time.monotonic() - began, resident_bytes() / 2**20, taken.waiting, taken.checks))
        if len(samples) % 6 == 0:
            _, mib, waiting, checks = samples[-1]
            sys.stderr.write(f"{samples[-1][0] / 60:5.1f} min {mib:7.1f} MiB, {waiting:.0f} wait, {checks:,} checks\n")
    part.stop(20)
    return {"samples": samples, "checks": taken.checks, "transitions": taken.transitions}


def feed(fleet: Fleet, *, where: System, topic: str, gate: Any, over: Any, minutes: float) -> float:
    """Scans of everything at a steady rate, from when the service is ready; checks a minute."""
    try:
        bench, sent = Bench(fleet, where, OURS), 0
        if not gate.wait(60):
            raise TimeoutError("the service was not ready in time")
        began = time.monotonic()
        for scan in range(1, 1_000_000):
            for partition, _, value in fleet.batches(scan, _state(scan)):
                time.sleep(max(0.0, began + sent / _PER_MINUTE * 60 - time.monotonic()))
                if time.monotonic() - began > minutes * 60:
                    return sent / minutes
                bench.bus.produce([Message(topic, partition, b"", bench.codec.encode("ObservationBatch", value))])
                sent += PER_BATCH
        raise AssertionError("more scans than there are")
    finally:
        over.set()


def _state(scan: int) -> Callable[[int], dict[str, Any]]:
    def body(n: int) -> dict[str, Any]:
        if n % 100 == 50 or n % 1000 == scan % 1000:
            return {"visibilityTimeout": 45}
        return {"approximateMessages": scan} if n % 50 == scan % 50 else {}

    return body


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of Theil and Sen, in units a minute (x in seconds)."""
    return statistics.median((y2 - y1) / (x2 - x1) * 60 for (x1, y1), (x2, y2) in combinations(points, 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="default 30; a sixth of it is the warm-up")
    minutes = parser.parse_args().minutes
    nursery = Nursery(Fleet(64_000))
    try:
        with running(OURS) as where:
            gate, over = Signal("event", "gate"), Signal("event", "over")
            common = {"where": where, "topic": Topics(where).make("soak"), "gate": gate, "over": over, "minutes": minutes}
            found, rate = nursery.run((served, common), (feed, common))
    finally:
        nursery.close()
    warm = [sample for sample in found["samples"] if sample[0] >= minutes * 60 * _WARM_SHARE]
    half = len(warm) // 2
    waiting = [statistics.median(sample[2] for sample in part) for part in (warm[:half], warm[half:])]
    result = {
        "minutes": minutes, "checks_per_minute": round(rate), "transitions": found["transitions"],
        "rss_mib_warm": round(warm[0][1], 1), "rss_mib_end": round(warm[-1][1], 1),
        "rss_slope_mib_per_minute": round(slope([(sample[0], sample[1]) for sample in warm]), 3),
        "lag_messages_first_half": waiting[0], "lag_messages_second_half": waiting[1],
        "lag_messages_worst": max(sample[2] for sample in warm),
        "load": [round(value, 1) for value in os.getloadavg()],
    }  # fmt: skip
    sys.stdout.write(json.dumps(result) + "\n")
    if result["rss_slope_mib_per_minute"] >= _SLOPE_AT_MOST or waiting[1] > waiting[0] + _LAG_AT_MOST:
        sys.exit(1)


if __name__ == "__main__":
    main()
