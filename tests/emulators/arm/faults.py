"""Trouble on demand, `POST /_emulator/faults`: throttling, refusals, and resources that fail in a deployment.

{"kind": "throttle", "method": "GET", "path": "…regex…", "times": 2, "retryAfter": 1}
{"kind": "refuse", "method": "PUT", "path": "…", "times": 1, "status": 409, "code": "Conflict", "message": "…"}
{"kind": "resource", "match": "…regex of the id…", "times": 1, "code": "SkuNotAvailable", "message": "…"}
{"kind": "slow", "match": "…regex of the id…", "times": 1, "seconds": 30}
"""

import re
from typing import Any

from tests.emulators.arm.replies import Ask, Refused
from tests.emulators.arm.store import Store

KINDS = ("throttle", "refuse", "resource", "slow")


class Faults:
    """What shall go wrong, and how often still."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, fault: dict[str, Any]) -> None:
        """Raises Refused for one that nobody would act on."""
        if fault.get("kind") not in KINDS:
            raise Refused(400, "InvalidFault", f"a fault is one of {', '.join(KINDS)}")
        number = len(list(self._store.below("fault")))
        self._store.put("fault", f"{number:06d}", {"times": 1, **fault})

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        for key, _ in list(self._store.below("fault")):
            self._store.drop("fault", key)

    def of_request(self, ask: Ask) -> None:
        """Raises Refused when this request is one of those that shall be."""
        for kind in ("throttle", "refuse"):
            fault = self._take(kind, lambda f: f.get("method", ask.method) == ask.method and _hit(f.get("path"), ask.path))
            if fault is None:
                continue
            if kind == "throttle":
                seconds = str(fault.get("retryAfter", 1))
                said = f"Number of requests exceeded the limit. Please try again after {seconds} seconds."
                raise Refused(
                    429, "TooManyRequests", said, retry_after=seconds, x_ms_ratelimit_remaining_subscription_reads="0"
                )
            raise Refused(int(fault.get("status", 409)), fault.get("code", "Conflict"), fault.get("message", "a conflict"))

    def of_resource(self, id: str) -> Refused | None:
        """How making a resource fails, if it does."""
        fault = self._take("resource", lambda f: _hit(f.get("match"), id))
        if fault is None:
            return None
        return Refused(
            int(fault.get("status", 409)), fault.get("code", "Conflict"), fault.get("message", "it shall fail"), target=id
        )

    def delay(self, id: str) -> float:
        """Seconds that a resource takes more than others."""
        fault = self._take("slow", lambda f: _hit(f.get("match"), id))
        return float(fault.get("seconds", 1)) if fault is not None else 0.0

    def _take(self, kind: str, matches: Any) -> dict[str, Any] | None:
        for key, fault in self._store.below("fault"):
            if fault["kind"] == kind and fault["times"] > 0 and matches(fault):
                self._store.put("fault", key, {**fault, "times": fault["times"] - 1})
                return fault
        return None


def _hit(pattern: str | None, text: str) -> bool:
    return pattern is None or re.search(pattern, text, re.IGNORECASE) is not None
