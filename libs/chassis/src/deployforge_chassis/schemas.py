"""The Avro schema of every version of every fact, read from `<service>/<Fact>.<n>.avsc`.

A version is an immutable file with an example beside it, `<Fact>.<n>.example.json`: the value as plain JSON, with
timestamps as ISO 8601 text. The record's full name, `deployforge.<service>.<Fact>`, is also its registry subject.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import deployforge

Schema = Mapping[str, Any]

_FILE: Final = re.compile(r"(?P<fact>[A-Z][A-Za-z0-9]*)\.(?P<version>[1-9][0-9]*)\.avsc")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownFact(LookupError):
    """No schema file describes this fact."""

    def __init__(self, fact: str) -> None:
        super().__init__(f"no schema describes the fact {fact!r}")
        self.fact = fact


class BadSchemaFile(ValueError):
    """A schema or example file breaks a rule of the schema directory."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.parent.name}/{path.name}: {reason}")
        self.path = path


def schemas_dir() -> Path:
    """Where `topics.yaml` and the schemas are: inside the contracts package, installed or not."""
    return Path(deployforge.__file__).parent / "schemas"


@dataclass(frozen=True)
class SchemaVersion:
    """One schema file."""

    service: str
    fact: str
    version: int
    schema: Schema
    path: Path

    @property
    def subject(self) -> str:
        """Full name of the record, and the subject under which a registry keeps its versions."""
        return f"{namespace_of(self.service)}.{self.fact}"

    @property
    def text(self) -> str:
        """The schema as a registry is given it: compact, in the file's own order."""
        return json.dumps(self.schema, separators=(",", ":"), ensure_ascii=False)

    def example(self) -> dict[str, Any]:
        """The example of this version, as the codec takes and gives it; refuses (BadSchemaFile) when absent."""
        path = self.path.with_name(f"{self.fact}.{self.version}.example.json")
        try:
            value = from_plain(self.schema, json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise BadSchemaFile(path, "every schema version needs an example") from None
        except ValueError as refusal:
            raise BadSchemaFile(path, str(refusal)) from refusal
        if not isinstance(value, dict):
            raise BadSchemaFile(path, "an example is a JSON object")
        return value


@dataclass(frozen=True)
class Schemas:
    """All versions of all facts, by fact, oldest first."""

    by_fact: Mapping[str, tuple[SchemaVersion, ...]]

    def versions(self, fact: str) -> tuple[SchemaVersion, ...]:
        """Every version of a fact, oldest first; refuses UnknownFact."""
        try:
            return self.by_fact[fact]
        except KeyError:
            raise UnknownFact(fact) from None

    def latest(self, fact: str) -> SchemaVersion:
        """The version that is written today."""
        return self.versions(fact)[-1]

    def of_service(self, service: str) -> tuple[SchemaVersion, ...]:
        """The latest versions of the facts that `service` publishes."""
        return tuple(versions[-1] for versions in self.by_fact.values() if versions[-1].service == service)

    def __iter__(self) -> Iterator[SchemaVersion]:
        return (version for versions in self.by_fact.values() for version in versions)


def namespace_of(service: str) -> str:
    """Avro namespace of a service's facts; Avro names hold no hyphens."""
    return f"deployforge.{service.replace('-', '_')}"


def load(directory: Path | None = None) -> Schemas:
    """Read every schema file; refuses (BadSchemaFile) misnamed files, gaps in versions and twice-used names."""
    found: dict[str, dict[int, SchemaVersion]] = {}
    for path in sorted((directory or schemas_dir()).glob("*/*.avsc")):
        version = _read(path)
        versions = found.setdefault(version.fact, {})
        if any(other.service != version.service for other in versions.values()):
            raise BadSchemaFile(path, f"another service already has a fact called {version.fact}")
        versions[version.version] = version
    for versions in found.values():
        if sorted(versions) != list(range(1, len(versions) + 1)):
            raise BadSchemaFile(next(iter(versions.values())).path, f"versions {sorted(versions)} are not 1, 2, 3…")
    return Schemas({fact: tuple(versions[n] for n in sorted(versions)) for fact, versions in found.items()})


def _read(path: Path) -> SchemaVersion:
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise BadSchemaFile(path, "expected <Fact>.<n>.avsc")
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as refusal:
        raise BadSchemaFile(path, f"not JSON: {refusal}") from refusal
    version = SchemaVersion(path.parent.name, match["fact"], int(match["version"]), schema, path)
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise BadSchemaFile(path, "expected a record")
    if f"{schema.get('namespace')}.{schema.get('name')}" != version.subject:
        raise BadSchemaFile(path, f"expected the full name {version.subject}")
    return version


def from_plain(schema: Any, value: Any) -> Any:
    """A JSON value as Python's Avro libraries want it: ISO text and milliseconds become aware datetimes, and text becomes
    bytes where those are meant.
    """
    match schema:
        case {"logicalType": "timestamp-millis"}:
            return _timestamp(value)
        case "bytes" if isinstance(value, str):
            # As Avro writes bytes in JSON: a character per byte.
            return value.encode("latin-1")
        case {"type": "record", "fields": fields} if isinstance(value, dict):
            types = {field["name"]: field["type"] for field in fields}
            return {key: from_plain(types[key], inner) if key in types else inner for key, inner in value.items()}
        case {"type": "array", "items": items} if isinstance(value, list):
            return [from_plain(items, inner) for inner in value]
        case {"type": "map", "values": values} if isinstance(value, dict):
            return {key: from_plain(values, inner) for key, inner in value.items()}
        case list() if value is not None:
            return _from_union([branch for branch in schema if branch != "null"], value)
        case {"type": dict() | list() as inner}:
            return from_plain(inner, value)
    return value


def _from_union(branches: list[Any], value: Any) -> Any:
    # Our unions are "this or null"; of several branches the first that changes the value is the one meant.
    for branch in branches:
        try:
            if (converted := from_plain(branch, value)) != value:
                return converted
        except ValueError:
            if len(branches) == 1:
                raise
    return value


def _timestamp(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"expected a timestamp, found {value!r}")
    if isinstance(value, int):
        return _EPOCH + timedelta(milliseconds=value)
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"expected a timestamp with its offset, found {value!r}")
    return instant.astimezone(UTC)
