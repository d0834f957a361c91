"""Long-running operations: noted when they begin, due after a while, asked for by URLs that the answer names."""

import uuid
from collections.abc import Iterator
from typing import Any, Final

from tests.emulators.arm.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store

VERSIONS: Final = ("2021-04-01", "2022-09-01", "2024-03-01", "2025-04-01")
_PLACE: Final = "westeurope"


def versioned(ask: Ask, allowed: tuple[str, ...] = VERSIONS) -> None:
    """Raises Refused for an api-version of ARM itself that there is not."""
    version = ask.query.get("api-version", "")
    if version not in allowed:
        code = "InvalidApiVersionParameter" if version else "MissingApiVersionParameter"
        raise Refused(
            400, code, f"The api-version '{version}' is invalid. The supported versions are '{','.join(allowed)}'."
        )


class Later:
    """What shall happen in a while."""

    def __init__(self, store: Store, clock: Clock, seconds: float) -> None:
        self._store, self._clock, self._seconds = store, clock, seconds
        # Whole seconds is all that the header can say; 0 leaves it to the caller.
        self._retry = {"retry-after": str(int(seconds))}

    def begin(
        self, effect: str, target: str, *, result: Any = None, status: int = 200, seconds: float | None = None
    ) -> str:
        """Note something; the number under which its progress is asked for."""
        number = uuid.uuid4().hex
        due = self._clock.now() + (self._seconds if seconds is None else seconds)
        self._store.put(
            "waiting", number, {"due": due, "effect": effect, "target": target, "result": result, "status": status}
        )
        return number

    def due(self) -> Iterator[tuple[str, str]]:
        """(effect, target) of what has become due, earliest first; each is told once."""
        now = self._clock.now()
        ready = sorted(
            ((one["due"], n, one) for n, one in self._store.below("waiting") if one["due"] <= now), key=lambda r: r[:2]
        )
        for _, number, one in ready:
            yield one["effect"], one["target"]
            self._store.drop("waiting", number)
            self._store.put("over", number, {"result": one["result"], "status": one["status"]})

    def status(self, ask: Ask, subscription: str, number: str) -> dict[str, str]:
        """Headers of an answer whose resource tells its own state."""
        return {"azure-asyncoperation": self._url(ask, subscription, "operationStatuses", number), **self._retry}

    def results(self, ask: Ask, subscription: str, number: str) -> dict[str, str]:
        """Headers of an answer whose result is elsewhere."""
        return {"location": self._url(ask, subscription, "operationResults", number), **self._retry}

    def progress(self, ask: Ask, what: str, number: str) -> Reply:
        """How far it is. Raises Refused for a number that was never given."""
        over, waiting = self._store.get("over", number), self._store.get("waiting", number)
        if over is None and waiting is None:
            raise Refused(404, "OperationNotFound", f"The operation '{number}' was not found")
        if what == "operationstatuses":
            return (
                Reply(200, {"status": "InProgress"}, self._retry) if over is None else Reply(200, {"status": "Succeeded"})
            )
        if over is None:
            return Reply(202, None, {"location": f"{ask.host}{ask.path}?api-version={VERSIONS[0]}", **self._retry})
        return Reply(over["status"], over["result"])

    def _url(self, ask: Ask, subscription: str, what: str, number: str) -> str:
        at = f"{ask.host}/subscriptions/{subscription}/providers/Microsoft.Resources/locations/{_PLACE}"
        return f"{at}/{what}/{number}?api-version={VERSIONS[0]}"
