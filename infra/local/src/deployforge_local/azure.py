"""Our Azure Resource Manager emulator as Azure, with one subscription and two resource groups."""

import json
import sys
from pathlib import Path
from typing import Final

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
    form = {
        "grant_type": "client_credentials", "client_id": _CLIENT, "client_secret": _SECRET,
        "scope": "https://management.azure.com/.default",
    }  # fmt: skip
    token = httpx.post(f"{settings.azure_url}/{_TENANT}/oauth2/v2.0/token", data=form, timeout=10).raise_for_status().json()
    for group in GROUPS:
        httpx.put(
            f"{settings.azure_url}/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}",
            params={"api-version": _VERSION}, json={"location": "westeurope"}, timeout=10,
            headers={"Authorization": f"Bearer {token['access_token']}"},
        ).raise_for_status()  # fmt: skip
