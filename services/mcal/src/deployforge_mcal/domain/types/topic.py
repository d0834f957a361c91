"""Topic: SNS topic, Service Bus topic, Pub/Sub topic."""

from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import NotCanonical, as_set, boolean, known, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

#: AWS's word for what is a queue everywhere.
_PROTOCOLS: Final = {"sqs": "queue"}


def subscription(value: Any) -> dict[str, str]:
    """`{protocol, endpoint}`; a queue is `queue`, also where it is declared as `sqs`."""
    if not isinstance(value, Mapping) or set(value) != {"protocol", "endpoint"}:
        raise NotCanonical(value, "{protocol, endpoint}")
    protocol = text(value["protocol"])
    return {"protocol": _PROTOCOLS.get(protocol, protocol), "endpoint": text(value["endpoint"])}


TOPIC: Final = UnifiedType(
    "Topic",
    "A topic that passes messages on to its subscribers.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("displayName", "string", "Name that subscribers see.", known(text)),
        Property("fifo", "boolean", "Keep order and drop repetitions.", known(boolean), create_only=True),
        Property("contentDeduplication", "boolean", "Tell repetitions by content (fifo only).", known(boolean)),
        Property("encryptionKey", "string", "Key of the cloud's key service that encrypts messages at rest.", known(text)),
        Property("subscriptions", "array", "Who gets the messages: `{protocol: queue, endpoint: ${orders.address}}`; exactly these.", as_set(subscription), is_set=True),  # noqa: E501
        TAGS,
    ),
    ("id", "name", "address"),
    {
        "aws": FULL,
        "azure": partial("displayName", "contentDeduplication", "encryptionKey", "tags"),
        "gcp": partial("displayName", "fifo", "contentDeduplication"),
        "terraform": NONE,
    },
)  # fmt: skip
