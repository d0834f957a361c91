"""How many resource checks a minute the drift detector does, and how soon a drift is known.

A unit of work is one check: an observation decoded, every enforced attribute compared under the rules, what differs
classified, and transitions saved and relayed. The lower bound is a loop by hand (`drift_by_hand.py`) on the same
messages in the same run, in turns. Both read under mutual TLS from a real broker and write through a real PostgreSQL.
"""

import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import drift_latency
import drift_scaling
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from deployforge_chassis import tls
from deployforge_chassis.identity import BROKER
from drift_fleet import PARTITIONS, Fleet
from drift_service import OURS
from drift_workers import BY_HAND, Nursery, Signal, by_hand, ours, preload
from kafka_system import System, running
from support import Figures, arguments, ratio, report

_TEMPLATE = "deployforge.bench-{}.v1"
_FAR = 1_000_000
"""Scans that come after all others of the run."""
_SCANS = 40
"""Of the smaller fleet: more than the workers judge while they gather and while they are measured."""
_STORM = "transitions of a storm"
_KNEE = 0.85
_CURVE = Path("docs/scaling.svg")


class Topics:
    """Topics of the benchmark's own."""

    def __init__(self, where: System) -> None:
        self._admin = AdminClient({"bootstrap.servers": where.kafka, **tls.load(where.tls_dir, BROKER).kafka_settings()})

    def make(self, name: str) -> str:
        topic = _TEMPLATE.format(name)
        self._admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])[topic].result(30)
        return topic

    def drop(self, topic: str) -> None:
        self._admin.delete_topics([topic])[topic].result(30)


def throughput(where: System, nursery: Nursery, topics: Topics, repeats: int) -> Figures:
    """`full` reads every body, `memo` those that changed; each contender in turns, in processes of their own."""
    figures: Figures = {}
    for turn in range(2 * repeats):
        remember, topic, sequence = turn % 2 == 1, topics.make(f"scan-{turn}"), 4 * turn + 1
        [messages] = nursery.run((preload, {"where": where, "topic": topic, "sequence": sequence + 1, "turn": turn}))
        contenders = [("ours", ours), ("by hand", by_hand)]
        for name, run in contenders if turn % 4 < 2 else reversed(contenders):
            arguments = {
                "where": where, "topic": topic, "messages": messages, "sequence": sequence, "turn": turn,
                "remember": remember,
            }  # fmt: skip
            [result] = nursery.run((run, arguments))
            name = f"{'memo' if remember else 'full'} {name}"
            sys.stderr.write(f"{name}: {json.dumps({key: round(value) for key, value in result.items()})}\n")
            figures.setdefault(name, []).append(result["rate"] * 60)
            if "storm" in result:
                figures.setdefault(_STORM, []).append(result["storm"] * 60)
        topics.drop(topic)
    return figures


def latency(where: System, nursery: Nursery, topics: Topics, repeats: int) -> dict[str, float]:
    """At 50,000 and at 500,000 checks a minute; medians of the repeats."""
    found: dict[str, list[float]] = {}
    for number in range(repeats):
        for name, per_minute in (("50k", 50_000), ("500k", 500_000)):
            topic = topics.make(f"latency-{name}-{number}")
            gate, over = Signal("event", "gate"), Signal("event", "over")
            common = {"where": where, "topic": topic, "gate": gate, "over": over}
            first = _FAR + number * 10_000 + per_minute // 100
            _, lags = nursery.run(
                (drift_latency.serve, {**common, "group": topic}),
                (drift_latency.drive, {**common, "first": first, "per_minute": per_minute, "seconds": 20.0}),
            )
            sys.stderr.write(f"latency at {name}: {json.dumps({key: round(value, 1) for key, value in lags.items()})}\n")
            for key in ("p50_ms", "p99_ms"):
                found.setdefault(f"{key}_at_{name}", []).append(lags[key])
            topics.drop(topic)
    return {key: round(statistics.median(values), 1) for key, values in found.items()}


def scaling(where: System, nursery: Nursery, topics: Topics, repeats: int) -> dict[str, float]:
    """Against one worker, in turns; medians of the ratios within a repeat."""
    if not drift_scaling.available():
        sys.stderr.write("NOT MEASURED: scaling; processor time cannot be limited here (cgroup version 1, as root)\n")
        return {}
    topic = topics.make("scaling")
    nursery.run((preload, {"where": where, "topic": topic, "sequence": 2, "turn": 0, "scans": _SCANS}))
    rates: dict[int, list[float]] = {1: [], 2: [], 4: []}
    # The first round finds what has drifted, and counts for nothing.
    for repeat in range(-1, repeats):
        for workers in (4,) if repeat < 0 else rates if repeat % 2 == 0 else reversed(rates):
            nursery.run((drift_scaling.forget, {"where": where}))
            ready, go = Signal("semaphore", "ready"), Signal("event", "go")
            share = {
                "where": where, "topic": topic, "group": f"scaling-{repeat}-{workers}", "ready": ready, "go": go,
                "workers": workers, "seconds": 10.0,
            }  # fmt: skip
            conductor = (drift_scaling.conduct, {"workers": workers, "ready": ready, "go": go})
            _, *results = nursery.run(conductor, *[(drift_scaling.worker, share)] * workers)
            if wrong := sum(result["out_of_order"] for result in results):
                raise AssertionError(f"{wrong} scans were judged out of order")
            rate = sum(result["rate"] for result in results)
            sys.stderr.write(f"{workers} workers: {rate:,.0f} checks a second\n")
            if repeat >= 0:
                rates[workers].append(rate)
    topics.drop(topic)
    curve = [(workers, statistics.median(found)) for workers, found in rates.items()]
    drift_scaling.plot(_CURVE, curve)
    efficiency = {
        workers: statistics.median(many / one / workers for one, many in zip(rates[1], found, strict=True))
        for workers, found in rates.items()
    }
    for workers, rate in curve:
        sys.stdout.write(f"{workers} workers {rate * 60:>12,.0f} checks a minute, efficiency {efficiency[workers]:.2f}\n")
    bent = [workers for workers, share in efficiency.items() if share < _KNEE]
    knee = f"before {bent[0]} workers" if bent else "none up to 4 workers"
    sys.stdout.write(f"knee: {knee} (efficiency below {_KNEE})\n")
    return {f"scaling_efficiency_{workers}": round(efficiency[workers], 2) for workers in (2, 4)}


def _median(values: Sequence[float]) -> int:
    return round(statistics.median(values))


def main() -> None:
    sizes = arguments(__doc__ or "", resources=1_000_000, repeats=3)
    many, few = Nursery(Fleet(sizes.resources)), Nursery(Fleet(64_000))
    try:
        with running(OURS, BY_HAND) as where:
            topics = Topics(where)
            figures = throughput(where, many, topics, sizes.repeats)
            many.close()
            lags = latency(where, few, topics, sizes.repeats)
            curve = scaling(where, few, topics, max(5, sizes.repeats))
            result = {
                "full_checks_per_minute": _median(figures["full ours"]),
                "full_ratio": ratio(figures, "full ours", "full by hand"),
                "memo_checks_per_minute": _median(figures["memo ours"]),
                "memo_ratio": ratio(figures, "memo ours", "memo by hand"),
                "storm_transitions_per_minute": _median(figures[_STORM]),
                **lags,
                **curve,
            }
            report(figures, "checks a minute", result)
    finally:
        many.close()
        few.close()


if __name__ == "__main__":
    main()
