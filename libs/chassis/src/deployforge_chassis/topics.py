"""Every topic there is, read from `topics.yaml` beside the Avro schemas.

```yaml
topics:
  orchestrator.executions:         # short name; on the broker: deployforge.orchestrator.executions.v1
    kind: fact                     # fact | upsert | telemetry
    owner: orchestrator            # its only writer
    key: deployment id             # what a key is, for people
    partitions: 8                  # fixed for this topic version
    records: [ExecutionStarted, …]
    consumers: [control-plane, …]
    starts: beginning              # where a new consumer begins: beginning | snapshot | now
    retention_days: 30             # absent for compacted topics
```
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from deployforge_chassis.identity import SERVICES
from deployforge_chassis.murmur2 import murmur2, partition

__all__ = [
    "BadTopics",
    "Topic",
    "Topics",
    "UnknownTopic",
    "full_name",
    "load",
    "murmur2",
    "partition",
    "short_name",
]

_PREFIX: Final = "deployforge."
_VERSION: Final = ".v1"


class UnknownTopic(KeyError):
    """A topic that topics.yaml does not name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"topics.yaml names no topic {self.name!r}"


class BadTopics(ValueError):
    """topics.yaml says something that cannot be."""


def full_name(short: str) -> str:
    """`orchestrator.executions` → `deployforge.orchestrator.executions.v1`; a full name stays as it is."""
    return short if short.startswith(_PREFIX) else f"{_PREFIX}{short}{_VERSION}"


def short_name(full: str) -> str:
    """The inverse of `full_name`; a short name stays as it is."""
    return full.removeprefix(_PREFIX).removesuffix(_VERSION) if full.startswith(_PREFIX) else full


@dataclass(frozen=True)
class Topic:
    """One topic as topics.yaml describes it."""

    name: str
    """Short name, `orchestrator.executions`."""
    kind: Literal["fact", "upsert", "telemetry"]
    owner: str
    """The service that alone may write."""
    key: str
    """What a key is, in words."""
    partitions: int
    records: tuple[str, ...] = ()
    """Names of the facts that it carries."""
    consumers: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    """Principals outside the system that may read."""
    starts: Literal["beginning", "snapshot", "now"] = "beginning"
    """Where a consumer begins that has no position yet."""
    retention_days: int | None = None
    """Days that a record is kept; None keeps it for ever or until compacted."""
    compacted: bool = False
    """Whether the broker keeps only the newest record of each key."""

    @property
    def full_name(self) -> str:
        """Its name on the broker."""
        return full_name(self.name)

    def partition_of(self, key: str | bytes) -> int:
        """The partition of a key, exactly as Kafka's Java client chooses it."""
        return partition(key.encode() if isinstance(key, str) else key, self.partitions)


@dataclass(frozen=True)
class Topics(Mapping[str, Topic]):
    """All topics by short name; a full name finds the same topic."""

    by_name: Mapping[str, Topic] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Topic:
        try:
            return self.by_name[short_name(name)]
        except KeyError:
            raise UnknownTopic(name) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and short_name(name) in self.by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def owned_by(self, service: str) -> tuple[Topic, ...]:
        """The topics that only `service` writes."""
        return tuple(topic for topic in self.by_name.values() if topic.owner == service)

    def partitions(self, name: str) -> int:
        """How many partitions a topic has."""
        return self[name].partitions

    def partition(self, name: str, key: str | bytes) -> int:
        """The partition in which `key` lives."""
        return self[name].partition_of(key)


def load(path: Path | None = None) -> Topics:
    """Read topics.yaml (by default the one among our schemas); refuses (BadTopics) what cannot be."""
    if path is None:
        from deployforge_chassis.schemas import schemas_dir

        path = schemas_dir() / "topics.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or not isinstance(document.get("topics"), dict):
        raise BadTopics(f"{path.name}: expected a mapping `topics`")
    return Topics({name: _topic(name, entry) for name, entry in document["topics"].items()})


_FIELDS: Final = TypeAdapter(Topic)


def _topic(name: str, entry: Any) -> Topic:
    known = {f for f in Topic.__dataclass_fields__ if f != "name"}
    if not isinstance(entry, dict) or (unknown := entry.keys() - known):
        raise BadTopics(f"topic {name}: expected a mapping of {sorted(known)}, found {sorted(map(str, entry))}")
    try:
        topic = _FIELDS.validate_python({"name": name, **entry})
    except ValidationError as refusal:
        raise BadTopics(f"topic {name}: {refusal}") from refusal
    if topic.owner not in SERVICES or topic.partitions < 1 or not name.startswith(f"{topic.owner}."):
        raise BadTopics(f"topic {name}: needs an owner among the services that prefixes its name, and a partition")
    if topic.compacted != (topic.kind == "upsert"):
        raise BadTopics(f"topic {name}: upserts are compacted, and nothing else is")
    if unknown := set(topic.consumers) - set(SERVICES):
        raise BadTopics(f"topic {name}: consumers {sorted(unknown)} are not services")
    return topic
