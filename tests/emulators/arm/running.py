"""The emulator as a process that somebody started: tokens for it, and calls of its REST."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.emulators.process import Process, started

TENANT: Final = "00000000-0000-0000-0000-000000000001"
SUBSCRIPTION: Final = "11111111-2222-3333-4444-555555555555"


@dataclass
class Running(Process):
    """One emulator. `deployer` may change everything in the subscription, `operator` is the person at the portal."""

    credential: dict[str, str] = field(default_factory=dict)

    def token(self, client: str = "operator", secret: str = "operator-secret", **more: str) -> str:
        """A bearer token."""
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, **more,
                "scope": "https://management.azure.com/.default"}  # fmt: skip
        asked = Request(f"{self.url}/{TENANT}/oauth2/v2.0/token", urlencode(form).encode(), method="POST")
        with urlopen(asked, timeout=10) as answer:
            return str(json.load(answer)["access_token"])

    def rest(
        self, method: str, path: str, version: str = "2021-04-01", body: Any = None, token: str = ""
    ) -> tuple[int, Any]:
        """One call of its REST as the operator, or with a token: status and body."""
        mark = "&" if "?" in path else "?"
        return self.call(method, f"{path}{mark}api-version={version}", body, token or self.token())


def principals() -> list[dict[str, Any]]:
    """Those that every running emulator knows."""
    everywhere = f"/subscriptions/{SUBSCRIPTION}"
    return [
        {"clientId": name, "clientSecret": f"{name}-secret", "assignments": [{"scope": everywhere, "role": "Owner"}]}
        for name in ("deployer", "operator")
    ]


def start(directory: Path, *, port: int = 0, seconds: float = 0.1, lag: float = 0.0, well_formed: bool = True) -> Running:
    """Start one; see `started`."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "principals.json").write_text(json.dumps(principals()))
    options = ("--seconds", str(seconds), "--graph-lag", str(lag), "--principals", str(directory / "principals.json"))
    up = started("arm", directory, port, options, well_formed=well_formed)
    credential = {"type": "azure", "tenantId": TENANT, "clientId": "deployer", "clientSecret": "deployer-secret"}
    return Running(up.port, up.process, up.record, credential)


@contextmanager
def emulator(directory: Path, **options: Any) -> Iterator[Running]:
    """One for as long as the block lasts."""
    running = start(directory, **options)
    try:
        yield running
    finally:
        running.stop()
