"""How far the relay lags behind a steady stream, on a real broker.

2,000 events a second are appended, 100 to a commit; a unit of work is one event, from the moment in which it happened,
which is before its commit, to its arrival at a consumer of the topic. Lower bound in the same run: the same messages at
the same rate produced straight to the topic, without an event store.
"""

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from deployforge_chassis.bus import Place, Start
from deployforge_chassis.causality import Causality
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.relay import Relay
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire
from kafka_system import FACT, KEYS, LISTENER, OWNER, PATIENCE_SECONDS, SOURCE, TOPIC, Steps, System, example, records

RATE, BATCH = 2_000, 100


def measure_relay_lag(where: System, seconds: float = 15.0) -> dict[str, float]:
    """`relay_lag_p99_ms` and its bound at RATE events a second."""
    bus, wire = where.bus(SOURCE), where.wire(SOURCE)
    straight = _lags(where, seconds / 3, lambda keys: bus.produce([_straight(wire, key) for key in keys]))
    app = where.source()
    steps: Any = Steps(OWNER)
    relay = Relay(app, records, bus, wire)
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
    record = Record(TOPIC, key, FACT, {**example(), "deployment_id": key})
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


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
