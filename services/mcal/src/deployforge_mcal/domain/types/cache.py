"""Cache: ElastiCache replication group, Azure Cache for Redis, Memorystore for Redis."""

from typing import Final

from deployforge_mcal.domain.normalise import as_set, boolean, integer, known, release, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

CACHE: Final = UnifiedType(
    "Cache",
    "A cache in memory that speaks Redis.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("description", "string", "What it is for.", known(text), required=True),
        Property("version", "string", "Version of the engine, `7.1`.", known(release)),
        Property("size", "string", "small, medium, large, or a machine class in the cloud's own words.", known(text), required=True),  # noqa: E501
        Property("replicas", "integer", "Copies beside the first; 0 if left out.", known(integer), default=0),
        Property("encrypted", "boolean", "Encrypt at rest; true if left out.", known(boolean), default=True, create_only=True),  # noqa: E501
        Property("encryptedInTransit", "boolean", "Speak TLS only; true if left out.", known(boolean), default=True),
        Property("password", "string", "What clients must say: `${parameters.<name>}` of a parameter with `type: secret`.", known(text), secret=True),  # noqa: E501
        Property("port", "integer", "Port that it listens on.", known(integer), create_only=True),
        Property("subnetGroup", "string", "Subnet group that it is placed in.", known(text), create_only=True),
        Property("securityGroups", "array", "Ids of security groups around it; exactly these.", as_set(known(text)), is_set=True),  # noqa: E501
        TAGS,
    ),
    ("id", "address", "host", "port"),
    {
        "aws": FULL,
        # Azure and Google make passwords of their own.
        "azure": partial("password", "port", "subnetGroup", "securityGroups", fixed={"encrypted": True}),
        "gcp": partial("password", "port", "subnetGroup", "securityGroups", fixed={"encrypted": True}),
        "terraform": NONE,
    },
)  # fmt: skip
