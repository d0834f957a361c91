"""OpenTofu for this system: its states in a database of their own, its credential, and what mcal is told of it."""

import json
import secrets
from typing import Any, Final
from urllib.parse import quote, urlencode

from deployforge_local import opentofu, postgres
from deployforge_local.people import write_secret
from deployforge_local.settings import LocalSettings

#: What manifests name as `credentialRef`.
REFERENCE: Final = "tf-local"


def options(settings: LocalSettings) -> dict[str, str]:
    """Options of the provider plug-in; none while OpenTofu is not built, so that it is looked for in PATH."""
    found = opentofu.found(settings)
    return {} if found is None else {"cli": str(found.program), "mirror": str(found.mirror)}


def credential(settings: LocalSettings) -> dict[str, Any]:
    """The root credential of mcal. Its key is made once; without it states do not open."""
    role = postgres.TERRAFORM
    where = urlencode({"host": str(settings.socket_dir), "port": postgres.PORT})
    password = quote(postgres.passwords(settings)[role], safe="")
    return {
        "type": "terraform",
        "stateUrl": f"postgres://{role}:{password}@/{role}?{where}",
        "stateKey": _state_key(settings),
        "environment": {},
    }


def _state_key(settings: LocalSettings) -> str:
    path = settings.key_dir / "terraform-state-key.json"
    if not path.is_file():
        write_secret(path, json.dumps(secrets.token_hex(24)))
    key: str = json.loads(path.read_text())
    return key
