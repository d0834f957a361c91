"""The bus on Kafka, by librdkafka, always over mutual TLS."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import Consumer as RdConsumer
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as RdMessage

from deployforge_chassis import tls
from deployforge_chassis.bus import MESSAGE_BYTES_AT_MOST, Assigned, BusAway, Place, ProduceFailed, Revoked, Start
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.facts import Message

log = structlog.get_logger(__name__)

#: A message that is not acknowledged after this long has failed.
_ACK_MILLISECONDS = 30_000
#: A member that is silent for this long has left; the broker's own lower limit.
_SESSION_MILLISECONDS = 6_000
#: How long a broker may take to say where a partition ends.
_ENDS_SECONDS = 10.0

#: Bounds of librdkafka's queues, in KiB.
_READ_AHEAD_KIB = 16_384
_UNACKNOWLEDGED_KIB = 32_768

_OFFSETS = {Start.BEGINNING: -2, Start.END: -1}


class KafkaBus:
    """Connections of one service principal to one cluster."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._common: dict[str, Any] = {
            "bootstrap.servers": settings.kafka_bootstrap,
            "client.id": settings.service,
            **tls.load(settings.tls_dir, settings.service).kafka_settings(),
            # A broker that starts takes connections and drops them: twenty TLS handshakes a second from each client,
            # which is the default, keep it from ever getting up.
            "reconnect.backoff.ms": 500,
            "reconnect.backoff.max.ms": 2000,
            "log_level": 3,
        }
        self._producer: Any = None
        self._lock = threading.Lock()

    def produce(self, messages: Sequence[Message]) -> None:
        """See Bus."""
        if not messages:
            return
        producer = self._open_producer()
        # Appended to and measured, not counted: another thread that polls may run our callback.
        acks: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _: RdMessage) -> None:
            acks.append(error)

        for message in messages:
            while True:
                try:
                    producer.produce(
                        message.topic,
                        value=message.value,
                        key=message.key,
                        partition=message.partition,
                        headers=list(message.headers.items()),
                        on_delivery=delivered,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
                except KafkaException as error:
                    # Refused at once (too large, say); what was queued before it is not waited for.
                    self._drop_producer()
                    raise ProduceFailed(f"{message.topic}: {error}") from error
        deadline = time.monotonic() + _ACK_MILLISECONDS / 1000 + 5
        while len(acks) < len(messages) and time.monotonic() < deadline:
            producer.poll(0.05)
        left = len(messages) - len(acks)
        failures = [error for error in acks if error is not None]
        if left or failures:
            # An idempotent producer that failed fatally never recovers: start over with a new one.
            self._drop_producer()
            raise ProduceFailed(str(failures[0]) if failures else f"{left} messages were not acknowledged in time")

    def _open_producer(self) -> Any:
        with self._lock:
            if self._producer is None:
                self._producer = Producer(
                    {
                        **self._common,
                        "acks": "all",
                        "enable.idempotence": True,
                        "linger.ms": 2,
                        # Observations are alike and shrink to a fraction; what is encrypted and carried shrinks with them.
                        "compression.type": "lz4",
                        "partitioner": "murmur2_random",
                        "delivery.timeout.ms": _ACK_MILLISECONDS,
                        "message.max.bytes": MESSAGE_BYTES_AT_MOST,
                        # Above this produce() waits for acknowledgements.
                        "queue.buffering.max.kbytes": _UNACKNOWLEDGED_KIB,
                    }
                )
            return self._producer

    def _drop_producer(self) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()

    def newest(self, topics: Sequence[str]) -> Mapping[Place, Message]:
        """See Bus."""
        consumer = RdConsumer({**self._common, "group.id": "newest", "enable.auto.commit": False})
        try:
            return _newest(consumer, topics)
        except KafkaException as error:
            raise BusAway(str(error)) from error
        finally:
            consumer.close()

    def consumer(self, group: str, topics: Sequence[str], assigned: Assigned, revoked: Revoked) -> "KafkaConsumer":
        """See Bus."""
        return KafkaConsumer(
            {
                **self._common,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": "roundrobin",
                "session.timeout.ms": _SESSION_MILLISECONDS,
                "heartbeat.interval.ms": 1500,
                # The default of one second would be the latency of every burst.
                "fetch.queue.backoff.ms": 5,
                # How long the broker keeps an idle fetch open; what arrives is sent at once.
                "fetch.wait.max.ms": 500,
                # What is read ahead of poll(), all partitions together; the defaults would let it grow to 64 MiB.
                "queued.max.messages.kbytes": _READ_AHEAD_KIB,
                "queued.min.messages": 1_000,
            },
            topics,
            assigned,
            revoked,
        )

    def close(self) -> None:
        """See Bus."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.flush(5)


class KafkaConsumer:
    """See Consumer."""

    def __init__(self, settings: Mapping[str, Any], topics: Sequence[str], assigned: Assigned, revoked: Revoked) -> None:
        self._assigned, self._revoked = assigned, revoked
        self._refused: Exception | None = None
        self._consumer = RdConsumer(dict(settings))
        self._consumer.subscribe(list(topics), on_assign=self._on_assign, on_revoke=self._on_revoke)

    def _on_assign(self, consumer: Any, partitions: Sequence[TopicPartition]) -> None:
        try:
            starts = self._assigned([(p.topic, p.partition) for p in partitions])
        except Exception as error:
            # librdkafka swallows what a callback raises; poll() raises it instead.
            self._refused = error
            return
        consumer.assign(
            [
                TopicPartition(topic, partition, _OFFSETS[start] if isinstance(start, Start) else start)
                for (topic, partition), start in starts.items()
            ]
        )

    def _on_revoke(self, consumer: Any, partitions: Sequence[TopicPartition]) -> None:
        self._revoked([(p.topic, p.partition) for p in partitions])
        consumer.unassign()

    def poll(self, timeout_seconds: float, limit: int = 500) -> list[Message]:
        """See Consumer."""
        # consume() alone would wait for `limit` messages or the whole time: each message would be that late.
        first = self._consumer.poll(timeout_seconds)
        received = [] if first is None else [first, *self._consumer.consume(limit - 1, 0)]
        if self._refused is not None:
            raise self._refused
        messages: list[Message] = []
        for message in received:
            if (error := message.error()) is not None:
                if error.fatal():
                    raise KafkaException(error)
                log.warning("kafka", error=str(error))
                continue
            messages.append(_message(message))
        return messages

    def seek(self, place: Place, offset: int) -> None:
        """See Consumer."""
        self._consumer.seek(TopicPartition(place[0], place[1], offset))

    def pause(self, places: Sequence[Place]) -> None:
        """See Consumer."""
        self._consumer.pause([TopicPartition(*place) for place in places])

    def resume(self, places: Sequence[Place]) -> None:
        """See Consumer."""
        self._consumer.resume([TopicPartition(*place) for place in places])

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """See Consumer."""
        return {
            place: self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=_ENDS_SECONDS)[1]
            for place in places
        }

    def hint(self, offsets: Mapping[Place, int]) -> None:
        """See Consumer."""
        if offsets:
            positions = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
            try:
                self._consumer.commit(offsets=positions, asynchronous=True)
            except KafkaException as error:
                log.debug("offset hint not taken", error=str(error))

    def close(self) -> None:
        """See Consumer."""
        self._consumer.close()


def _newest(consumer: Any, topics: Sequence[str]) -> dict[Place, Message]:
    places = [
        (topic, partition)
        for topic in topics
        for partition in consumer.list_topics(topic, timeout=_ENDS_SECONDS).topics[topic].partitions
    ]
    last = [
        TopicPartition(*place, high - 1)
        for place in places
        for low, high in [consumer.get_watermark_offsets(TopicPartition(*place), timeout=_ENDS_SECONDS)]
        if high > low
    ]
    found: dict[Place, Message] = {}
    consumer.assign(last)
    deadline = time.monotonic() + _ENDS_SECONDS
    while len(found) < len(last):
        if time.monotonic() > deadline:
            raise BusAway(f"{len(last) - len(found)} partitions did not give their last message within {_ENDS_SECONDS:g} s")
        for message in consumer.consume(len(last), 0.1):
            if message.error() is None:
                found[message.topic(), message.partition()] = _message(message)
    return found


def _message(message: Any) -> Message:
    return Message(
        topic=message.topic(),
        partition=message.partition(),
        key=message.key() or b"",
        value=message.value(),
        headers={name: value or b"" for name, value in message.headers() or ()},
        offset=message.offset(),
    )
