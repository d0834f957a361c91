"""FULL_TRANSITIVE, decided here: whether two versions of a schema can read each other, in both directions.

Stricter than the Avro specification where our own rule is stricter: nothing is renamed (no aliases), numbers
are not widened (that works one way only), and every enum has a default for symbols it does not know yet.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

from deployforge_chassis.schemas import SchemaVersion

_NAMED: Final = ("record", "enum", "fixed")


def faults(schema: Any, path: str = "") -> list[str]:
    """What is wrong with one schema on its own."""
    match schema:
        case list():
            return [fault for branch in schema for fault in faults(branch, path)]
        case {"type": "record", "fields": fields}:
            inner = [
                fault
                for field in fields
                for fault in (
                    *_alias(field, f"{path}.{field['name']}"),
                    *faults(field["type"], f"{path}.{field['name']}"),
                )
            ]
            return [*_alias(schema, path), *inner]
        case {"type": "enum"}:
            missing = [] if schema.get("default") in schema["symbols"] else [f"{path}: an enum needs a default symbol"]
            return [*_alias(schema, path), *missing]
        case {"type": "array", "items": items}:
            return faults(items, f"{path}[]")
        case {"type": "map", "values": values}:
            return faults(values, f"{path}{{}}")
        case {"type": dict() | list() as inner_type}:
            return faults(inner_type, path)
    return []


def transitive_faults(versions: tuple[SchemaVersion, ...]) -> list[str]:
    """What keeps the versions of one fact from being FULL_TRANSITIVE: every version against every other."""
    alone = [f"version {v.version}: {fault}" for v in versions for fault in faults(v.schema)]
    pairs = [
        f"versions {older.version} and {newer.version}: {reason}"
        for older, newer in combinations(versions, 2)
        for reason in incompatibilities(older.schema, newer.schema)
    ]
    return [*alone, *pairs]


def incompatibilities(older: Any, newer: Any) -> list[str]:
    """Why readers of one cannot read what the other writes; empty when both directions work."""
    return _compare(older, newer, "", _named(older, {}), _named(newer, {}))


def _alias(node: Mapping[str, Any], path: str) -> list[str]:
    return [f"{path}: nothing is renamed, so nothing has aliases"] if node.get("aliases") else []


def _compare(older: Any, newer: Any, path: str, old_names: Mapping[str, Any], new_names: Mapping[str, Any]) -> list[str]:
    older, newer = _plain(older, old_names), _plain(newer, new_names)
    if isinstance(older, list) or isinstance(newer, list):
        return _compare_unions(older, newer, path, old_names, new_names)
    if _kind(older) != _kind(newer):
        return [f"{path or 'the record'}: {_kind(older)} became {_kind(newer)}"]
    match older, newer:
        case {"type": "record"}, {"type": "record"}:
            return _compare_records(older, newer, path, old_names, new_names)
        case {"type": "enum"}, {"type": "enum"}:
            if set(older["symbols"]) != set(newer["symbols"]) and not ("default" in older and "default" in newer):
                return [f"{path}: enum symbols changed without a default on both sides"]
        case {"type": "array"}, {"type": "array"}:
            return _compare(older["items"], newer["items"], f"{path}[]", old_names, new_names)
        case {"type": "map"}, {"type": "map"}:
            return _compare(older["values"], newer["values"], f"{path}{{}}", old_names, new_names)
    return []


def _compare_records(
    older: Any, newer: Any, path: str, old_names: Mapping[str, Any], new_names: Mapping[str, Any]
) -> list[str]:
    before = {field["name"]: field for field in older["fields"]}
    after = {field["name"]: field for field in newer["fields"]}
    reasons = [
        f"{path}.{name}: {what} field without a default"
        for what, fields, other in (("a new", after, before), ("a removed", before, after))
        for name, field in fields.items()
        if name not in other and "default" not in field
    ]
    for name in before.keys() & after.keys():
        reasons += _compare(before[name]["type"], after[name]["type"], f"{path}.{name}", old_names, new_names)
    return sorted(reasons)


def _compare_unions(
    older: Any, newer: Any, path: str, old_names: Mapping[str, Any], new_names: Mapping[str, Any]
) -> list[str]:
    old_branches = older if isinstance(older, list) else [older]
    new_branches = newer if isinstance(newer, list) else [newer]
    before = {_kind(_plain(branch, old_names)): branch for branch in old_branches}
    after = {_kind(_plain(branch, new_names)): branch for branch in new_branches}
    if before.keys() != after.keys():
        return [f"{path}: the types {sorted(before)} became {sorted(after)}"]
    return [reason for kind in before for reason in _compare(before[kind], after[kind], path, old_names, new_names)]


def _plain(schema: Any, names: Mapping[str, Any]) -> Any:
    """`{"type": {…}}` without the wrapping, and a name as what it names."""
    while isinstance(schema, dict) and isinstance(schema.get("type"), dict | list):
        schema = schema["type"]
    return names.get(schema, schema) if isinstance(schema, str) else schema


def _kind(schema: Any) -> str:
    """What must stay the same about a type: its Avro type, its name if it has one, its logical type."""
    if isinstance(schema, str):
        return schema
    parts = [str(schema["type"])]
    if schema["type"] in _NAMED:
        parts.append(str(schema["name"]).rpartition(".")[2])
    parts += [f"{key}={schema[key]}" for key in ("logicalType", "precision", "scale", "size") if key in schema]
    return parts[0] if len(parts) == 1 else f"{parts[0]} {' '.join(parts[1:])}"


def _named(schema: Any, names: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    """Every named type inside `schema`, under its simple and its full name."""
    match schema:
        case list():
            for branch in schema:
                _named(branch, names, namespace)
        case dict():
            namespace = schema.get("namespace", namespace)
            if schema.get("type") in _NAMED and "name" in schema:
                names[schema["name"]] = names[f"{namespace}.{schema['name']}"] = schema
            for key in ("type", "items", "values"):
                _named(schema.get(key), names, namespace)
            for field in schema.get("fields", ()):
                _named(field["type"], names, namespace)
    return names
