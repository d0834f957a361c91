"""ObjectStore: S3 bucket, Azure storage account with a container, Cloud Storage bucket."""

from typing import Final

from deployforge_mcal.domain.normalise import boolean, known, one_of, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

OBJECT_STORE: Final = UnifiedType(
    "ObjectStore",
    "A bucket of objects.",
    (
        Property("name", "string", "Fixed name, unique in the world; left out, one is generated.", known(text), create_only=True),  # noqa: E501
        Property("versioning", "boolean", "Keep old versions of objects.", known(boolean)),
        Property("encryption", "string", "How objects are encrypted at rest: AES256 (keys of the service) or aws:kms.", known(one_of("AES256", "aws:kms"))),  # noqa: E501
        Property("publicAccess", "string", "blocked (the default) or allowed.", known(one_of("blocked", "allowed")), default="blocked"),  # noqa: E501
        TAGS,
    ),
    ("id", "name", "address", "url"),
    {
        "aws": FULL,
        "azure": partial(fixed={"encryption": "AES256"}),
        "gcp": partial(fixed={"encryption": "AES256"}),
        "terraform": NONE,
    },
)  # fmt: skip
