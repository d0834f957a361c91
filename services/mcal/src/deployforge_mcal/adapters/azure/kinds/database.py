"""Database: Microsoft.DBforPostgreSQL/flexibleServers. Azure encrypts every server and listens on PostgreSQL's own port."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.azure.placing import names_of
from deployforge_mcal.adapters.bodies import Body, Field, Native, get
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.database import DATABASE

_DAY: Final = 86_400
_GIBIBYTE: Final = 2**30
#: Sizes of disks, in GiB. Source: Microsoft Learn, "Storage options in Azure Database for PostgreSQL flexible server".
_DISKS: Final = tuple(2**n for n in range(5, 15))
_RETENTION: Final = range(7, 36)
_SIZES: Final = {"small": "Standard_B1ms", "medium": "Standard_D2ds_v5", "large": "Standard_D4ds_v5"}
_PORTABLE: Final = {name: size for size, name in _SIZES.items()}
#: Tier by the letter of a machine class.
_TIERS: Final = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
#: Source: Microsoft Learn, "Create an Azure Database for PostgreSQL flexible server", administrator login.
_TAKEN: Final = ("azure_superuser", "azure_pg_admin", "admin", "administrator", "root", "guest", "public")


class DatabaseKind(Kind):
    """A relational database server."""

    model = DATABASE
    native_type = "Microsoft.DBforPostgreSQL/flexibleServers"
    attributes = ("id", "address", "host", "port")
    fields: ClassVar[Mapping[str, Field]] = {
        "version": Field("properties.version", back=lambda v: str(v).partition(".")[0]),
        "storage": Field(
            "properties.storage.storageSizeGB", lambda v: v // _GIBIBYTE if isinstance(v, int) else v,
            lambda v: int(v) * _GIBIBYTE,
        ),
        "username": Field("properties.administratorLogin"),
        "password": Field("properties.administratorLoginPassword"),
        "multiZone": Field(
            "properties.highAvailability.mode", lambda v: "ZoneRedundant" if v else "Disabled",
            lambda v: v == "ZoneRedundant",
        ),
        "public": Field(
            "properties.network.publicNetworkAccess", lambda v: "Enabled" if v else "Disabled", lambda v: v == "Enabled"
        ),
        "backupRetention": Field(
            "properties.backup.backupRetentionDays", lambda v: v // _DAY if isinstance(v, int) else v,
            lambda v: int(v) * _DAY,
        ),
        "tags": Field("tags"),
    }  # fmt: skip
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "size": "sku"}
    constants: ClassVar[Mapping[str, Body]] = {"": {"properties": {"createMode": "Default"}}}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        size, storage = values["size"], values["storage"]
        if not has_references(size) and size not in _SIZES and _tier(size) is None:
            yield "size", f"{size} is no machine class of a flexible server", "small, medium, large, Standard_D2ds_v5"
        if isinstance(storage, int) and storage // _GIBIBYTE not in _DISKS:
            yield "storage", "there is no disk of that size", ", ".join(f"{n}Gi" for n in _DISKS)
        kept = values.get("backupRetention")
        if isinstance(kept, int) and kept // _DAY not in _RETENTION:
            yield "backupRetention", "backups cannot be kept that long, or that short", "7d to 35d"
        user = values["username"]
        if user.lower() in _TAKEN or user.lower().startswith("pg_"):
            yield "username", f"{user} is reserved by Azure", "another name"
        if values.get("multiZone") and _tier(_SIZES.get(size, size)) == _TIERS["B"]:
            yield "multiZone", "a burstable server has no standby", "size: medium, or larger"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("size") is not None:
            name = _SIZES.get(values["size"], values["size"])
            native[""]["sku"] = {"name": name, "tier": _tier(name)}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        name = get(native[""], "sku.name")
        values["size"] = _PORTABLE.get(name, name)
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        host = f"{names_of(id)[-1]}.postgres.database.azure.com"
        return {"id": id, "address": id, "host": host, "port": "5432"}


def _tier(size: str) -> str | None:
    _, standard, rest = size.partition("Standard_")
    return _TIERS.get(rest[:1]) if standard else None
