"""Secret: Microsoft.KeyVault/vaults/secrets in a vault of its own. ARM can set a secret and cannot delete one: it ends
with its vault."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Companion, Kind
from deployforge_mcal.adapters.azure.placing import Place, names_of, parent_of
from deployforge_mcal.adapters.bodies import Field, Seed
from deployforge_mcal.domain.types.secret import SECRET

#: Azure fills in the subscription's own tenant.
TENANT: Final = "[subscription().tenantId]"


class SecretKind(Kind):
    """A secret that applications read by name."""

    model = SECRET
    native_type = "Microsoft.KeyVault/vaults/secrets"
    tracked = False
    attributes = ("id", "address")
    fields: ClassVar[Mapping[str, Field]] = {"value": Field("properties.value"), "tags": Field("tags")}
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """See Kind."""
        return place.resource(self.native_type, f"df-{seed.digits(20)}", str(values.get("name") or seed.name))

    def companions(self, id: str) -> list[Companion]:
        """Who may read the vault is decided by roles."""
        body = {
            "properties": {"sku": {"family": "A", "name": "standard"}, "tenantId": TENANT, "enableRbacAuthorization": True}
        }
        return [Companion(parent_of(id), body)]

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind: applications know it by the vault's URL."""
        vault, name = names_of(id)
        return {"id": id, "address": f"https://{vault}.vault.azure.net/secrets/{name}"}
