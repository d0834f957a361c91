"""ObjectStore: a Cloud Storage bucket."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.bodies import Body, Field
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.domain.types.object_store import OBJECT_STORE


class ObjectStoreKind(Kind):
    """A bucket of objects, in the region, with access by IAM alone."""

    model = OBJECT_STORE
    google = "google_storage_bucket"
    worldwide = True
    listed = True
    attributes = ("id", "name", "address", "url")
    fields: ClassVar[Mapping[str, Field]] = {
        "versioning": Field("versioning.enabled"),
        "publicAccess": Field(
            "iamConfiguration.publicAccessPrevention", lambda v: "inherited" if v == "allowed" else "enforced",
            lambda v: "blocked" if v == "enforced" else "allowed",
        ),
        "tags": Field("labels"),
    }  # fmt: skip
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}
    constants: ClassVar[Mapping[str, Body]] = {
        "": {"location": "{location}", "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}
    }

    def from_native(self, native: Mapping[str, Body]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(dict(native))
        values.setdefault("versioning", False)
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        name = super().attribute_values(id)["name"]
        return {"id": name, "name": name, "address": f"gs://{name}", "url": f"https://storage.googleapis.com/{name}"}
