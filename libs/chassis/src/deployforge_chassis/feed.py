"""`common.v1.EventFeed`: a consumer that missed messages asks their source for them."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import grpc
from deployforge.common.v1 import feed_pb2, feed_pb2_grpc
from eventsourcing.persistence import StoredEvent

from deployforge_chassis import eras
from deployforge_chassis.eras import Era
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Message
from deployforge_chassis.relay import split
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.topics import full_name, short_name
from deployforge_chassis.wire import Records, Wire

_PAGE = 500


class TopicNotOwned(LookupError):
    """The topic is another service's."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"this service does not publish {topic}")


class Feed(Protocol):
    """What an inbox asks when there is a gap."""

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        """The chained messages with after_id < id <= upto_id, in order; `topic` is a full name."""
        ...


class PublishedFeed:
    """Answers from the table of published notifications of one service."""

    def __init__(self, app: EventSourcedApplication, records: Records, wire: Wire) -> None:
        self._app, self._records, self._wire = app, records, wire

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        """See Feed. Raises TopicNotOwned."""
        return list(self.messages(topic, partition, after_id, upto_id))

    def messages(self, topic: str, partition: int, after_id: int, upto_id: int) -> Iterator[Message]:
        """As `range`, page by page."""
        short = short_name(topic)
        if short not in self._wire.topics or self._wire.topics[short].owner != self._wire.service:
            raise TopicNotOwned(topic)
        database = self._app.database
        before = database.one(
            "SELECT max(notification_id) AS id FROM published WHERE topic = %s AND partition = %s "
            "AND notification_id <= %s",
            (short, partition, after_id),
        )
        era, prev = eras.current(database), (before or {}).get("id") or 0
        position = after_id
        while True:
            rows = database.query(
                "SELECT p.notification_id, e.originator_id, e.originator_version, e.topic, e.state "
                "FROM published p JOIN events e USING (notification_id) WHERE p.topic = %s AND p.partition = %s "
                "AND p.notification_id > %s AND p.notification_id <= %s ORDER BY p.notification_id LIMIT %s",
                (short, partition, position, upto_id, _PAGE),
            )
            for row in rows:
                yield self._message(row, short, partition, era, prev)
                prev = position = row["notification_id"]
            if len(rows) < _PAGE:
                return

    def _message(self, row: Mapping[str, Any], topic: str, partition: int, era: Era, prev: int) -> Message:
        stored = StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))
        try:
            event, cause = self._app.sealed.open(stored)
        except Shredded as gone:
            id, key = row["notification_id"], str(gone.owner)
            return self._wire.shredded(topic, partition, id, prev, key, era.number, era.eras)
        record, _ = split(self._records(event))
        assert record is not None, f"{type(event).__qualname__} was published on {topic} and is no record any more"
        return self._wire.message(
            record, partition, era=era.number, eras=era.eras, notification_id=row["notification_id"], prev=prev,
            cause=cause, occurred_at=event.timestamp, owner=event.deployment_id,
        )  # fmt: skip


class EventFeedServicer(feed_pb2_grpc.EventFeedServicer):
    """Serves a PublishedFeed."""

    def __init__(self, feed: PublishedFeed) -> None:
        self._feed = feed

    def Range(self, request: feed_pb2.RangeRequest, context: grpc.ServicerContext) -> Iterator[feed_pb2.RangeResponse]:
        """TopicNotOwned becomes NOT_FOUND."""
        for message in self._feed.messages(request.topic, request.partition, request.after_id, request.upto_id):
            yield feed_pb2.RangeResponse(key=message.key, value=message.value or b"", headers=dict(message.headers))


class RemoteFeed:
    """Asks the services by gRPC."""

    def __init__(self, channels: Mapping[str, grpc.Channel]) -> None:
        self._channels = channels

    def range(self, source: str, topic: str, partition: int, after_id: int, upto_id: int) -> list[Message]:
        """See Feed. Raises grpc.RpcError."""
        stub: Any = feed_pb2_grpc.EventFeedStub(self._channels[source])  # type: ignore[no-untyped-call]
        request = feed_pb2.RangeRequest(topic=full_name(topic), partition=partition, after_id=after_id, upto_id=upto_id)
        return [
            Message(full_name(topic), partition, answer.key, answer.value or None, dict(answer.headers))
            for answer in stub.Range(request, timeout=60)
        ]
