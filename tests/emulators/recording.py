"""Exchanges as they happened, for the conformance check: one JSON document a line, in the form that oav reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.emulators.messages import Ask, Reply

#: Never written down.
_SECRET: Final = frozenset({"authorization", "cookie"})


class Recorder:
    """Appends to a file; without one it does nothing. Tokens and the emulator's own controls are left out."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path is not None else None

    def note(self, ask: Ask, url: str, reply: Reply, headers: Mapping[str, str]) -> None:
        """One exchange."""
        if self._file is None or ask.path.startswith("/_emulator") or ask.path.endswith("/oauth2/v2.0/token"):
            return
        exchange: dict[str, Any] = {
            "liveRequest": {
                "method": ask.method, "url": url, "body": ask.body,
                "headers": {k: v for k, v in ask.headers.items() if k not in _SECRET},
            },
            "liveResponse": {"statusCode": str(reply.status), "headers": dict(headers), "body": reply.body},
        }  # fmt: skip
        self._file.write(json.dumps(exchange) + "\n")
        self._file.flush()
