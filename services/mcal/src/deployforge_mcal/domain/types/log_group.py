"""LogGroup: CloudWatch log group, Log Analytics workspace, Cloud Logging bucket."""

from typing import Final

from deployforge_mcal.domain.normalise import days, known, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

LOG_GROUP: Final = UnifiedType(
    "LogGroup",
    "Where logs are kept.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("retention", "duration", "How long logs are kept, in whole days, `30d`; left out, as the cloud has it.", known(days)),  # noqa: E501
        Property("encryptionKey", "string", "Key of the cloud's key service that encrypts logs at rest.", known(text)),
        TAGS,
    ),
    ("id", "name", "address"),
    {
        "aws": FULL,
        "azure": partial("encryptionKey"),
        "gcp": partial("tags"),
        "terraform": NONE,
    },
)  # fmt: skip
