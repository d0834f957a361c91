"""The two contenders as processes: each forked from one that holds the fleet, with connections of its own."""

import multiprocessing
import os
import signal as signals_of_the_system
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer
from deployforge_chassis import tls
from deployforge_chassis.facts import Message
from deployforge_chassis.identity import BROKER
from drift_by_hand import Loop, consume
from drift_fleet import PARTITIONS, Fleet, steady
from drift_service import OURS, Bench, Taken, asked_for, relayed, rss_mib, started, storm
from kafka_system import System

BY_HAND: Final = "by-hand"
_FORK: Final = multiprocessing.get_context("fork")


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
    fleet.prepare()
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
    relayed(bench)
    part = started(bench, taken, topic, f"ours-{sequence}-{remember}")
    taken.wait(messages)
    found = {"rate": taken.rate(), "warm": warm, "transitions": taken.transitions}
    if remember:
        found["storm"] = storm(bench, taken, topic, sequence + 2)
    part.stop(20)
    taken.batches.close()
    return {**found, "rss_mib": rss_mib()}


def by_hand(
    fleet: Fleet, *, where: System, topic: str, messages: int, sequence: int, turn: int, remember: bool
) -> dict[str, float]:  # fmt: skip
    """Checks a second of the loop by hand."""
    bench = Bench(fleet, where, BY_HAND)
    loop = Loop(bench.app, bench.codec._parsed["deployforge.mcal.ObservationBatch"], fleet.desired, remember=remember)
    began, checks = time.perf_counter(), 0
    for _, body in bench.encoded(sequence, steady(turn, later=False)):
        checks += loop.handle(body)
        loop.save()
    warm = checks / (time.perf_counter() - began)
    bench.relay.start()
    relayed(bench)
    consumer = Consumer(
        {
            "bootstrap.servers": where.kafka, **tls.load(where.tls_dir, BROKER).kafka_settings(),
            "group.id": f"by-hand-{sequence}-{remember}", "auto.offset.reset": "earliest", "enable.auto.commit": False,
            # By default a queue that was full is filled again after a second, with nothing to do until then.
            "queued.max.messages.kbytes": 65_536, "fetch.message.max.bytes": 4_194_304, "fetch.queue.backoff.ms": 5,
        }
    )  # fmt: skip
    consumer.subscribe([topic])
    return {"rate": consume(consumer, loop, messages, messages // PARTITIONS), "warm": warm, "rss_mib": rss_mib()}
