"""Our Google Cloud emulator as Google Cloud, with one project."""

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx

from deployforge_local import opentofu
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
    tofu = opentofu.found(settings)
    return [
        sys.executable, "-m", "tests.emulators.gcp", "--port", str(settings.port(GCP)), "--state", str(data),
        "--seconds", "0.5", "--world", str(data / "world.json"),
        *(("--tofu", str(tofu.program)) if tofu is not None else ()),
    ]  # fmt: skip


@dataclass(frozen=True)
class GoogleCloud:
    """The deploying account of the emulated project, which touches it directly: what a person at the console would do."""

    endpoint: str

    @classmethod
    def of_this_system(cls) -> "GoogleCloud":
        """The emulator of the system that the environment names."""
        return cls(LocalSettings().gcp_url)

    @cached_property
    def _token(self) -> str:
        at = f"{self.endpoint}/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{_DEPLOYER}:generateAccessToken"
        body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s"}
        answer = httpx.post(at, json=body, headers={"Authorization": f"Bearer {_TOKEN}"}, timeout=10)
        token: str = answer.raise_for_status().json()["accessToken"]
        return token

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer to a call of a service, `pubsub.googleapis.com/v1/projects/…`. Raises httpx.HTTPStatusError."""
        answer = httpx.request(
            method, f"{self.endpoint}/{path}", json=body, timeout=10, headers={"Authorization": f"Bearer {self._token}"}
        )  # fmt: skip
        return answer.raise_for_status().json() if answer.content else None

    def subscription(self, id: str) -> Any:
        """A subscription by its full resource name."""
        return self.call("GET", _pubsub(id))

    def set_ack_deadline(self, id: str, seconds: int) -> None:
        """Change how long a received message stays hidden."""
        change = {"subscription": {"ackDeadlineSeconds": seconds}, "updateMask": "ackDeadlineSeconds"}
        self.call("PATCH", _pubsub(id), change)

    def names(self) -> list[str]:
        """Full names of what Cloud Asset Inventory has of the project."""
        found = self.call("GET", f"cloudasset.googleapis.com/v1/projects/{PROJECT}:searchAllResources?pageSize=1000")
        return [one["name"] for one in found.get("results", ())]


def _pubsub(id: str) -> str:
    service, _, relative = id.removeprefix("//").partition("/")
    return f"{service}/v1/{relative}"


def environment() -> dict[str, str]:
    """Where the emulator is found."""
    return {"PYTHONPATH": str(_REPOSITORY)}


def is_ready(settings: LocalSettings) -> bool:
    """Whether it answers."""
    try:
        return httpx.get(f"{settings.gcp_url}/_emulator/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
