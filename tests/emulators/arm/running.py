"""The emulator as a process that somebody started: its address, its controls, tokens for it."""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ROOT: Final = Path(__file__).resolve().parents[3]
TENANT: Final = "00000000-0000-0000-0000-000000000001"
SUBSCRIPTION: Final = "11111111-2222-3333-4444-555555555555"
_UP_SECONDS: Final = 60.0


@dataclass
class Running:
    """One emulator. `deployer` may change everything in the subscription, `operator` is the person at the portal."""

    port: int
    process: "subprocess.Popen[bytes]"
    record: Path
    credential: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def control(self, what: str, body: Any = None, method: str = "POST") -> Any:
        """`/_emulator/{what}`: faults, clock, principals."""
        return self.call(method, f"/_emulator/{what}", body)[1]

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

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """One call: status and body."""
        status, _, answer = self.exchange(method, path, body, token)
        return status, answer

    def exchange(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, dict[str, str], Any]:
        """One call: status, headers with lower-case names, body."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        content = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(self.url + path, content, headers, method=method), timeout=20) as answer:
                status, said, text = answer.status, answer.headers, answer.read()
        except HTTPError as error:
            status, said, text = error.code, error.headers, error.read()
        return status, {k.lower(): v for k, v in said.items()}, json.loads(text) if text else None

    def up(self) -> bool:
        """Whether it answers."""
        try:
            return self.call("GET", "/_emulator/health")[0] == 200
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def principals() -> list[dict[str, Any]]:
    """Those that every running emulator knows."""
    everywhere = f"/subscriptions/{SUBSCRIPTION}"
    return [
        {"clientId": name, "clientSecret": f"{name}-secret", "assignments": [{"scope": everywhere, "role": "Owner"}]}
        for name in ("deployer", "operator")
    ]


def recordings() -> Path | None:
    """Where a test run wants its exchanges kept for the conformance check, if it does."""
    told = os.environ.get("DEPLOYFORGE_EXCHANGES")
    return Path(told) / "arm" if told else None


def start(directory: Path, *, port: int = 0, seconds: float = 0.1, lag: float = 0.0, well_formed: bool = True) -> Running:
    """Start one and wait until it answers; its state is in the directory. Not `well_formed`: what will be asked is not
    always what Microsoft's contract lets one ask, so that the exchanges are not kept for the conformance check."""
    directory.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    (directory / "principals.json").write_text(json.dumps(principals()))
    kept = recordings() if well_formed else None
    record = (kept or directory) / f"exchanges-{uuid.uuid4().hex[:8]}.jsonl"
    record.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "tests.emulators.arm", "--port", str(port), "--state", str(directory), "--seconds", str(seconds),
        "--graph-lag", str(lag), "--record", str(record), "--principals", str(directory / "principals.json"),
    ]  # fmt: skip
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)
    running = Running(port, process, record)
    running.credential = {"type": "azure", "tenantId": TENANT, "clientId": "deployer", "clientSecret": "deployer-secret"}
    deadline = time.monotonic() + _UP_SECONDS
    while not running.up():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"the ARM emulator did not come up: {(directory / 'log').read_text()}")
        time.sleep(0.05)
    return running


@contextmanager
def emulator(directory: Path, **options: Any) -> Iterator[Running]:
    """One for as long as the block lasts."""
    running = start(directory, **options)
    try:
        yield running
    finally:
        running.stop()
