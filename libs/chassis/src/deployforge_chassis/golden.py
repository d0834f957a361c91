"""Golden events: what each release stored, kept so that every later one can still read it.

One file per event class and class_version, `<release>/<Aggregate>.<Event>[.v<n>].json`: the stored topic and the
plaintext that the mapper seals. Written once, by `python -m deployforge_chassis.golden PACKAGE DIRECTORY RELEASE`;
a file that exists is never written again, whatever the code has become.
"""

import dataclasses
import importlib
import json
import pkgutil
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.utils import get_topic
from pydantic_core import from_json

from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.eventstore import Aggregate
from deployforge_chassis.sealing import event_of, plain_body

_AT: Final = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
_DEEPEST: Final = 8


@dataclass(frozen=True)
class Golden:
    """One stored event, unsealed."""

    topic: str
    stream: UUID
    version: int
    body: Mapping[str, Any]

    @property
    def class_version(self) -> int:
        """Of the code that stored it."""
        return int(self.body["class_version"])

    def event(self) -> Any:
        """The domain event as today's code reads it. Raises TopicError, NewerEvent, ValidationError."""
        return event_of(self.body, self.stream, self.version, self.topic)

    @classmethod
    def read(cls, path: Path) -> "Golden":
        """From a golden file."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(found["topic"], UUID(found["stream"]), found["version"], found["body"])

    @classmethod
    def sample(cls, event_class: type[Any]) -> "Golden":
        """A stored event of this class with every field filled, the same at every call."""
        event = _filled(event_class, 0)
        with causality.bound(Causality("correlation", "causation", "traceparent", "actor")):
            body = from_json(plain_body(event))
        return cls(get_topic(event_class), event.originator_id, event.originator_version, body)

    def text(self) -> str:
        """As the file holds it."""
        fields = {"topic": self.topic, "stream": str(self.stream), "version": self.version, "body": self.body}
        return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def event_classes(package: str) -> list[type[Any]]:
    """Every event class that a service's aggregates can store; `package` is the import name of the service."""
    domain = importlib.import_module(f"{package}.domain")
    names = [domain.__name__, *(one.name for one in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}."))]
    spoken = [one for name in names for one in vars(importlib.import_module(name)).values() if isinstance(one, type)]
    ours = [one for one in spoken if issubclass(one, Aggregate) and one.__module__ in names]
    found = {get_topic(event): event for aggregate in ours for event in _stored_by(aggregate)}
    return [found[topic] for topic in sorted(found)]


def goldens(directory: Path) -> dict[Path, Golden]:
    """Every golden event of every release below `directory`, oldest release first."""
    return {path: Golden.read(path) for path in sorted(directory.glob("*/*.json"))}


def missing(package: str, directory: Path) -> list[type[Any]]:
    """Event classes without a golden event of their present topic and class_version."""
    kept = {(one.topic, one.class_version) for one in goldens(directory).values()}
    return [one for one in event_classes(package) if (get_topic(one), _class_version(one)) not in kept]


def write(package: str, directory: Path, release: str) -> list[Path]:
    """Add what is missing under `release` and return it. Raises FileExistsError rather than touch what is there."""
    written = []
    for event_class in missing(package, directory):
        version = "" if _class_version(event_class) == 1 else f".v{_class_version(event_class)}"
        path = directory / release / f"{event_class.__qualname__}{version}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(Golden.sample(event_class).text())
        written.append(path)
    return written


def lost(golden: Golden) -> list[str]:
    """Paths of the stored state that today's code reads away without an upcaster having dealt with them."""
    event = golden.event()
    if _class_version(type(event)) != golden.class_version:
        return []
    return _not_in(golden.body["state"], from_json(plain_body(event))["state"], "")


def _class_version(event_class: type[Any]) -> int:
    return int(getattr(event_class, "class_version", 1))


def _stored_by(aggregate: type[Any]) -> Iterator[type[Any]]:
    """The event classes of an aggregate that are not merely bases of others."""
    inner = [one for one in vars(aggregate).values() if isinstance(one, type) and issubclass(one, Aggregate.Event)]
    # The library makes decorated classes anew, each derived from itself: bases are told by name, not by identity.
    bases = {base.__qualname__ for one in inner for base in one.__mro__ if base.__qualname__ != one.__qualname__}
    for one in inner:
        unused = one.__name__ == "Created" and one is not getattr(aggregate, "_created_event_class", None)
        if not unused and one.__qualname__ not in bases:
            yield one


def _filled(cls: type[Any], depth: int) -> Any:
    hints = {**typing.get_type_hints(cls), "originator_id": UUID}
    values = {
        field.name: _value(hints[field.name], field.name, depth + 1) for field in dataclasses.fields(cls) if field.init
    }
    if "originator_topic" in values:
        values["originator_topic"] = get_topic(_aggregate_of(cls))
    return cls(**values)


def _aggregate_of(event_class: type[Any]) -> type[Any]:
    found: Any = sys.modules[event_class.__module__]
    for name in event_class.__qualname__.split(".")[:-1]:
        found = getattr(found, name)
    return typing.cast(type[Any], found)


def _value(hint: Any, name: str, depth: int) -> Any:
    """A value of a type, filled to the brim: no empty list, no None where something may be."""
    origin, of = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(next(one for one in of if one is not type(None)), name, depth)
    if origin is typing.Literal:
        return of[0]
    if origin is tuple:
        inner = of[:1] if len(of) == 2 and of[1] is Ellipsis else of
        return tuple(_value(one, name, depth + 1) for one in inner) if depth < _DEEPEST else ()
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {f"{name} key": _value(of[1], name, depth + 1)}
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        made = list if issubclass(origin, Sequence) else origin
        return made([_value(of[0], name, depth + 1)])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if dataclasses.is_dataclass(hint):
        return _filled(typing.cast(type[Any], hint), depth)
    return _plain(hint, name)


def _plain(hint: Any, name: str) -> Any:
    samples: dict[Any, Any] = {
        str: name, int: 7, float: 1.5, bool: True, Decimal: Decimal("2.50"), datetime: _AT, type(None): None,
        UUID: uuid5(NAMESPACE_URL, f"golden:{name}"), Any: {name: [1, "two"]}, object: name, dict: {name: 1}, list: [name],
    }  # fmt: skip
    if hint not in samples:
        raise TypeError(f"{name}: no sample for {hint!r}; an event holds what the store can give back")
    return samples[hint]


def _not_in(stored: Any, read: Any, path: str) -> list[str]:
    if isinstance(stored, dict) and isinstance(read, dict):
        gone = [f"{path}.{key}"[1:] for key in stored.keys() - read.keys()]
        kept = stored.keys() & read.keys()
        return sorted([*gone, *(one for key in kept for one in _not_in(stored[key], read[key], f"{path}.{key}"))])
    if isinstance(stored, list) and isinstance(read, list) and len(stored) == len(read):
        return [one for n, pair in enumerate(zip(stored, read, strict=True)) for one in _not_in(*pair, f"{path}[{n}]")]
    return [] if stored == read else [path[1:]]


def main() -> None:
    """Write the missing golden events of one service and name them."""
    package, directory, release = sys.argv[1:]
    for path in write(package, Path(directory), release):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
