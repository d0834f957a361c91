"""LoadBalancer: Elastic Load Balancer, Azure load balancer, Google forwarding rule."""

from typing import Final

from deployforge_mcal.domain.normalise import as_set, boolean, duration, known, one_of, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

LOAD_BALANCER: Final = UnifiedType(
    "LoadBalancer",
    "One address in front of many instances.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("layer", "string", "application (HTTP, the default) or network (TCP).", known(one_of("application", "network")), default="application", create_only=True),  # noqa: E501
        Property("public", "boolean", "Reachable from the internet; false if left out.", known(boolean), default=False, create_only=True),  # noqa: E501
        Property("subnets", "array", "Ids of its subnets; exactly these.", as_set(known(text)), required=True, is_set=True),
        Property("securityGroups", "array", "Ids of security groups around it; exactly these.", as_set(known(text)), is_set=True),  # noqa: E501
        Property("idleTimeout", "duration", "How long a silent connection is kept, `60s`.", known(duration)),
        Property("deletionProtection", "boolean", "Refuse to delete it.", known(boolean)),
        TAGS,
    ),
    ("id", "address", "host"),
    {
        "aws": FULL,
        "azure": partial("securityGroups", "idleTimeout", "deletionProtection", fixed={"layer": "network"}),
        "gcp": partial("securityGroups", "idleTimeout", "deletionProtection"),
        "terraform": NONE,
    },
)  # fmt: skip
