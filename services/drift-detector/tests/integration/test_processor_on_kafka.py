"""The Faust processor on a running system's Kafka, over mutual TLS.

It has a topic and a consumer group of its own, so the system's own drift-detector neither sees these batches nor
shares their partitions. Nothing here starts or stops the system.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from deployforge_chassis import tls
from deployforge_chassis.avro import AvroCodec, MemoryRegistry
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.facts import Message
from deployforge_chassis.identity import BROKER
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.testing import until
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.config import Settings
from deployforge_drift_detector.entrypoints import processor as module
from deployforge_drift_detector.entrypoints.batches import Batches, Taken
from deployforge_drift_detector.entrypoints.processor import Processor, faust_settings
from deployforge_drift_detector.entrypoints.watchdog import Watchdog
from deployforge_local.settings import LocalSettings

from ..conftest import ORDERS, SHARD, START, World, in_columns, seen

_WITHIN_SECONDS = 60.0
_PARTITIONS = 2


class Bench:
    """A topic, and processors on it one after the other."""

    def __init__(self, world: World, admin: AdminClient, settings: Settings, topic: str) -> None:
        self.world, self.admin, self.settings, self.topic = world, admin, settings, topic
        self.codec = AvroCodec(MemoryRegistry())
        self.bus = KafkaBus(settings)
        self.part: Processor | None = None

    @property
    def group(self) -> str:
        return f"observations-of-{self.topic}"

    def start(self, batches: Any = None) -> Processor:
        """A processor that is a member of its group."""
        clock = SystemClock()
        parked = ParkedBatches(self.world.app.database)
        judged = batches or Batches(self.codec, self.world.judging, parked, Meter(), self.world.clock)
        watchdog = Watchdog(clock, stall_seconds=30, rss_cap_bytes=2**40)
        self.part = Processor(self.settings, judged, Meter(), watchdog)
        self.part.start()
        until(self.part._joined.is_set, _WITHIN_SECONDS)
        return self.part

    def stop(self) -> None:
        if self.part is not None:
            self.part.stop(20)
            assert self.part.failed() is None
            self.part = None

    def send(self, *bodies: bytes, partition: int = 0) -> None:
        self.bus.produce([Message(self.topic, partition, SHARD.encode(), body) for body in bodies])

    def batch(self, sequence: int, *observations: Any) -> bytes:
        """As mcal would send it, of a scan that was asked for."""
        self.world.asked(SHARD, sequence)
        value = {
            "scan_id": f"s{sequence}", "shard": SHARD, "sequence": sequence, "batch": 0, "last": True,
            "observed_at": START,
            "observations": [], **in_columns(observations),
        }  # fmt: skip
        return self.codec.encode("ObservationBatch", value)

    def committed(self, partition: int = 0) -> int:
        """The offset that the group goes on from."""
        wanted = ConsumerGroupTopicPartitions(self.group, [TopicPartition(self.topic, partition)])
        [answer] = self.admin.list_consumer_group_offsets([wanted]).values()
        return int(answer.result(10).topic_partitions[0].offset)

    def happens(self, *names: str) -> None:
        """Wait until exactly these events are there."""
        until(lambda: len(self.world.happened()) >= len(names), _WITHIN_SECONDS)
        assert self.world.happened() == list(names)

    def parked(self) -> int:
        return len(self.world.app.database.query("SELECT 1 FROM parked_batches"))


@pytest.fixture
def bench(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    system, topic = LocalSettings(), f"deployforge.scratch-{uuid4()}.v1"
    admin = AdminClient({"bootstrap.servers": system.kafka_bootstrap, **tls.load(system.tls_dir, BROKER).kafka_settings()})
    admin.create_topics([NewTopic(topic, num_partitions=_PARTITIONS, replication_factor=1)])[topic].result(30)
    settings = Settings(
        service=BROKER,
        database_url=world.app.database.url,
        kafka_bootstrap=system.kafka_bootstrap,
        tls_dir=system.tls_dir,
    )
    monkeypatch.setattr(module, "TOPIC", topic)
    made: Callable[..., dict[str, Any]] = faust_settings
    bench = Bench(world, admin, settings, topic)
    monkeypatch.setattr(module, "faust_settings", lambda *arguments: {**made(*arguments), "id": bench.group})
    try:
        yield bench
    finally:
        bench.stop()
        bench.bus.close()
        admin.delete_topics([topic])[topic].result(30)


def test_a_batch_becomes_a_drift_and_only_then_its_place_moves(bench: Bench) -> None:
    bench.start()
    bench.send(bench.batch(1, seen(ORDERS, {"visibilityTimeout": 60})))
    bench.happens("Watched", "Detected")
    until(lambda: bench.committed() == 1, _WITHIN_SECONDS)


def test_what_is_no_batch_and_what_was_seen_already_changes_nothing(bench: Bench) -> None:
    bench.start()
    first = bench.batch(1, seen(ORDERS, {"visibilityTimeout": 60}))
    bench.send(first, b"rubbish", first, bench.batch(2, seen(ORDERS)), first)
    until(lambda: bench.committed() == 5, _WITHIN_SECONDS)
    assert bench.world.happened() == ["Watched", "Detected", "Resolved"]
    assert bench.parked() == 1


def test_every_partition_is_read(bench: Bench) -> None:
    bench.start()
    bench.send(bench.batch(1, seen(ORDERS, {"visibilityTimeout": 60})), partition=0)
    bench.happens("Watched", "Detected")
    bench.send(bench.batch(2, seen(ORDERS)), partition=1)
    bench.happens("Watched", "Detected", "Resolved")


def test_what_came_while_nobody_listened_is_judged_at_the_next_start(bench: Bench) -> None:
    bench.start()
    bench.send(bench.batch(1, seen(ORDERS, {"visibilityTimeout": 60})))
    until(lambda: bench.committed() == 1, _WITHIN_SECONDS)
    bench.stop()
    bench.send(bench.batch(2, seen(ORDERS)))
    bench.start()
    bench.happens("Watched", "Detected", "Resolved")


class Interrupted:
    """Stands in for Batches: says that it was told to stop before the message was done."""

    def __init__(self, stopping: Any) -> None:
        self.taken: list[int] = []
        self.stopping = stopping

    def take_all(self, messages: Sequence[Taken]) -> bool:
        self.taken += [offset for _, _, offset, _ in messages]
        return False

    def rest(self) -> bool:
        return False

    def close(self, partitions: Any = None) -> None:
        pass


def test_a_message_that_was_not_done_is_not_lost(bench: Bench) -> None:
    bench.start()
    bench.send(bench.batch(1, seen(ORDERS)))
    until(lambda: bench.committed() == 1, _WITHIN_SECONDS)
    bench.stop()
    interrupted = Interrupted(Batches(bench.codec, bench.world.judging, None, Meter(), bench.world.clock).stopping)  # type: ignore[arg-type]
    bench.start(interrupted)
    bench.send(bench.batch(2, seen(ORDERS, {"visibilityTimeout": 60})))
    until(lambda: interrupted.taken == [1], _WITHIN_SECONDS)
    bench.stop()
    assert bench.committed() == 1
    assert bench.world.happened() == []
    bench.start()
    bench.happens("Watched", "Detected")
