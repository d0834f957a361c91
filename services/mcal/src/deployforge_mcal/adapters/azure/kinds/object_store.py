"""ObjectStore: a storage account with one blob container, `objects`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.bodies import Body, Field, Native, Seed
from deployforge_mcal.domain.types.object_store import OBJECT_STORE

_BLOBS = "/blobServices/default"
_OBJECTS = f"{_BLOBS}/containers/objects"


class ObjectStoreKind(Kind):
    """A bucket of objects."""

    model = OBJECT_STORE
    native_type = "Microsoft.Storage/storageAccounts"
    attributes = ("id", "name", "address", "url")
    fields: ClassVar[Mapping[str, Field]] = {
        "versioning": Field("properties.isVersioningEnabled", part=_BLOBS),
        "publicAccess": Field(
            "properties.allowBlobPublicAccess", lambda v: v == "allowed", lambda v: "allowed" if v else "blocked"
        ),
        "tags": Field("tags"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}
    constants: ClassVar[Mapping[str, Body]] = {
        "": {
            "sku": {"name": "Standard_LRS"}, "kind": "StorageV2",
            "properties": {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"},
        },
        _BLOBS: {"properties": {}},
        _OBJECTS: {"properties": {}},
    }  # fmt: skip

    def generated(self, seed: Seed) -> str:
        """See Kind: 3 to 24 lower-case letters and digits, one in the world."""
        letters = "".join(c for c in seed.name if c.isalnum())
        return f"{letters[:10]}{seed.digits(14)}"

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        values.setdefault("versioning", False)
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        found = super().attribute_values(id)
        return {**found, "url": f"https://{found['name']}.blob.core.windows.net/objects"}
