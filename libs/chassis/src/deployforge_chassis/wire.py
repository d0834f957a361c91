"""Between facts and messages: headers, encoding, partitions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from deployforge_chassis.causality import Causality
from deployforge_chassis.facts import Fact, Message, Record
from deployforge_chassis.topics import Topics, short_name

SHREDDED: Final = "Shredded"
"""Type of a message whose event was shredded; nobody hears it, and every position moves on over it."""

#: A service's `adapters/records.py`: what it says because of an event. At most one record of it may be a fact.
Records = Callable[[Any], Sequence[Record]]


WATERMARK: Final = "Watermark"
"""Type of the messages that say how far a partition's chain has come."""


class Codec(Protocol):
    """Values to bytes and back; see `avro.AvroCodec`."""

    def encode(self, fact: str, value: dict[str, Any]) -> bytes:
        """Confluent wire format."""
        ...

    def decode(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """Name and value."""
        ...


def event_id(source: str, era: int, notification_id: int) -> str:
    """The id of an event for everybody: `orchestrator@1/4711`."""
    return f"{source}@{era}/{notification_id}"


def position_name(source: str, era: int, topic: str, partition: int) -> str:
    """The name of a consumer's position in one partition of one source's era."""
    return f"{source}@{era}#{short_name(topic)}#{partition}"


class Wire:
    """Encodes records of one service and decodes everybody's messages."""

    def __init__(self, codec: Codec, topics: Topics, service: str) -> None:
        self.codec = codec
        self.topics = topics
        self.service = service

    def partition(self, record: Record) -> int:
        """Where a record goes."""
        return self.topics[record.topic].partition_of(record.partition_key or record.key)

    def message(
        self,
        record: Record,
        partition: int,
        *,
        era: int,
        notification_id: int,
        prev: int,
        cause: Causality,
        occurred_at: datetime,
        eras: Sequence[int] = (),
        owner: UUID | None = None,
    ) -> Message:
        """The message of a record; `notification_id` and `prev` are 0 outside a chain.

        `owner` is whose data key seals it where it is kept, also by those who cannot read what it says.
        """
        headers = {
            "src": self.service,
            "era": str(era),
            "id": str(notification_id),
            "prev": str(prev),
            "event_id": event_id(self.service, era, notification_id),
            "type": record.fact,
            "correlation_id": cause.correlation_id,
            "causation_id": cause.causation_id,
            "traceparent": cause.traceparent,
            "occurred_at": str(int(occurred_at.timestamp() * 1000)),
            **({"eras": ",".join(map(str, eras))} if eras else {}),
            **({"owner": str(owner)} if owner else {}),
        }
        return Message(
            topic=self.topics[record.topic].full_name,
            partition=partition,
            key=record.key.encode(),
            value=None if record.value is None else self.codec.encode(record.fact, dict(record.value)),
            headers={name: value.encode() for name, value in headers.items()},
        )

    def watermark(self, topic: str, partition: int, last_id: int, era: int, eras: Sequence[int]) -> Message:
        """Says that the chain of a partition has reached `last_id`: whoever stands below it has missed something.

        It has neither a key nor a value and stands outside the chain; who does not know it may pass over it.
        """
        headers = {"src": self.service, "era": era, "id": last_id, "prev": last_id, "type": WATERMARK}
        if eras:
            headers["eras"] = ",".join(map(str, eras))
        encoded = {name: str(value).encode() for name, value in headers.items()}
        return Message(self.topics[topic].full_name, partition, b"", None, encoded)

    def shredded(
        self, topic: str, partition: int, notification_id: int, prev: int, key: str, era: int, eras: Sequence[int]
    ) -> Message:
        """What stands in the chain for an event that nobody can read any more: it has headers only."""
        return self.message(
            Record(topic, key, SHREDDED, None), partition, era=era, eras=eras, notification_id=notification_id, prev=prev,
            cause=Causality("", ""), occurred_at=datetime.fromtimestamp(0, UTC),
        )  # fmt: skip

    def fact(self, message: Message, *, decoded: bool = True) -> Fact:
        """A message as a fact; `decoded=False` leaves the value None (for types that nobody here hears)."""
        head = _Headers(message.headers)
        value = None
        if decoded and message.value is not None:
            _, value = self.codec.decode(message.value)
        return Fact(
            topic=short_name(message.topic),
            partition=message.partition,
            offset=message.offset,
            key=message.key.decode(),
            type=head.text("type"),
            value=value,
            source=head.text("src"),
            era=head.number("era"),
            id=head.number("id"),
            prev=head.number("prev"),
            event_id=head.text("event_id"),
            correlation_id=head.text("correlation_id"),
            causation_id=head.text("causation_id"),
            traceparent=head.text("traceparent"),
            occurred_at=datetime.fromtimestamp(head.number("occurred_at") / 1000, UTC),
            eras=tuple(int(id) for id in head.text("eras").split(",") if id),
        )


class _Headers:
    def __init__(self, headers: Mapping[str, bytes]) -> None:
        self._headers = headers

    def text(self, name: str) -> str:
        return self._headers.get(name, b"").decode()

    def number(self, name: str) -> int:
        return int(self._headers.get(name) or 0)
