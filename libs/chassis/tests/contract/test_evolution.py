"""The next version of every fact, as a producer or a consumer that is one release ahead would have it."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis import schemas
from deployforge_chassis.avro import AvroCodec, IncompatibleSchema, MemoryRegistry
from deployforge_chassis.schemas import Schemas, SchemaVersion

ALL = schemas.load()
NEW_FIELD = "added_by_the_next_release"
NEW_SYMBOL = "ADDED_BY_THE_NEXT_RELEASE"


def nodes(schema: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Every record or enum inside a schema, each where it is defined."""
    if isinstance(schema, list):
        for branch in schema:
            yield from nodes(branch, kind)
    elif isinstance(schema, dict):
        if schema.get("type") == kind:
            yield schema
        for inner in (schema.get("type"), schema.get("items"), schema.get("values"), *schema.get("fields", ())):
            yield from nodes(inner, kind)


def grown(version: SchemaVersion) -> SchemaVersion:
    """The fact with one more defaulted field in every record and one more symbol in every enum."""
    schema = copy.deepcopy(dict(version.schema))
    for record in nodes(schema, "record"):
        record["fields"].append({"name": NEW_FIELD, "type": "string", "default": "by default"})
    for enum in nodes(schema, "enum"):
        enum["symbols"].append(NEW_SYMBOL)
    return SchemaVersion(version.service, version.fact, version.version + 1, schema, Path("next.avsc"))


def next_release(fact: str) -> Schemas:
    return Schemas({fact: (*ALL.versions(fact), grown(ALL.latest(fact)))})


def filled(schema: Any, value: Any, names: dict[str, Any]) -> Any:
    """An example as the next release says it: the new field set in every record, the new symbol in every enum."""
    if isinstance(schema, str) and schema in names:
        schema = names[schema]
    if isinstance(schema, list):
        branch = next((one for one in schema if one != "null"), None)
        return value if value is None else filled(branch, value, names)
    match schema:
        case {"type": "record", "fields": fields}:
            names[schema["name"]] = schema
            said = {f["name"]: filled(f["type"], value[f["name"]], names) for f in fields if f["name"] in value}
            return {**said, NEW_FIELD: "said"}
        case {"type": "enum"}:
            names[schema["name"]] = schema
            return NEW_SYMBOL
        case {"type": "array", "items": items}:
            return [filled(items, one, names) for one in value]
        case {"type": "map", "values": values}:
            return {key: filled(values, one, names) for key, one in value.items()}
        case {"type": dict() | list() as inner}:
            return filled(inner, value, names)
    return value


def expected(schema: Any, value: Any, names: dict[str, Any]) -> Any:
    """What this release makes of it: all it knows, enums at their default."""
    if isinstance(schema, str) and schema in names:
        schema = names[schema]
    if isinstance(schema, list):
        branch = next((one for one in schema if one != "null"), None)
        return value if value is None else expected(branch, value, names)
    match schema:
        case {"type": "record", "fields": fields}:
            names[schema["name"]] = schema
            return {f["name"]: expected(f["type"], value.get(f["name"], f.get("default")), names) for f in fields}
        case {"type": "enum", "default": default}:
            names[schema["name"]] = schema
            return default
        case {"type": "array", "items": items}:
            return [expected(items, one, names) for one in value]
        case {"type": "map", "values": values}:
            return {key: expected(values, one, names) for key, one in value.items()}
        case {"type": dict() | list() as inner}:
            return expected(inner, value, names)
    return value


@pytest.mark.parametrize("fact", ALL.by_fact)
def test_what_the_next_release_says_this_one_reads(fact: str) -> None:
    registry, latest = MemoryRegistry(), ALL.latest(fact)
    registry.require_full_transitive()
    said = filled(grown(latest).schema, latest.example(), {})
    assert said[NEW_FIELD] == "said"
    message = AvroCodec(registry, next_release(fact)).encode(fact, said)
    assert AvroCodec(registry).decode(message) == (fact, expected(latest.schema, latest.example(), {}))


@pytest.mark.parametrize("fact", ALL.by_fact)
def test_what_this_release_says_the_next_one_reads(fact: str) -> None:
    registry, latest = MemoryRegistry(), ALL.latest(fact)
    registry.require_full_transitive()
    message = AvroCodec(registry).encode(fact, latest.example())
    _, now = AvroCodec(registry).decode(message)
    _, then = AvroCodec(registry, next_release(fact)).decode(message)
    assert then.pop(NEW_FIELD) == "by default"
    assert without_new_fields(then) == now


def without_new_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_new_fields(one) for key, one in value.items() if key != NEW_FIELD}
    return [without_new_fields(one) for one in value] if isinstance(value, list) else value


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in schema["fields"] if "default" not in one)
    return found


def remove(schema: dict[str, Any]) -> None:
    schema["fields"].remove(_field(schema))


def rename(schema: dict[str, Any]) -> None:
    _field(schema)["name"] += "_renamed"


def rename_with_alias(schema: dict[str, Any]) -> None:
    field = _field(schema)
    field["aliases"] = [field["name"]]
    field["name"] += "_renamed"


def retype(schema: dict[str, Any]) -> None:
    _field(schema)["type"] = "double"


def demand(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": NEW_FIELD, "type": "string"})


@pytest.mark.parametrize("change", [remove, rename, rename_with_alias, retype, demand])
@pytest.mark.parametrize("fact", ALL.by_fact)
def test_what_the_other_release_could_not_read_is_refused_before_it_is_said(
    fact: str, change: Callable[[dict[str, Any]], None]
) -> None:
    refused(fact, change)


def undefault(schema: dict[str, Any]) -> None:
    for enum in nodes(schema, "enum"):
        enum.pop("default")
        enum["symbols"].append(NEW_SYMBOL)


@pytest.mark.parametrize("fact", [fact for fact in ALL.by_fact if list(nodes(ALL.latest(fact).schema, "enum"))])
def test_an_enum_that_grows_without_a_default_is_refused(fact: str) -> None:
    refused(fact, undefault)


def refused(fact: str, change: Callable[[dict[str, Any]], None]) -> None:
    latest = ALL.latest(fact)
    schema = copy.deepcopy(dict(latest.schema))
    change(schema)
    wrong = SchemaVersion(latest.service, fact, latest.version + 1, schema, Path("next.avsc"))
    registry = MemoryRegistry()
    registry.require_full_transitive()
    codec = AvroCodec(registry, Schemas({fact: (*ALL.versions(fact), wrong)}))
    with pytest.raises(IncompatibleSchema, match=latest.subject):
        codec.register(latest.service)
