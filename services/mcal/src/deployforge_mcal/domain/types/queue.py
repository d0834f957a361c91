"""Queue: SQS queue, Service Bus queue, Pub/Sub topic with one pull subscription."""

from typing import Final

from deployforge_mcal.domain.normalise import boolean, duration, integer, known, size, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

QUEUE: Final = UnifiedType(
    "Queue",
    "A queue of messages.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("visibilityTimeout", "duration", "How long a received message stays hidden, `30s`.", known(duration)),
        Property("messageRetention", "duration", "How long messages are kept, `4d`.", known(duration)),
        Property("delay", "duration", "How long new messages stay hidden.", known(duration)),
        Property("maxMessageSize", "size", "Largest message, `256KiB`.", known(size)),
        Property("receiveWait", "duration", "How long a receive waits for a message (long polling).", known(duration)),
        Property("fifo", "boolean", "Keep order and drop repetitions.", known(boolean), create_only=True),
        Property("contentDeduplication", "boolean", "Tell repetitions by content (fifo only).", known(boolean)),
        Property("deadLetter", "string", "Address of the queue for messages that are received too often, `${orders-dead.address}`.", known(text)),  # noqa: E501
        Property("maxReceives", "integer", "Receives after which a message goes to `deadLetter`; 10 if left out.", known(integer)),  # noqa: E501
        Property("encrypted", "boolean", "Encrypt at rest with keys of the service.", known(boolean)),
        TAGS,
    ),
    ("id", "url", "name", "address"),
    {
        "aws": FULL,
        "azure": partial(
            "delay", "maxMessageSize", "receiveWait", "contentDeduplication", "tags", fixed={"encrypted": True},
        ),
        "gcp": partial("delay", "maxMessageSize", "receiveWait", "contentDeduplication", fixed={"encrypted": True}),
        "terraform": NONE,
    },
)  # fmt: skip
