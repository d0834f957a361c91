"""Trouble on demand as Azure words it; see `tests.emulators.faults` for what can be asked for."""

from typing import Any

from tests.emulators import faults
from tests.emulators.arm.replies import Refused
from tests.emulators.messages import Ask
from tests.emulators.store import Store


class Faults:
    """What shall go wrong, and how often still."""

    def __init__(self, store: Store) -> None:
        self._faults = faults.Faults(store)
        self.clear, self.delay = self._faults.clear, self._faults.delay

    def add(self, fault: dict[str, Any]) -> None:
        """Raises Refused for one that nobody would act on."""
        if not self._faults.add(fault):
            raise Refused(400, "InvalidFault", f"a fault is one of {', '.join(faults.KINDS)}")

    def of_request(self, ask: Ask) -> None:
        """Raises Refused when this request is one of those that shall be."""
        fault = self._faults.of_request(ask)
        if fault is None:
            return
        if fault["kind"] == "throttle":
            seconds = str(fault.get("retryAfter", 1))
            said = f"Number of requests exceeded the limit. Please try again after {seconds} seconds."
            raise Refused(
                429, "TooManyRequests", said, retry_after=seconds, x_ms_ratelimit_remaining_subscription_reads="0"
            )
        raise Refused(int(fault.get("status", 409)), fault.get("code", "Conflict"), fault.get("message", "a conflict"))

    def of_resource(self, id: str) -> Refused | None:
        """How making a resource fails, if it does."""
        fault = self._faults.of_resource(id)
        if fault is None:
            return None
        return Refused(
            int(fault.get("status", 409)), fault.get("code", "Conflict"), fault.get("message", "it shall fail"), target=id
        )
