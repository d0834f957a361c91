"""Role: a service account. Who may run as it is said where that is made."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.bodies import Field
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.adapters.gcp.placing import relative, short
from deployforge_mcal.domain.types.role import ROLE


class RoleKind(Kind):
    """An identity."""

    model = ROLE
    google = "google_service_account"
    longest = 30
    # Cloud Asset Inventory names it by its number.
    in_assets = False
    fields: ClassVar[Mapping[str, Field]] = {"description": Field("description")}
    respelt: ClassVar[Mapping[str, str]] = {"name": "email"}

    def path(self, name: str, values: Mapping[str, Any]) -> str:
        """See Kind."""
        return f"projects/{{project}}/serviceAccounts/{name}@{{project}}.iam.gserviceaccount.com"

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind: policies and services name it by its mail address."""
        email = short(id)
        return {"id": relative(id), "name": email.partition("@")[0], "address": email}
