"""Trouble on demand, `POST /_emulator/faults`: throttling, refusals, and resources that fail in a deployment.

{"kind": "throttle", "method": "GET", "path": "…regex…", "times": 2, "retryAfter": 1}
{"kind": "refuse", "method": "PUT", "path": "…", "times": 1, "status": 409, "code": "Conflict", "message": "…"}
{"kind": "resource", "match": "…regex of the id…", "times": 1, "code": "SkuNotAvailable", "message": "…"}
{"kind": "slow", "match": "…regex of the id…", "times": 1, "seconds": 30}

`after` is how many that match are let pass first.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from tests.emulators.messages import Ask
from tests.emulators.store import Store

KINDS: Final = ("throttle", "refuse", "resource", "slow")


class Faults:
    """What shall go wrong, and how often still. What it looks like is each emulator's own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, fault: dict[str, Any]) -> bool:
        """Whether it is one that somebody would act on."""
        if fault.get("kind") not in KINDS:
            return False
        number = len(list(self._store.below("fault")))
        self._store.put("fault", f"{number:06d}", {"times": 1, **fault})
        return True

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        for key, _ in list(self._store.below("fault")):
            self._store.drop("fault", key)

    def of_request(self, ask: Ask) -> dict[str, Any] | None:
        """A throttling or a refusal that this request shall meet."""
        for kind in ("throttle", "refuse"):
            fault = self._take(kind, lambda f: f.get("method", ask.method) == ask.method and _hit(f.get("path"), ask.path))
            if fault is not None:
                return fault
        return None

    def of_resource(self, id: str) -> dict[str, Any] | None:
        """How making a resource fails, if it does."""
        return self._take("resource", lambda f: _hit(f.get("match"), id))

    def delay(self, id: str) -> float:
        """Seconds that a resource takes more than others."""
        fault = self._take("slow", lambda f: _hit(f.get("match"), id))
        return float(fault.get("seconds", 1)) if fault is not None else 0.0

    def _take(self, kind: str, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        for key, fault in self._store.below("fault"):
            if fault["kind"] == kind and fault["times"] > 0 and matches(fault):
                if fault.get("after", 0) > 0:
                    self._store.put("fault", key, {**fault, "after": fault["after"] - 1})
                    continue
                self._store.put("fault", key, {**fault, "times": fault["times"] - 1})
                return fault
        return None


def _hit(pattern: str | None, text: str) -> bool:
    return pattern is None or re.search(pattern, text, re.IGNORECASE) is not None
