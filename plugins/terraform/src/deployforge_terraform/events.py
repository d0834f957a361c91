"""What `plan -json` and `apply -json` print, line by line: progress per resource, and why it failed.

Source of the format: OpenTofu documentation, "Machine-Readable UI".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_mcal.domain.operation import Failure

from deployforge_terraform.errors import meaning

Tick = Callable[[str | None, str, str | None], None]
#: (address, action, id, or "" when it has none)
Completed = Callable[[str, str, str], None]

_STATUS: Final = {"create": "CREATING", "update": "UPDATING", "delete": "DELETING", "read": "READING"}
_DONE: Final = {"create": "CREATED", "update": "UPDATED", "delete": "DELETED"}
_LONGEST: Final = 2000


@dataclass(frozen=True)
class Addresses:
    """Which declaration a resource of the program belongs to; those inside a module belong to the module's."""

    urns: Mapping[str, str]

    def urn(self, address: str) -> str | None:
        """The urn of a resource instance, `local_file.a[0]`, `module.site.local_file.a`."""
        best = max((known for known in self.urns if within(address, known)), key=len, default="")
        return self.urns.get(best)


def within(address: str, known: str) -> bool:
    """Whether an address is that of a resource or module, or inside it."""
    return address == known or address.startswith((f"{known}.", f"{known}["))


class Events:
    """Reads the lines of one command."""

    def __init__(self, addresses: Addresses, tick: Tick = lambda *_: None, completed: Completed = lambda *_: None) -> None:
        self._addresses, self._tick, self._completed = addresses, tick, completed
        self.failure: Failure | None = None
        self._named = False

    def line(self, text: bytes) -> None:
        """One line of output. What is no JSON object is no event."""
        try:
            event = json.loads(text)
        except ValueError:
            return
        if not isinstance(event, dict):
            return
        kind = str(event.get("type", ""))
        if kind == "diagnostic" and isinstance(event.get("diagnostic"), Mapping):
            self._diagnosed(event["diagnostic"])
        elif kind.startswith("apply_") and isinstance(event.get("hook"), Mapping):
            self._applied(kind, event["hook"])

    def _applied(self, kind: str, hook: Mapping[str, Any]) -> None:
        address, action = str(hook.get("resource", {}).get("addr", "")), str(hook.get("action", ""))
        urn = self._addresses.urn(address)
        if kind == "apply_start":
            self._completed(address, f"starting {action}", "")
            self._tick(urn, _STATUS.get(action, action.upper()), address)
        elif kind == "apply_progress":
            self._tick(urn, _STATUS.get(action, action.upper()), f"{address}: {hook.get('elapsed_seconds', 0)} s")
        elif kind == "apply_complete":
            self._completed(address, action, str(hook.get("id_value", "")) if hook.get("id_key") == "id" else "")
            self._tick(urn, _DONE.get(action, action.upper()), address)
        elif kind == "apply_errored":
            self._completed(address, "errored", "")
            self._tick(urn, "FAILED", address)

    def _diagnosed(self, said: Mapping[str, Any]) -> None:
        """Keep the first error; one that names a resource is better than one that does not."""
        if said.get("severity") != "error":
            return
        urn = self._addresses.urn(str(said.get("address", "")))
        if self.failure is not None and (self._named or urn is None):
            return
        message = ": ".join(part for part in (str(said.get("summary", "")), str(said.get("detail", ""))) if part)
        code, hint, retryable = meaning(message)
        self.failure = Failure(code, " ".join(message.split())[:_LONGEST], hint, urn, retryable)
        self._named = urn is not None
