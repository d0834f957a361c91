from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis.avro import (
    AvroCodec,
    MemoryRegistry,
    NotWireFormat,
    RegistryUnavailable,
    UnknownFact,
    UnknownSchema,
    ValueNotOfSchema,
)
from deployforge_chassis.schemas import Schemas, SchemaVersion

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
ID = {"name": "id", "type": "string"}
AT = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
NOTE = {"name": "note", "type": ["null", "string"], "default": None}
EXTRA = {"name": "extra", "type": "int", "default": 7}


def schemas_of(*versions: list[dict[str, Any]]) -> Schemas:
    made = tuple(
        SchemaVersion(
            "mcal",
            "Tick",
            number,
            {"type": "record", "name": "Tick", "namespace": "deployforge.mcal", "fields": fields},
            Path(f"Tick.{number}.avsc"),
        )
        for number, fields in enumerate(versions, start=1)
    )
    return Schemas({"Tick": made})


V1 = schemas_of([ID, AT, NOTE])
V2 = schemas_of([ID, AT, NOTE], [ID, AT, NOTE, EXTRA])
TICK = {"id": "7", "at": NOW, "note": None}


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


def test_a_value_comes_back_as_it_was(registry: MemoryRegistry) -> None:
    codec = AvroCodec(registry, V1)
    assert codec.decode(codec.encode("Tick", TICK)) == ("Tick", TICK)


def test_the_bytes_are_in_the_confluent_wire_format(registry: MemoryRegistry) -> None:
    registry.register("deployforge.mcal.Other", '"string"')
    data = AvroCodec(registry, V1).encode("Tick", {"id": "7", "at": datetime(1970, 1, 1, tzinfo=UTC)})
    assert data == b"\x00\x00\x00\x00\x02" + b"\x027" + b"\x00" + b"\x00"


def test_an_older_reader_and_a_newer_reader_understand_each_other(registry: MemoryRegistry) -> None:
    older, newer = AvroCodec(registry, V1), AvroCodec(registry, V2)
    assert newer.decode(older.encode("Tick", TICK)) == ("Tick", {**TICK, "extra": 7})
    assert older.decode(newer.encode("Tick", {**TICK, "extra": 9})) == ("Tick", TICK)


def test_a_fact_that_is_not_ours_is_read_as_it_was_written(registry: MemoryRegistry) -> None:
    data = AvroCodec(registry, V1).encode("Tick", TICK)
    assert AvroCodec(registry, Schemas({})).decode(data) == ("Tick", TICK)


@pytest.mark.parametrize(
    "value",
    [
        {"id": "7"},
        {**TICK, "ned": "x"},
        {**TICK, "id": 7},
        {**TICK, "note": 7},
        {**TICK, "at": "today"},
        {},
    ],
)
def test_a_value_that_the_schema_does_not_describe_is_refused(registry: MemoryRegistry, value: dict[str, Any]) -> None:
    with pytest.raises(ValueNotOfSchema, match=r"^Tick: "):
        AvroCodec(registry, V1).encode("Tick", value)


def test_an_unknown_fact_is_refused(registry: MemoryRegistry) -> None:
    with pytest.raises(UnknownFact):
        AvroCodec(registry, V1).encode("Tock", {})


@pytest.mark.parametrize("data", [b"", b"\x00\x00", b"{}", b"\x01\x00\x00\x00\x01\x00"])
def test_bytes_in_another_format_are_refused(registry: MemoryRegistry, data: bytes) -> None:
    with pytest.raises(NotWireFormat):
        AvroCodec(registry, V1).decode(data)


def test_a_torn_body_is_refused(registry: MemoryRegistry) -> None:
    codec = AvroCodec(registry, V1)
    data = codec.encode("Tick", TICK)
    for torn in (data[:-3], data[:5], data[:5] + b"\xff" * 30):
        with pytest.raises(NotWireFormat, match="Tick: body unreadable"):
            codec.decode(torn)


def test_an_unknown_schema_is_for_good_but_a_missing_registry_is_not(registry: MemoryRegistry) -> None:
    data = AvroCodec(registry, V1).encode("Tick", TICK)
    reader = AvroCodec(registry, V1)
    with pytest.raises(UnknownSchema):
        reader.decode(b"\x00\x00\x00\x00\x63" + data[5:])
    registry.down = True
    with pytest.raises(RegistryUnavailable):
        reader.decode(data)
    registry.down = False
    assert reader.decode(data) == ("Tick", TICK)


def test_what_was_asked_once_is_not_asked_again(registry: MemoryRegistry) -> None:
    codec = AvroCodec(registry, V1)
    codec.decode(codec.encode("Tick", TICK))
    registry.down = True
    assert codec.decode(codec.encode("Tick", TICK)) == ("Tick", TICK)


def test_registering_a_service_asks_for_all_of_it_at_once(registry: MemoryRegistry) -> None:
    codec = AvroCodec(registry, V2)
    codec.register("mcal")
    registry.down = True
    assert codec.encode("Tick", TICK)[:5] == b"\x00\x00\x00\x00\x02"
