"""The record of one chaos run: what clients asked, what every store, topic and cloud held afterwards, which faults fired.

One directory per run, one JSON-lines file per kind of record, one line per record. Whoever runs the system writes it
(`Writer`), the checker reads it (`read`). Nothing here knows where a record comes from or what would be wrong with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO, TypeVar

from pydantic_core import from_json, to_json

T = TypeVar("T")

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
"""How a client call ended, as the client saw it: an answer, a refusal, or neither (a timeout, a lost connection)."""


@dataclass(frozen=True, slots=True)
class Run:
    """The run itself; one line. Times are seconds since the epoch by the clock of the machine."""

    seed: int
    started_at: float
    last_fault_at: float
    """When the last fault ended: healed, restarted, continued. 0 when there was none."""
    settled_at: float
    """When everything had ended and every lag was 0; 0 when that was not seen before the run gave up."""
    collected_at: float
    """When the services were asked to end, after which all that they left was read."""


@dataclass(frozen=True, slots=True)
class ClientCall:
    """One attempt at one call; a call that is tried again is a second record with the same request id."""

    call_id: str
    method: str
    """As the audit log names it, `Deployments.Submit`. `Cloud.Change` and `Cloud.Delete` are changes that the
    workload makes in the cloud itself, behind everybody's back."""
    actor: str
    request_id: str
    """The request it makes or is about; empty where there is none."""
    deployment: str
    """`namespace/name`; empty where there is none."""
    outcome: str
    """OK, REFUSED or UNKNOWN."""
    began_at: float
    ended_at: float
    answer: str = ""
    """The refusal's status and text; for a change in the cloud the physical id of what was changed."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row of a service's event store, opened, with what it is published as."""

    service: str
    id: int
    """Notification id."""
    stream: str
    version: int
    type: str
    """`Request.Requested`."""
    era: int = 1
    deployment_id: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    """The event id of the fact that it follows from, `orchestrator@1/4711`, or the request."""
    topic: str = ""
    """Short name of the topic of its fact; empty for an event that makes none."""
    fact: str = ""
    key: str = ""
    partition: int = -1
    """Where a fact of that key belongs."""
    upsert: str = ""
    """Topic of its versioned upsert; the key is then `key`."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The few attributes that invariants speak of; see collect.KEPT."""


@dataclass(frozen=True, slots=True)
class Published:
    """One row of a service's table of published notifications."""

    service: str
    topic: str
    partition: int
    id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """One message as it lies in a topic."""

    topic: str
    partition: int
    offset: int
    key: str
    type: str
    source: str
    era: int
    id: int
    prev: int
    digest: str
    """Of the value; empty for a tombstone."""
    chained: bool = True
    """Whether it stands in the chain of its partition: a fact, not an upsert or telemetry."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a consumer stood in one partition of one source when somebody looked."""

    consumer: str
    source: str
    era: int
    topic: str
    partition: int
    id: int
    offset: int
    seen_at: float
    final: bool = False
    """Looked up after the run had settled."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One message that a consumer has set aside."""

    consumer: str
    topic: str
    partition: int
    key: str
    source: str
    era: int
    id: int
    reason: str
    status: str = "waiting"


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One row of a service's queue of outside work."""

    service: str
    kind: str
    effect_id: str
    status: str
    attempt: int
    fence: int
    due_at: float
    created_at: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row of the audit log."""

    position: int
    actor: str
    action: str
    outcome: str
    request_id: str
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class CloudCall:
    """One change that the cloud's own ledger shows, in the order in which the cloud made it."""

    number: int
    action: str
    """create, update or delete."""
    token: str
    """The idempotency token with which it was asked for: the operation's id. Empty for what the workload did."""
    region: str
    stack: str
    resource: str
    """Logical id inside the stack; empty for the stack itself."""
    type: str
    physical_id: str
    at: float
    succeeded: bool = True


@dataclass(frozen=True, slots=True)
class CloudResource:
    """Something that exists in the cloud at the end and that nobody but DeployForge can have made."""

    region: str
    type: str
    physical_id: str
    stack: str
    """The stack that holds it; empty when none does."""


@dataclass(frozen=True, slots=True)
class ProjectionDigest:
    """One read model before and after it was derived again from the log; digests are over its sorted rows."""

    service: str
    name: str
    before: str
    after: str
    rows: int
    first_difference: str = ""
    """The first row that differs, in words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the plan."""

    number: int
    kind: str
    target: str
    planned_at: float
    fired_at: float
    """0 when it never fired."""
    evidence: str
    """What proves that it did: the pid that ended, the signal's answer, the connections that were cut."""
    ended_at: float = 0.0


KINDS: Final = (
    Run, ClientCall, StoredEvent, Published, TopicMessage, Position, Parked, EffectRow, AuditRecord, CloudCall,
    CloudResource, ProjectionDigest, Fault,
)  # fmt: skip


class BadHistory(ValueError):
    """A line of a history is not a record of its kind."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")


def file_of(kind: type[Any]) -> str:
    """`StoredEvent` → `StoredEvent.jsonl`."""
    return f"{kind.__name__}.jsonl"


class Writer:
    """Writes a history; a record is on disk once `close` or `flush` has returned. One thread at a time."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._files: dict[type[Any], TextIO] = {}

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def add(self, record: Any) -> None:
        """Append one record."""
        kind = type(record)
        if kind not in self._files:
            self._files[kind] = (self.directory / file_of(kind)).open("a", encoding="utf-8")
        self._files[kind].write(to_json(record).decode() + "\n")

    def add_all(self, records: Iterable[Any]) -> None:
        """Append many."""
        for record in records:
            self.add(record)

    def flush(self) -> None:
        """Hand everything to the file system."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """End the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def read(directory: Path, kind: type[T]) -> Iterator[T]:
    """The records of a kind, in the order in which they were written; none where the file is missing.

    Raises BadHistory with file and line.
    """
    path = directory / file_of(kind)
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield kind(**from_json(line))
            except (TypeError, ValueError) as error:
                raise BadHistory(path, number, str(error)) from error
