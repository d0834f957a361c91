"""Words for mutations."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.chaos.checker.evidence import History
from tests.chaos.history import StoredEvent
from tests.chaos.tests.simulated import instead

Records = list[Any]
Mutation = Callable[[Records], Records]


def events(records: Records, type: str) -> list[StoredEvent]:
    return [r for r in records if isinstance(r, StoredEvent) and r.type == type]


def of(records: Records, kind: type[Any]) -> list[Any]:
    return [r for r in records if isinstance(r, kind)]


def data(records: Records, event: StoredEvent, **changes: Any) -> Records:
    return instead(records, event, data={**event.data, **changes})


def streams(records: Records, type: str) -> Iterable[list[StoredEvent]]:
    return [list(s) for s in History(records).streams.values() if any(e.type == type for e in s)]
