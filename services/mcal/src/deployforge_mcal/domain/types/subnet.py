"""Subnet: AWS subnet (of one zone), Azure and Google subnets (of the whole region)."""

from typing import Final

from deployforge_mcal.domain.normalise import boolean, cidr, known, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

SUBNET: Final = UnifiedType(
    "Subnet",
    "A part of a network.",
    (
        Property("network", "string", "The network's id, `${net.id}`.", known(text), required=True, create_only=True),
        Property(
            "cidr",
            "string",
            "Its addresses, a part of the network's; `auto/24` takes a free one of that size.",
            known(cidr),
            required=True,
        ),
        Property("zone", "string", "Availability zone, `eu-west-1a`; left out, the cloud chooses.", known(text)),
        Property("public", "boolean", "Give instances public addresses.", known(boolean)),
        TAGS,
    ),
    ("id", "address"),
    {
        "aws": FULL,
        "azure": partial("zone", "public", "tags"),
        "gcp": partial("zone", "public", "tags"),
        "terraform": NONE,
    },
)
