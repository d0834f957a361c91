"""Facts as consumers see them and as producers hand them over, and what handling one changes."""

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter

from deployforge_chassis.causality import Causality

T = TypeVar("T")

#: One SQL statement with its parameters, executed in the transaction that saves the events.
Write = tuple[str, Sequence[Any]]


class Sealed(bytes):
    """What `Sealer.seal` gave: a write that holds it is checked before it is committed."""


class NotYet(Exception):
    """A handler needs something that is not known yet; the message is tried again later, in its turn."""


@dataclass(frozen=True)
class Effects:
    """What one command or one fact changes; saved in one transaction."""

    aggregates: Sequence[Any] = ()
    writes: Sequence[Write] = ()

    def __add__(self, other: "Effects") -> "Effects":
        return Effects((*self.aggregates, *other.aggregates), (*self.writes, *other.writes))


#: Nothing changes.
NOTHING = Effects()


@dataclass(frozen=True)
class Fact:
    """A message of a topic, decoded."""

    topic: str
    """Short name, `orchestrator.executions`."""
    partition: int
    offset: int
    key: str
    type: str
    """`PlanDrafted`."""
    value: Mapping[str, Any] | None
    """None is a tombstone."""
    source: str
    era: int
    id: int
    """Notification id in the source's log; 0 for a message outside a chain."""
    prev: int
    event_id: str
    correlation_id: str
    causation_id: str
    traceparent: str
    occurred_at: datetime
    eras: Sequence[int] = ()
    """The last id of the log that each era but the first took over from the one before it."""

    def shared_with(self, era: int) -> int | None:
        """The last id up to which the log of this message is that of an earlier `era`; None when it is the same era."""
        later = self.eras[era - 1 :]
        return min(later) if era < self.era and later else None

    def read(self, cls: "builtins.type[T]") -> T:
        """The fields of `cls` (a dataclass) taken from the value; other fields are ignored."""
        found: T = _adapter(cls).validate_python(dict(self.value or {}))  # type: ignore[arg-type]
        return found

    def cause(self, actor: str) -> Causality:
        """The causality of whatever `actor` does because of this fact."""
        return Causality(self.correlation_id, self.event_id, self.traceparent, actor)


@lru_cache(maxsize=256)
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


@dataclass(frozen=True)
class Record:
    """What a service says on a topic because of one of its domain events."""

    topic: str
    """Short name."""
    key: str
    fact: str
    value: Mapping[str, Any] | None
    upsert_version: int | None = None
    """Set on topics of kind upsert: the newest version counts, the record stands outside the chain."""
    partition_key: str | None = None
    """What chooses the partition where that is not the key."""


class Move(NamedTuple):
    """A consumer's position going from one id to the next; `prev` must be where it stands."""

    name: str
    """`src@era#topic#partition`."""
    prev: int
    id: int
    offset: int = -1
    event_id: str = ""


Handler = Callable[[Fact], Effects]
#: topic short name → fact name → handler.
Heard = Mapping[str, Mapping[str, Handler]]


@dataclass(frozen=True)
class Message:
    """Bytes on the wire."""

    topic: str
    """Full name."""
    partition: int
    key: bytes
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    offset: int = -1
