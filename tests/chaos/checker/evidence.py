"""A whole history in memory, indexed as the invariants ask for it, and what they say."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tests.chaos.history import (
    KINDS,
    AuditRecord,
    ClientCall,
    CloudCall,
    CloudResource,
    EffectRow,
    Fault,
    Parked,
    Position,
    ProjectionDigest,
    Published,
    Run,
    StoredEvent,
    TopicMessage,
    read,
)

T = TypeVar("T")

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True)
class Finding:
    """Something that must not be: where it is (service, stream, id, offset …) and what is wrong with it."""

    where: str
    what: str


@dataclass(frozen=True)
class Violation:
    """A finding with the name of the invariant that it breaks."""

    invariant: str
    where: str
    what: str


class Invariant(Protocol):
    """Looks at a history and yields what breaks it. Its docstring says what it proves, and why that matters."""

    def __call__(self, history: "History") -> Iterator[Finding]: ...


class History:
    """The records of one run by kind, each kind in the order in which it was written."""

    def __init__(self, records: Iterable[Any]) -> None:
        self._of: dict[type[Any], list[Any]] = {kind: [] for kind in KINDS}
        for record in records:
            self._of[type(record)].append(record)
        self._of[StoredEvent].sort(key=lambda e: (e.service, e.id))

    @classmethod
    def load(cls, directory: Path) -> "History":
        """Read a directory, one line after the other. Raises BadHistory."""
        return cls(record for kind in KINDS for record in read(directory, kind))

    def of(self, kind: type[T]) -> Sequence[T]:
        """All records of a kind; stored events sorted by service and id."""
        return self._of[kind]

    @property
    def run(self) -> Run | None:
        """The run; None in a history that was cut off."""
        runs = self.of(Run)
        return runs[-1] if runs else None

    @property
    def events(self) -> Sequence[StoredEvent]:
        return self.of(StoredEvent)

    @cached_property
    def event(self) -> Mapping[tuple[str, int], StoredEvent]:
        """(service, notification id) → event."""
        return {(e.service, e.id): e for e in self.events}

    @cached_property
    def streams(self) -> Mapping[tuple[str, str], Sequence[StoredEvent]]:
        """(service, stream) → its events by notification id."""
        return grouped(self.events, lambda e: (e.service, e.stream))

    @cached_property
    def typed(self) -> Mapping[str, Sequence[StoredEvent]]:
        """`Request.Requested` → all of that type."""
        return grouped(self.events, lambda e: e.type)

    def of_types(self, *types: str) -> Iterator[StoredEvent]:
        """Events of some types, type by type."""
        for type in types:
            yield from self.typed.get(type, ())

    @cached_property
    def published(self) -> Mapping[Place, Sequence[Published]]:
        """(topic, partition) → rows by id. A topic has one writer."""
        return {
            place: sorted(rows, key=lambda row: row.id)
            for place, rows in grouped(self.of(Published), lambda row: (row.topic, row.partition)).items()
        }

    @cached_property
    def published_upto(self) -> Mapping[str, int]:
        """Service → the newest notification that it has published on any topic."""
        upto: dict[str, int] = defaultdict(int)
        for row in self.of(Published):
            upto[row.service] = max(upto[row.service], row.id)
        return upto

    @cached_property
    def messages(self) -> Mapping[Place, Sequence[TopicMessage]]:
        """(topic, partition) → messages by offset."""
        return {
            place: sorted(found, key=lambda m: m.offset)
            for place, found in grouped(self.of(TopicMessage), lambda m: (m.topic, m.partition)).items()
        }

    @cached_property
    def stands(self) -> Mapping[tuple[str, str, int], Position]:
        """(consumer, topic, partition) → where it stood at the end, in the source's newest era."""
        found: dict[tuple[str, str, int], Position] = {}
        for p in self.of(Position):
            at = (p.consumer, p.topic, p.partition)
            if p.final and (at not in found or found[at].era <= p.era):
                found[at] = p
        return found

    @cached_property
    def parked(self) -> Mapping[tuple[str, str, int], Parked]:
        """(consumer, source, notification id) → what waits aside."""
        return {(p.consumer, p.source, p.id): p for p in self.of(Parked) if p.status == "waiting"}

    @cached_property
    def calls(self) -> Mapping[tuple[str, str, str], Sequence[ClientCall]]:
        """(method, actor, request id) → attempts."""
        return grouped(self.of(ClientCall), lambda c: (c.method, c.actor, c.request_id))

    @cached_property
    def audit(self) -> Mapping[tuple[str, str, str], Sequence[AuditRecord]]:
        """(action, actor, request id) → records."""
        return grouped(self.of(AuditRecord), lambda r: (r.action, r.actor, r.request_id))

    @cached_property
    def operations(self) -> Mapping[str, Sequence[StoredEvent]]:
        """Operation id → its events in mcal."""
        return {stream: events for (service, stream), events in self.streams.items()
                if service == "mcal" and events[0].type == "Operation.Accepted"}  # fmt: skip

    @cached_property
    def ledger(self) -> Sequence[CloudCall]:
        """What the cloud changed, in its order."""
        return sorted(self.of(CloudCall), key=lambda c: c.number)

    @property
    def resources(self) -> Sequence[CloudResource]:
        return self.of(CloudResource)

    @property
    def effects(self) -> Sequence[EffectRow]:
        return self.of(EffectRow)

    @property
    def projections(self) -> Sequence[ProjectionDigest]:
        return self.of(ProjectionDigest)

    @property
    def faults(self) -> Sequence[Fault]:
        return self.of(Fault)

    def cause(self, event: StoredEvent) -> StoredEvent | None:
        """The event of another service whose fact an event follows from; None when it follows from something else."""
        source, at, rest = event.causation_id.partition("@")
        _, slash, id = rest.partition("/")
        return self.event.get((source, int(id))) if at and slash and id.isdigit() else None


def grouped(records: Iterable[T], key: Any) -> dict[Any, list[T]]:
    """Records by key, their order kept."""
    groups: dict[Any, list[T]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(groups)


def name(event: StoredEvent) -> str:
    """An event as people look it up: service, stream, version, id, type."""
    return f"{event.service} stream {event.stream} version {event.version} id {event.id} ({event.type})"
