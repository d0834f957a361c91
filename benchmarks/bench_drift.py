"""How many resource checks a minute the drift detector does, and how soon a drift is known.

A unit of work is one check: an observation decoded, every enforced attribute compared under the rules, what differs
classified, and transitions saved and relayed. The lower bound is a loop by hand (`drift_by_hand.py`) on the same
messages in the same run, in turns. Both read under mutual TLS from a real broker and write through a real PostgreSQL.
"""

import json
import sys

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from deployforge_chassis import tls
from deployforge_chassis.identity import BROKER
from drift_fleet import PARTITIONS, Fleet
from drift_workers import BY_HAND, OURS, Nursery, by_hand, ours, preload
from kafka_system import System, running
from support import Figures, arguments, ratio, report

_TEMPLATE = "deployforge.bench-{}.v1"


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
        remember, topic, sequence = turn % 2 == 1, topics.make(f"scan-{turn}"), 2 * turn + 1
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
        topics.drop(topic)
    return figures


def main() -> None:
    sizes = arguments(__doc__ or "", resources=1_000_000, repeats=3)
    nursery = Nursery(Fleet(sizes.resources))
    try:
        with running(OURS, BY_HAND) as where:
            topics = Topics(where)
            figures = throughput(where, nursery, topics, sizes.repeats)
            result = {
                "full_checks_per_minute": round(sorted(figures["full ours"])[len(figures["full ours"]) // 2]),
                "full_ratio": ratio(figures, "full ours", "full by hand"),
                "memo_checks_per_minute": round(sorted(figures["memo ours"])[len(figures["memo ours"]) // 2]),
                "memo_ratio": ratio(figures, "memo ours", "memo by hand"),
            }
            report(figures, "checks a minute", result)
    finally:
        nursery.close()


if __name__ == "__main__":
    main()
