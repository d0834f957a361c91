"""Secret: Secrets Manager secret, Key Vault secret, Secret Manager secret. Its value is set and never read."""

from typing import Final

from deployforge_mcal.domain.normalise import known, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

SECRET: Final = UnifiedType(
    "Secret",
    "A secret that applications read by name; its value comes from a secret parameter.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("description", "string", "What it is for.", known(text)),
        Property("value", "string", "The value: `${parameters.<name>}` of a parameter with `type: secret`.", known(text), required=True, secret=True),  # noqa: E501
        Property("encryptionKey", "string", "Key of the cloud's key service that encrypts it at rest.", known(text)),
        TAGS,
    ),
    ("id", "address"),
    {
        "aws": FULL,
        "azure": partial("description", "encryptionKey"),
        "gcp": partial("description", "encryptionKey"),
        "terraform": NONE,
    },
)  # fmt: skip
