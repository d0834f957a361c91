"""SecurityGroup: AWS security group, Azure network security group, Google firewall rules. Its rules are sets: extra
rules are as wrong as missing ones."""

from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import NotCanonical, as_set, cidr, integer, known, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

_FIELDS: Final = frozenset({"protocol", "fromPort", "toPort", "cidr", "group", "description"})


def rule(value: Any) -> dict[str, Any]:
    """`{protocol, fromPort, toPort, cidr | group, description?}`; `all` has no ports; one port needs no toPort."""
    if not isinstance(value, Mapping) or set(value) - _FIELDS or ("cidr" in value) == ("group" in value):
        raise NotCanonical(value, "{protocol, fromPort, toPort, cidr | group, description}")
    protocol = str(value.get("protocol", "tcp")).lower()
    found: dict[str, Any] = {"protocol": "all" if protocol == "-1" else protocol}
    if found["protocol"] != "all":
        found["fromPort"] = known(integer)(value.get("fromPort", 0))
        found["toPort"] = known(integer)(value.get("toPort", found["fromPort"] if "fromPort" in value else 65535))
    if "cidr" in value:
        found["cidr"] = known(cidr)(value["cidr"])
    else:
        found["group"] = text(value["group"])
    if value.get("description"):
        found["description"] = text(value["description"])
    return found


SECURITY_GROUP: Final = UnifiedType(
    "SecurityGroup",
    "A firewall around instances: who may reach them and whom they may reach.",
    (
        Property("network", "string", "The network's id, `${net.id}`.", known(text), required=True),
        Property("description", "string", "What it is for.", known(text), required=True),
        Property("ingress", "array", "Rules `{protocol, fromPort, toPort, cidr | group, description?}`; exactly these, none if left out.", as_set(rule), default=[], is_set=True),  # noqa: E501
        Property("egress", "array", "As ingress, outwards; left out, everything is allowed and not enforced.", as_set(rule), is_set=True),  # noqa: E501
        TAGS,
    ),
    ("id", "address"),
    {
        "aws": FULL,
        # A network security group is laid around subnets and has no description.
        "azure": partial(implied=["network", "description"]),
        "gcp": partial("tags"),
        "terraform": NONE,
    },
)  # fmt: skip
