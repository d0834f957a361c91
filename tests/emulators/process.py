"""An emulator as a process that somebody started: its address, its controls."""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

ROOT: Final = Path(__file__).resolve().parents[2]
_UP_SECONDS: Final = 60.0


@dataclass
class Process:
    """One emulator."""

    port: int
    process: "subprocess.Popen[bytes]"
    record: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def control(self, what: str, body: Any = None, method: str = "POST") -> Any:
        """`/_emulator/{what}`: faults, clock, principals."""
        return self.call(method, f"/_emulator/{what}", body)[1]

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


def recordings(name: str) -> Path | None:
    """Where a test run wants an emulator's exchanges kept for the conformance check, if it does."""
    told = os.environ.get("DEPLOYFORGE_EXCHANGES")
    return Path(told) / name if told else None


def started(name: str, directory: Path, port: int, options: Sequence[str], *, well_formed: bool) -> Process:
    """Start `tests.emulators.<name>` and wait until it answers; its state is in the directory. Not `well_formed`: what
    will be asked is not always what the cloud's contract lets one ask, so that the exchanges are not kept for the
    conformance check."""
    directory.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    kept = recordings(name) if well_formed else None
    record = (kept or directory) / f"exchanges-{uuid.uuid4().hex[:8]}.jsonl"
    record.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", f"tests.emulators.{name}", "--port", str(port), "--state", str(directory),
        "--record", str(record), *options,
    ]  # fmt: skip
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)
    running = Process(port, process, record)
    deadline = time.monotonic() + _UP_SECONDS
    while not running.up():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"the emulator {name} did not come up: {(directory / 'log').read_text()}")
        time.sleep(0.05)
    return running
