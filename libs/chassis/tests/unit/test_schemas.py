import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis import schemas
from deployforge_chassis.schemas import BadSchemaFile, UnknownFact

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}


def write(directory: Path, name: str, schema: Any, example: Any = None) -> None:
    path = directory / "mcal" / f"{name}.avsc"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(schema))
    if example is not None:
        path.with_name(f"{name}.example.json").write_text(json.dumps(example))


def record(name: str, *fields: dict[str, Any], namespace: str = "deployforge.mcal") -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": namespace, "fields": list(fields)}


def test_versions_are_found_oldest_first(tmp_path: Path) -> None:
    for version in (1, 2, 10, 3, 4, 5, 6, 7, 8, 9):
        write(tmp_path, f"Tick.{version}", record("Tick"))
    found = schemas.load(tmp_path)
    assert [version.version for version in found.versions("Tick")] == list(range(1, 11))
    assert found.latest("Tick").version == 10
    assert found.latest("Tick").subject == "deployforge.mcal.Tick"
    assert [version.fact for version in found.of_service("mcal")] == ["Tick"]
    assert found.of_service("healer") == ()


def test_an_unknown_fact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFact):
        schemas.load(tmp_path).latest("Tick")


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("Tick", record("Tick")),
        ("Tick.0", record("Tick")),
        ("tick.1", record("tick")),
        ("Tick.2", record("Tick")),
        ("Tick.1", record("Tock")),
        ("Tick.1", record("Tick", namespace="deployforge.healer")),
        ("Tick.1", {"type": "enum", "name": "Tick", "symbols": []}),
        ("Tick.1", []),
    ],
)
def test_a_file_that_breaks_a_rule_is_named(tmp_path: Path, name: str, schema: Any) -> None:
    write(tmp_path, name, schema)
    with pytest.raises(BadSchemaFile, match="mcal/"):
        schemas.load(tmp_path)


def test_two_services_may_not_share_a_fact_name(tmp_path: Path) -> None:
    write(tmp_path, "Tick.1", record("Tick"))
    (tmp_path / "healer").mkdir()
    (tmp_path / "healer" / "Tick.1.avsc").write_text(json.dumps(record("Tick", namespace="deployforge.healer")))
    with pytest.raises(BadSchemaFile, match="another service"):
        schemas.load(tmp_path)


@pytest.mark.parametrize("written", [1_790_000_000_000, "2026-09-21T13:33:20Z", "2026-09-21T15:33:20+02:00"])
def test_an_example_holds_instants(tmp_path: Path, written: Any) -> None:
    fields = (
        {"name": "at", "type": MILLIS},
        {"name": "maybe", "type": ["null", MILLIS], "default": None},
        {"name": "many", "type": {"type": "array", "items": {"type": "map", "values": MILLIS}}},
        {"name": "inner", "type": record("Inner", {"name": "at", "type": MILLIS})},
    )
    example = {"at": written, "maybe": written, "many": [{"x": written}], "inner": {"at": written}}
    write(tmp_path, "Tick.1", record("Tick", *fields), example)
    instant = (
        datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
        if isinstance(written, int)
        else datetime(2026, 9, 21, 13, 33, 20, tzinfo=UTC)
    )
    expected = {"at": instant, "maybe": instant, "many": [{"x": instant}], "inner": {"at": instant}}
    assert schemas.load(tmp_path).latest("Tick").example() == expected


@pytest.mark.parametrize("example", [None, [], {"at": "yesterday"}, {"at": "2026-09-21T13:33:20"}, {"at": True}])
def test_a_missing_or_broken_example_is_refused(tmp_path: Path, example: Any) -> None:
    write(tmp_path, "Tick.1", record("Tick", {"name": "at", "type": MILLIS}), example)
    with pytest.raises(BadSchemaFile, match=r"Tick\.1\.example\.json"):
        schemas.load(tmp_path).latest("Tick").example()
