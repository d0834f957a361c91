"""Compute: EC2 instance, Azure virtual machine, Compute Engine instance."""

from typing import Final

from deployforge_mcal.domain.normalise import as_set, boolean, known, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

COMPUTE: Final = UnifiedType(
    "Compute",
    "A virtual machine.",
    (
        Property("image", "string", "What it starts from, in the cloud's own words.", known(text), required=True, create_only=True),  # noqa: E501
        Property("size", "string", "small, medium, large, or a machine class in the cloud's own words.", known(text), required=True),  # noqa: E501
        Property("subnet", "string", "The subnet's id, `${sub.id}`.", known(text), required=True, create_only=True),
        Property("securityGroups", "array", "Ids of security groups around it; exactly these.", as_set(known(text)), is_set=True),  # noqa: E501
        Property("startup", "string", "Script that runs at its first start.", known(text), create_only=True),
        Property("keyPair", "string", "Name of the key pair that may log in.", known(text), create_only=True),
        Property("deletionProtection", "boolean", "Refuse to delete it.", known(boolean)),
        TAGS,
    ),
    ("id", "address", "privateIp"),
    {
        "aws": FULL,
        "azure": partial("deletionProtection"),
        "gcp": partial("keyPair"),
        "terraform": NONE,
    },
)  # fmt: skip
