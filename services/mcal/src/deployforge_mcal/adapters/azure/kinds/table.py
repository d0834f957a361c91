"""Table: a serverless Cosmos DB account with one container, `main/items`. Point-in-time recovery is the account's, so
that every table has an account of its own."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.azure.kinds.base import KEY_TYPE_TAG, Kind
from deployforge_mcal.adapters.azure.placing import names_of
from deployforge_mcal.adapters.bodies import Body, Field, Native, Seed, get, put
from deployforge_mcal.domain.types.table import TABLE

_DATABASE = "/sqlDatabases/main"
_ITEMS = f"{_DATABASE}/containers/items"
_POLICY = "properties.backupPolicy"


class TableKind(Kind):
    """A table of items by key."""

    model = TABLE
    native_type = "Microsoft.DocumentDB/databaseAccounts"
    fields: ClassVar[Mapping[str, Field]] = {"tags": Field("tags")}
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name",
        "hashKey": "sqlDatabases/main/containers/items properties.resource.partitionKey",
        "pointInTimeRecovery": _POLICY,
    }
    constants: ClassVar[Mapping[str, Body]] = {
        "": {
            "kind": "GlobalDocumentDB",
            "properties": {"databaseAccountOfferType": "Standard", "capabilities": [{"name": "EnableServerless"}]},
        },
        _DATABASE: {"properties": {"resource": {"id": "main"}}},
        _ITEMS: {"properties": {"resource": {"id": "items"}}},
    }
    unchangeable: ClassVar[frozenset[str]] = frozenset({"hashKey"})

    def generated(self, seed: Seed) -> str:
        """See Kind: at most 44 lower-case letters, digits and hyphens, one in the world."""
        return f"{seed.name[:24]}-{seed.digits(16)}"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind. Cosmos DB keys have no type: it is noted on the account."""
        native = super().to_native(values)
        if (key := values.get("hashKey")) is not None:
            put(
                native.setdefault(_ITEMS, {}),
                "properties.resource.partitionKey",
                {"paths": [f"/{key['name']}"], "kind": "Hash"},
            )
            native[""].setdefault("tags", {})[KEY_TYPE_TAG] = key["type"]
        if values.get("pointInTimeRecovery") is not None:
            put(native[""], _POLICY, {"type": "Continuous" if values["pointInTimeRecovery"] else "Periodic"})
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        body = native[""]
        paths = get(native.get(_ITEMS, {}), "properties.resource.partitionKey.paths")
        if paths:
            values["hashKey"] = {"name": str(paths[0]).lstrip("/"), "type": (body.get("tags") or {}).get(KEY_TYPE_TAG, "S")}
        values["pointInTimeRecovery"] = get(body, f"{_POLICY}.type") == "Continuous"
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {**super().attribute_values(id), "name": names_of(id)[0]}
