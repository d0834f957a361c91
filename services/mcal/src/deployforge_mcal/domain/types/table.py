"""Table: DynamoDB table, Cosmos DB container, Firestore database with one collection."""

from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import NotCanonical, boolean, integer, known, one_of, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial


def key(value: Any) -> dict[str, str]:
    """`{name, type}`."""
    if not isinstance(value, Mapping) or set(value) != {"name", "type"} or value["type"] not in ("S", "N", "B"):
        raise NotCanonical(value, "{name, type: S | N | B}")
    return {"name": text(value["name"]), "type": str(value["type"])}


TABLE: Final = UnifiedType(
    "Table",
    "A table of items by key.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("hashKey", "object", "Partition key `{name, type: S | N | B}`.", key, required=True),
        Property("rangeKey", "object", "Sort key `{name, type: S | N | B}`.", key),
        Property("billing", "string", "on-demand (the default) or provisioned.", known(one_of("on-demand", "provisioned")), default="on-demand"),  # noqa: E501
        Property("readCapacity", "integer", "Provisioned read units.", known(integer)),
        Property("writeCapacity", "integer", "Provisioned write units.", known(integer)),
        Property("ttlAttribute", "string", "Attribute with the time after which an item is removed.", known(text)),
        Property("pointInTimeRecovery", "boolean", "Keep backups to any second of the last days.", known(boolean)),
        Property("deletionProtection", "boolean", "Refuse to delete the table.", known(boolean)),
        TAGS,
    ),
    ("id", "name", "address"),
    {
        "aws": FULL,
        "azure": partial(
            "rangeKey", "readCapacity", "writeCapacity", "ttlAttribute", "deletionProtection",
            fixed={"billing": "on-demand"},
        ),
        # Documents of a collection are found by any of their fields.
        "gcp": partial(
            "readCapacity", "writeCapacity", "tags", fixed={"billing": "on-demand"}, implied=["hashKey", "rangeKey"],
        ),
        "terraform": NONE,
    },
)  # fmt: skip
