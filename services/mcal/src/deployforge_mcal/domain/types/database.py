"""Database: RDS instance, Azure flexible server, Cloud SQL instance."""

from typing import Final

from deployforge_mcal.domain.normalise import as_set, boolean, days, gibibytes, integer, known, one_of, release, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

DATABASE: Final = UnifiedType(
    "Database",
    "A relational database server.",
    (
        Property("name", "string", "Fixed name of the server; left out, one is generated.", known(text), create_only=True),
        Property("engine", "string", "postgres or mysql.", known(one_of("postgres", "mysql")), required=True, create_only=True),  # noqa: E501
        Property("version", "string", "Major version of the engine, `16`, `8.0`.", known(release)),
        Property("size", "string", "small, medium, large, or a machine class in the cloud's own words.", known(text), required=True),  # noqa: E501
        Property("storage", "size", "Size of its disk, `20Gi`.", known(gibibytes), required=True),
        Property("username", "string", "Name of its administrator.", known(text), required=True, create_only=True),
        Property("password", "string", "The administrator's password: `${parameters.<name>}` of a parameter with `type: secret`.", known(text), required=True, secret=True),  # noqa: E501
        Property("databaseName", "string", "A database to be made in it.", known(text), create_only=True),
        Property("multiZone", "boolean", "Keep a standby in another zone.", known(boolean)),
        Property("public", "boolean", "Reachable from the internet; false if left out.", known(boolean), default=False),
        Property("encrypted", "boolean", "Encrypt at rest with keys of the service; true if left out.", known(boolean), default=True),  # noqa: E501
        Property("backupRetention", "duration", "How long backups are kept, in whole days, `7d`.", known(days)),
        Property("deletionProtection", "boolean", "Refuse to delete the server.", known(boolean)),
        Property("port", "integer", "Port that it listens on.", known(integer)),
        Property("subnetGroup", "string", "Subnet group that it is placed in.", known(text)),
        Property("securityGroups", "array", "Ids of security groups around it; exactly these.", as_set(known(text)), is_set=True),  # noqa: E501
        TAGS,
    ),
    ("id", "address", "host", "port"),
    {
        "aws": FULL,
        "azure": partial(
            "databaseName", "deletionProtection", "subnetGroup", "securityGroups",
            fixed={"engine": "postgres", "encrypted": True, "port": 5432},
        ),
        "gcp": partial("databaseName", "port", "subnetGroup", "securityGroups", fixed={"encrypted": True}),
        "terraform": NONE,
    },
)  # fmt: skip
