"""Queue: a Pub/Sub topic with one pull subscription, both of one name. Senders need the topic, which is the queue's
address; receivers the subscription, which is its id."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native, put
from deployforge_mcal.adapters.gcp.kinds.base import Kind, of_seconds, seconds
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.domain.types.queue import QUEUE

PUBSUB: Final = "pubsub.googleapis.com"
_DEAD: Final = "deadLetterPolicy.deadLetterTopic"
_RECEIVES: Final = "deadLetterPolicy.maxDeliveryAttempts"
#: Pub/Sub's limits. Source: Google Cloud, "Pub/Sub quotas and limits".
_VISIBLE: Final = (10, 600)
_KEPT: Final = (600, 31 * 86_400)
_ATTEMPTS: Final = (5, 100)


class QueueKind(Kind):
    """A queue of messages."""

    model = QUEUE
    google = "google_pubsub_subscription"
    others: ClassVar[Mapping[str, str]] = {"topic": "google_pubsub_topic"}
    attributes = ("id", "url", "name", "address")
    longest = 200
    fields: ClassVar[Mapping[str, Field]] = {
        "visibilityTimeout": Field("ackDeadlineSeconds"),
        "messageRetention": Field("messageRetentionDuration", seconds, of_seconds),
        "maxReceives": Field(_RECEIVES),
        "deadLetter": Field(_DEAD),
        "tags": Field("labels"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "fifo": "enableMessageOrdering, enableExactlyOnceDelivery"}
    constants: ClassVar[Mapping[str, Body]] = {"topic": {}, "": {}}
    unchangeable: ClassVar[frozenset[str]] = frozenset({"fifo"})

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        yield from super().problems(values)
        for name, (low, high) in (("visibilityTimeout", _VISIBLE), ("messageRetention", _KEPT), ("maxReceives", _ATTEMPTS)):
            value = values.get(name)
            if isinstance(value, int) and not low <= value <= high:
                yield name, f"Pub/Sub cannot have {name} {value}", f"{low} to {high}"
        if "maxReceives" in values and "deadLetter" not in values:
            yield "maxReceives", "Pub/Sub counts receives only where there is a deadLetter", "deadLetter beside it"

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        return (GOOGLE["google_pubsub_topic"], _topic(id)) if part else (self.of, id)

    def completed(self, id: str, part: str, body: Body) -> Body:
        """See Kind."""
        return body if part else {**body, "topic": relative(_topic(id))}

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind. Ordering keeps order, exactly-once delivery drops repetitions."""
        native = super().to_native(values)
        native.setdefault("topic", {})
        if values.get("fifo") is not None:
            native[""] |= {"enableMessageOrdering": values["fifo"], "enableExactlyOnceDelivery": values["fifo"]}
        if values.get("deadLetter") is not None and values.get("maxReceives") is None:
            put(native[""], _RECEIVES, 10)
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        body = native[""]
        return {**values, "fifo": bool(body.get("enableMessageOrdering") and body.get("enableExactlyOnceDelivery"))}

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        topic = relative(_topic(id))
        return {**super().attribute_values(id), "address": topic, "url": f"https://{PUBSUB}/v1/{topic}"}


def _topic(id: str) -> str:
    return id.replace("/subscriptions/", "/topics/")
