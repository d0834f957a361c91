"""Our Azure Resource Manager emulator as Azure, with one subscription and two resource groups."""

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx

from deployforge_local.people import write_secret
from deployforge_local.settings import AZURE, LocalSettings

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
#: What manifests can name as `resourceGroup`; a third is made by its REST.
GROUPS: Final = ("orders", "local")
_TENANT: Final = "00000000-0000-0000-0000-000000000001"
_CLIENT: Final = "deployforge-local"
#: Opens nothing but the emulator.
_SECRET: Final = "emulated"  # noqa: S105
CREDENTIAL: Final = {"type": "azure", "tenantId": _TENANT, "clientId": _CLIENT, "clientSecret": _SECRET}
_VERSION: Final = "2021-04-01"
_STORAGE_VERSION: Final = "2023-05-01"
#: The emulator is part of the repository, as what runs the tests is; it is in no distribution.
_REPOSITORY: Final = Path(__file__).resolve().parents[4]


def command(settings: LocalSettings) -> list[str]:
    """How to start the emulator, after writing down who may use it."""
    data = settings.data_dir / "azure"
    data.mkdir(parents=True, exist_ok=True)
    owner = {"scope": f"/subscriptions/{SUBSCRIPTION}", "role": "Owner"}
    principals = [{"clientId": _CLIENT, "clientSecret": _SECRET, "assignments": [owner]}]
    write_secret(data / "principals.json", json.dumps(principals))
    return [
        sys.executable, "-m", "tests.emulators.arm", "--port", str(settings.port(AZURE)), "--state", str(data),
        "--seconds", "0.5", "--principals", str(data / "principals.json"),
    ]  # fmt: skip


def environment() -> dict[str, str]:
    """Where the emulator is found."""
    return {"PYTHONPATH": str(_REPOSITORY)}


def is_ready(settings: LocalSettings) -> bool:
    """Whether it answers."""
    try:
        return httpx.get(f"{settings.azure_url}/_emulator/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def prepare_groups(settings: LocalSettings) -> None:
    """Make the resource groups."""
    azure = Azure(settings.azure_url)
    for group in GROUPS:
        azure.call("PUT", f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}", {"location": "westeurope"})


@dataclass(frozen=True)
class Azure:
    """An owner of the emulated subscription, who touches it directly: what a person in the portal would do."""

    endpoint: str

    @classmethod
    def of_this_system(cls) -> "Azure":
        """The emulator of the system that the environment names."""
        return cls(LocalSettings().azure_url)

    @cached_property
    def _token(self) -> str:
        form = {
            "grant_type": "client_credentials", "client_id": _CLIENT, "client_secret": _SECRET,
            "scope": "https://management.azure.com/.default",
        }  # fmt: skip
        answer = httpx.post(f"{self.endpoint}/{_TENANT}/oauth2/v2.0/token", data=form, timeout=10)
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def call(self, method: str, path: str, body: object = None, version: str = _VERSION) -> Any:
        """The answer to a call. Raises httpx.HTTPStatusError."""
        answer = httpx.request(
            method, self.endpoint + path, params={"api-version": version}, json=body, timeout=10,
            headers={"Authorization": f"Bearer {self._token}"},
        )  # fmt: skip
        return answer.raise_for_status().json() if answer.content else None

    def resources(self, group: str) -> list[str]:
        """Ids of what is in a resource group."""
        found = self.call("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/resources")
        return [resource["id"] for resource in found["value"]]

    def set_public_access(self, account_id: str, allowed: bool) -> None:
        """Open a storage account to everybody, or close it."""
        change = {"properties": {"allowBlobPublicAccess": allowed}}
        self.call("PATCH", account_id, change, _STORAGE_VERSION)

    def has_public_access(self, account_id: str) -> bool:
        """Whether a storage account may be opened to everybody."""
        account = self.call("GET", account_id, version=_STORAGE_VERSION)
        return bool(account["properties"].get("allowBlobPublicAccess"))
