"""Facts as bytes: Avro behind the Confluent wire format (a zero byte, the schema's id in four bytes, the
body).
"""

import io
import json
import struct
import threading
from dataclasses import dataclass
from typing import Any, Final

import fastavro

from deployforge_chassis.registry import (
    IncompatibleSchema,
    MemoryRegistry,
    Registry,
    RegistryClient,
    RegistryUnavailable,
    UnknownSchema,
)
from deployforge_chassis.schemas import Schemas, UnknownFact
from deployforge_chassis.schemas import load as load_schemas

__all__ = [
    "AvroCodec", "IncompatibleSchema", "MemoryRegistry", "NotWireFormat", "Registry", "RegistryClient",
    "RegistryUnavailable", "UnknownFact", "UnknownSchema", "ValueNotOfSchema",
]  # fmt: skip

_HEADER: Final = struct.Struct(">bI")
_LONGEST_REASON: Final = 300


class NotWireFormat(ValueError):
    """Bytes that are not a fact in the Confluent wire format, or whose body its schema cannot read.
    Permanent.
    """


class ValueNotOfSchema(ValueError):
    """A value that the fact's schema does not describe: a missing, unknown or mistyped field."""

    def __init__(self, fact: str, reason: str) -> None:
        super().__init__(f"{fact}: {reason}")
        self.fact = fact


@dataclass(frozen=True)
class _Writer:
    header: bytes
    parsed: Any


@dataclass(frozen=True)
class _Reader:
    fact: str
    written: Any
    wanted: Any
    """Our latest version; None for a fact that we have no schema of, which is read as it was written."""


class AvroCodec:
    """Encodes with the latest version of a fact's schema, decodes any version into it. Safe for threads.

    A schema's id is asked of the registry once; RegistryUnavailable goes to the caller, who tries again.
    """

    def __init__(self, registry: Registry, schemas: Schemas | None = None) -> None:
        self._registry = registry
        self._schemas = schemas if schemas is not None else load_schemas()
        self._parsed = {
            versions[-1].subject: fastavro.parse_schema(dict(versions[-1].schema))
            for versions in self._schemas.by_fact.values()
        }
        self._lock = threading.Lock()
        self._writers: dict[str, _Writer] = {}
        self._readers: dict[int, _Reader] = {}

    def register(self, service: str) -> None:
        """Register every fact of `service` now, so that a missing registry or a broken schema shows at start."""
        for version in self._schemas.of_service(service):
            self._writer(version.fact)

    def encode(self, fact: str, value: dict[str, Any]) -> bytes:
        """`value` in the wire format. Fields with defaults may be absent; unknown ones are refused.

        Raises ValueNotOfSchema, UnknownFact, RegistryUnavailable, IncompatibleSchema.
        """
        writer = self._writers.get(fact) or self._writer(fact)
        out = io.BytesIO()
        out.write(writer.header)
        try:
            fastavro.schemaless_writer(out, writer.parsed, value, strict_allow_default=True)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError) as refusal:
            raise ValueNotOfSchema(fact, f"{type(refusal).__name__}: {str(refusal)[:_LONGEST_REASON]}") from refusal
        return out.getvalue()

    def decode(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """The fact's name and its value in our latest version of the schema; timestamps are aware datetimes.

        Raises NotWireFormat, UnknownSchema, RegistryUnavailable.
        """
        if len(data) < _HEADER.size or data[0] != 0:
            raise NotWireFormat("not in the Confluent wire format")
        schema_id = _HEADER.unpack_from(data)[1]
        reader = self._readers.get(schema_id) or self._reader(schema_id)
        body = io.BytesIO(data)
        body.seek(_HEADER.size)
        try:
            value = fastavro.schemaless_reader(body, reader.written, reader.wanted)
        except Exception as refusal:
            # fastavro raises whatever the bytes led it into: EOFError, ValueError, IndexError,
            # UnicodeDecodeError…
            raise NotWireFormat(f"{reader.fact}: body unreadable: {type(refusal).__name__}") from refusal
        if not isinstance(value, dict):
            raise NotWireFormat(f"{reader.fact}: not a record")
        return reader.fact, value

    def _writer(self, fact: str) -> _Writer:
        versions = self._schemas.versions(fact)
        # All versions, oldest first: the registry can judge compatibility only with those it has seen.
        ids = [self._registry.register(version.subject, version.text) for version in versions]
        writer = _Writer(_HEADER.pack(0, ids[-1]), self._parsed[versions[-1].subject])
        with self._lock:
            self._writers[fact] = writer
        return writer

    def _reader(self, schema_id: int) -> _Reader:
        written = fastavro.parse_schema(json.loads(self._registry.schema(schema_id)))
        name = str(written["name"]) if isinstance(written, dict) and "name" in written else ""
        wanted = self._parsed.get(name)
        reader = _Reader(name.rpartition(".")[2], written, None if wanted == written else wanted)
        with self._lock:
            self._readers[schema_id] = reader
        return reader
