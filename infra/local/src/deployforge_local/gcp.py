"""Our Google Cloud emulator as Google Cloud, with one project."""

import json
import sys
from pathlib import Path
from typing import Final

import httpx

from deployforge_local.people import write_secret
from deployforge_local.settings import GCP, LocalSettings

#: What manifests can name as `project`.
PROJECT: Final = "orders"
_AT: Final = f"{PROJECT}.iam.gserviceaccount.com"
_DEPLOYER, _READER, _ROOT = f"deployer@{_AT}", f"reader@{_AT}", f"root@{_AT}"
#: Opens nothing but the emulator.
_TOKEN: Final = "emulated"  # noqa: S105
CREDENTIAL: Final = {"type": "gcp", "serviceAccount": _DEPLOYER, "readerServiceAccount": _READER, "token": _TOKEN}
#: The emulator is part of the repository, as what runs the tests is; it is in no distribution.
_REPOSITORY: Final = Path(__file__).resolve().parents[4]


def command(settings: LocalSettings) -> list[str]:
    """How to start the emulator, after writing down who may use it."""
    data = settings.data_dir / "gcp"
    data.mkdir(parents=True, exist_ok=True)
    accounts = [
        {"email": _ROOT, "roles": {}, "impersonate": [_DEPLOYER, _READER], "token": _TOKEN},
        {"email": _DEPLOYER, "roles": {PROJECT: "owner"}},
        {"email": _READER, "roles": {PROJECT: "viewer"}},
    ]
    world = {"accounts": accounts, "buckets": {f"{PROJECT}-deployforge": PROJECT}}
    write_secret(data / "world.json", json.dumps(world))
    return [
        sys.executable, "-m", "tests.emulators.gcp", "--port", str(settings.port(GCP)), "--state", str(data),
        "--seconds", "0.5", "--world", str(data / "world.json"),
    ]  # fmt: skip


def environment() -> dict[str, str]:
    """Where the emulator is found."""
    return {"PYTHONPATH": str(_REPOSITORY)}


def is_ready(settings: LocalSettings) -> bool:
    """Whether it answers."""
    try:
        return httpx.get(f"{settings.gcp_url}/_emulator/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
