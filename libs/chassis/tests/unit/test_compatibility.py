from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis.compatibility import faults, incompatibilities, transitive_faults
from deployforge_chassis.schemas import SchemaVersion


def record(*fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": "Tick", "namespace": "deployforge.mcal", "fields": list(fields)}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "Colour", "symbols": list(symbols), **more}


ID = field("id", "string")
INNER = {"type": "record", "name": "Inner", "fields": [ID]}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}

ALLOWED = {
    "nothing changed": (record(ID), record(ID)),
    "a field with a default came": (record(ID), record(ID, field("n", "int", default=0))),
    "a field with a default went": (record(ID, field("n", "int", default=0)), record(ID)),
    "an enum with a default grew": (
        record(field("c", enum("A", default="A"))),
        record(field("c", enum("A", "B", default="A"))),
    ),
    "order, words and wrapping changed": (
        record(ID, field("n", "int", doc="old")),
        record(field("n", {"type": "int"}), ID),
    ),
    "a named type is used by name the second time": (
        record(field("a", INNER), field("b", "Inner")),
        record(field("b", INNER), field("a", "deployforge.mcal.Inner")),
    ),
}
REFUSED = {
    "a field without a default came": (record(ID), record(ID, field("n", "int"))),
    "a field without a default went": (record(ID, field("n", "int")), record(ID)),
    "a field was renamed": (record(ID), record(field("identity", "string"))),
    "a type changed": (record(ID), record(field("id", "int"))),
    "a number was widened": (record(field("n", "int")), record(field("n", "long"))),
    "a logical type came": (record(field("n", "long")), record(field("n", MILLIS))),
    "a field became optional": (record(ID), record(field("id", ["null", "string"]))),
    "a union grew": (record(field("u", ["null", "string"])), record(field("u", ["null", "string", "int"]))),
    "an enum without a default grew": (record(field("c", enum("A"))), record(field("c", enum("A", "B")))),
    "an enum lost its default": (
        record(field("c", enum("A", "B", default="A"))),
        record(field("c", enum("A"))),
    ),
    "an inner record lost a field": (
        record(field("a", {"type": "array", "items": INNER})),
        record(field("a", {"type": "array", "items": {**INNER, "fields": []}})),
    ),
    "the values of a map changed": (
        record(field("m", {"type": "map", "values": "string"})),
        record(field("m", {"type": "map", "values": "bytes"})),
    ),
    "a record inside a union changed": (
        record(field("u", ["null", INNER])),
        record(field("u", ["null", {**INNER, "fields": [field("id", "int")]}])),
    ),
}


@pytest.mark.parametrize("change", ALLOWED)
def test_a_change_that_both_sides_can_live_with(change: str) -> None:
    older, newer = ALLOWED[change]
    assert incompatibilities(older, newer) == incompatibilities(newer, older) == []


@pytest.mark.parametrize("change", REFUSED)
def test_a_change_that_one_side_cannot_live_with(change: str) -> None:
    older, newer = REFUSED[change]
    assert incompatibilities(older, newer)
    assert incompatibilities(newer, older)


def test_a_reason_names_the_place() -> None:
    older, newer = REFUSED["an inner record lost a field"]
    assert incompatibilities(older, newer) == [".a[].id: a removed field without a default"]


@pytest.mark.parametrize(
    "schema",
    [
        record(field("c", enum("A", "B"))),
        record(field("c", ["null", enum("A", default="Z")])),
        record(field("a", {"type": "array", "items": {"type": "map", "values": enum("A")}})),
        record(field("n", "int", aliases=["m"])),
        {**record(ID), "aliases": ["Tock"]},
    ],
)
def test_a_schema_that_cannot_evolve_is_faulty_alone(schema: Any) -> None:
    assert len(faults(schema)) == 1


def test_every_version_is_held_against_every_other() -> None:
    texts = [record(ID, field("n", "int", default=0)), record(ID), record(ID, field("n", "string", default=""))]
    versions = tuple(
        SchemaVersion("mcal", "Tick", n, text, Path(f"Tick.{n}.avsc")) for n, text in enumerate(texts, start=1)
    )
    assert transitive_faults(versions) == ["versions 1 and 3: .n: int became string"]
