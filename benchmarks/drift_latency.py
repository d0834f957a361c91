"""From an observation's produce to its `DriftDetected` readable by somebody else, at a steady rate."""

import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_chassis.bus import Place, Start
from deployforge_chassis.facts import Message
from deployforge_chassis.topics import full_name
from drift_fleet import Fleet
from drift_service import OURS, Bench, Taken, asked_for, started
from kafka_system import System

_DRIFTED_PER_BATCH: Final = 2
_BATCHES_PER_SECOND: Final = 16
_PATIENCE_SECONDS: Final = 60.0


def serve(fleet: Fleet, *, where: System, topic: str, gate: Any, over: Any, group: str) -> int:
    """The service, until it is told that it is over; how many checks it did."""
    bench = Bench(fleet, where, OURS)
    asked_for(bench)
    taken = Taken(bench)
    bench.relay.start()
    part = started(bench, taken, topic, group)
    gate.set()
    over.wait()
    part.stop(20)
    return taken.checks


def drive(
    fleet: Fleet, *, where: System, topic: str, gate: Any, over: Any, first: int, per_minute: int, seconds: float
) -> dict[str, float]:  # fmt: skip
    """Observe at a rate, and listen for what comes of it; milliseconds."""
    try:
        return _drive(fleet, where, topic, gate, first, per_minute, seconds)
    finally:
        over.set()


def _drive(
    fleet: Fleet, where: System, topic: str, gate: Any, first: int, per_minute: int, seconds: float
) -> dict[str, float]:  # fmt: skip
    bench = Bench(fleet, where, OURS)
    heard: dict[tuple[str, int], float] = {}
    listening, done = threading.Event(), threading.Event()
    listener = threading.Thread(target=_listen, args=(where, bench, heard, listening, done))
    listener.start()
    if not (listening.wait(_PATIENCE_SECONDS) and gate.wait(_PATIENCE_SECONDS)):
        done.set()
        raise TimeoutError("nobody was ready in time")
    time.sleep(1.0)  # Where the end is, is asked of the broker after the assignment.
    size = max(_DRIFTED_PER_BATCH, per_minute // 60 // _BATCHES_PER_SECOND)
    sent: dict[tuple[str, int], float] = {}
    began, count = time.monotonic(), int(seconds * _BATCHES_PER_SECOND)
    for number in range(count):
        time.sleep(max(0.0, began + number / _BATCHES_PER_SECOND - time.monotonic()))
        sequence, shard = first + number, number % fleet.shards
        members = range(shard * fleet.per_shard, shard * fleet.per_shard + min(size, fleet.per_shard))
        drifting = set(members[:_DRIFTED_PER_BATCH])
        value = fleet.batch(
            sequence, fleet.shard(members[0]), members,
            lambda n: {"visibilityTimeout": 1000 + sequence} if n in drifting else {},  # noqa: B023
        )  # fmt: skip
        message = Message(topic, fleet.partition(shard), b"", bench.codec.encode("ObservationBatch", value))
        at = time.time()
        bench.bus.produce([message])
        sent |= {(fleet.desired[n].urn, sequence): at for n in drifting}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(heard) < len(sent) and time.monotonic() < deadline:
        time.sleep(0.02)
    done.set()
    listener.join()
    if missing := sent.keys() - heard.keys():
        raise TimeoutError(f"{len(missing)} of {len(sent)} drifts were not heard of")
    lags = {one: (heard[one] - at) * 1000 for one, at in sent.items()}
    # The first round opens each shard's book and makes each deployment's data key.
    round_one = [lag for (_, sequence), lag in lags.items() if sequence < first + fleet.shards]
    steady = sorted(lag for (_, sequence), lag in lags.items() if sequence >= first + fleet.shards)
    return {
        "p50_ms": statistics.median(steady), "p99_ms": steady[int(len(steady) * 0.99)], "drifts": len(steady),
        "first_round_worst_ms": max(round_one),
    }  # fmt: skip


def _listen(where: System, bench: Bench, heard: dict[tuple[str, int], float], listening: Any, done: Any) -> None:
    def begin(places: Sequence[Place]) -> Mapping[Place, int | Start]:
        listening.set()
        return dict.fromkeys(places, Start.END)

    consumer = bench.bus.consumer(f"lag-{time.time_ns()}", [full_name("drift-detector.drift")], begin, lambda _: None)
    while not done.is_set():
        for message in consumer.poll(0.05):
            at = time.time()
            if message.headers.get("type") == b"DriftDetected" and message.value is not None:
                _, value = bench.codec.decode(message.value)
                heard.setdefault((value["urn"], value["sequence"]), at)
    consumer.close()
