"""The emulator as a process that somebody started: service accounts with keys, and calls of its REST."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.emulators.process import Process, started

PROJECT: Final = "shop"
OTHER: Final = "elsewhere"
_AT: Final = f"{PROJECT}.iam.gserviceaccount.com"
DEPLOYER, READER, ROOT_ACCOUNT, OPERATOR = f"deployer@{_AT}", f"reader@{_AT}", f"root@{_AT}", f"operator@{_AT}"
_OPERATOR_TOKEN: Final = "the-operator"


@dataclass
class Running(Process):
    """One emulator. `root` may impersonate `deployer` and `reader`; `operator` is the person at the console."""

    credential: dict[str, Any] = field(default_factory=dict)

    def rest(self, method: str, full: str, body: Any = None, suffix: str = "") -> tuple[int, Any]:
        """One call of a service about a resource by its full name, as the operator: status and body."""
        service, _, relative = full.removeprefix("//").partition("/")
        service = service.replace("cloudsql", "sqladmin")
        before = {
            "compute": "compute/v1",
            "storage": "storage/v1/b",
            "logging": "v2",
            "cloudfunctions": "v2",
            "dns": "dns/v1",
        }.get(service.partition(".")[0], "v1")
        mark = f"?project={PROJECT}" if service.startswith("storage") else ""
        return self.call(method, f"/{service}/{before}/{relative}{suffix}{mark}", body, _OPERATOR_TOKEN)

    def left(self, project: str = PROJECT) -> list[str]:
        """Full names, in lower case, of what is in a project."""
        found: list[str] = self.control("resources", {"project": project})
        return found


def world(project: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """Who is there and may do what."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {
        "accounts": [
            {"email": ROOT_ACCOUNT, "publicKey": public, "impersonate": [DEPLOYER, READER], "roles": {}},
            {"email": DEPLOYER, "roles": {project: "owner"}},
            {"email": READER, "roles": {project: "viewer"}},
            {"email": OPERATOR, "roles": {project: "owner", OTHER: "owner"}, "token": _OPERATOR_TOKEN},
        ],
        "buckets": {f"{project}-deployforge": project},
    }  # fmt: skip


def start(
    directory: Path,
    *,
    port: int = 0,
    seconds: float = 0.05,
    lag: float = 0.0,
    well_formed: bool = True,
    tofu: Path | None = None,
) -> Running:
    """Start one; see `started`. With `tofu`, a program, it runs blueprints by OpenTofu."""
    directory.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(65537, 2048)
    (directory / "world.json").write_text(json.dumps(world(PROJECT, key)))
    options = ["--seconds", str(seconds), "--asset-lag", str(lag), "--world", str(directory / "world.json")]
    options += ["--tofu", str(tofu)] if tofu is not None else []
    up = started("gcp", directory, port, options, well_formed=well_formed)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credential = {
        "type": "gcp", "serviceAccount": DEPLOYER, "readerServiceAccount": READER,
        "key": {"type": "service_account", "client_email": ROOT_ACCOUNT, "private_key": private, "private_key_id": "k1",
                "token_uri": "https://oauth2.googleapis.com/token"},
    }  # fmt: skip
    return Running(up.port, up.process, up.record, credential)


@contextmanager
def emulator(directory: Path, **options: Any) -> Iterator[Running]:
    """One for as long as the block lasts."""
    running = start(directory, **options)
    try:
        yield running
    finally:
        running.stop()
