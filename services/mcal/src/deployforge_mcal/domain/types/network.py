"""Network: AWS VPC, Azure virtual network, Google VPC network."""

from typing import Final

from deployforge_mcal.domain.normalise import boolean, cidr, known
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

NETWORK: Final = UnifiedType(
    "Network",
    "A private network.",
    (
        Property(
            "cidr",
            "string",
            "Its addresses, `10.0.0.0/16`; `auto/20` takes a free range of that size.",
            known(cidr),
            required=True,
        ),
        Property("dnsSupport", "boolean", "Resolve names inside the network.", known(boolean)),
        Property("dnsHostnames", "boolean", "Give instances public names.", known(boolean)),
        TAGS,
    ),
    ("id", "address"),
    {
        "aws": FULL,
        "azure": partial("dnsHostnames", fixed={"dnsSupport": True}),
        # A Google network has no addresses of its own: its subnets have.
        "gcp": partial("dnsHostnames", "tags", fixed={"dnsSupport": True}, implied=["cidr"]),
        "terraform": NONE,
    },
)
