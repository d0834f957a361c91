"""Secret: Secret Manager.

Infrastructure Manager keeps the values of a blueprint, and Terraform's state holds them, for whoever may read these. So a
blueprint makes the secret, and its value goes past it, to Secret Manager alone, as a version.
"""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native, get
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.adapters.gcp.placing import short
from deployforge_mcal.domain.types.secret import SECRET

if TYPE_CHECKING:
    from deployforge_mcal.adapters.gcp.session import GcpSession

_VERSION: Final = "version"


class SecretKind(Kind):
    """A secret that applications read by name."""

    model = SECRET
    google = "google_secret_manager_secret"
    attributes = ("id", "address")
    longest = 200
    # Cloud Asset Inventory names it by its project's number.
    in_assets = False
    fields: ClassVar[Mapping[str, Field]] = {
        "value": Field("payload.data", part=_VERSION),
        "tags": Field("labels"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}
    constants: ClassVar[Mapping[str, Body]] = {"": {"replication": {"automatic": {}}}}
    direct: ClassVar[frozenset[str]] = frozenset({_VERSION})

    def settle(self, session: "GcpSession", id: str, native: Native) -> None:
        """See Kind: what applications get as the latest version."""
        add_version(session, id, str(get(native.get(_VERSION, {}), "payload.data") or ""))


def add_version(session: "GcpSession", full: str, value: str) -> str:
    """Give a secret another value; the version's number. Raises GoogleError."""
    body = {"payload": {"data": base64.b64encode(value.encode()).decode()}}
    return short(str(session.call("POST", session.url(full, ":addVersion"), body).json()["name"]))
