"""Walks a tree along the schema and reports everything that does not fit, with its place.

Understands exactly the keywords that `schema` uses (KEYWORDS); a test holds the two together and compares the
verdicts with a standard JSON Schema validator's.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from deployforge_documents.problems import Problem, nearest, one_of, quoted
from deployforge_documents.reading import Node

from deployforge_control_plane.domain.manifest.schema import Schema

KEYWORDS: Final = frozenset({
    "type", "properties", "required", "additionalProperties", "propertyNames", "items", "minItems", "uniqueItems",
    "enum", "const", "pattern", "maxLength", "minimum", "maximum", "anyOf", "oneOf", "discriminator",
})  # fmt: skip
ANNOTATIONS: Final = frozenset({"$schema", "$id", "title", "description", "default", "format", "x-expected", "x-noun"})

_WORDS: Final = {
    "object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number",
    "number": "a number", "boolean": "true or false", "null": "nothing",
}  # fmt: skip


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # In JSON Schema `$` is the end of the text; in Python it also stands before a last line break.
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)


def problems(node: Node, schema: Schema, path: str = "") -> Iterator[Problem]:
    """Every problem of `node`; `path` says where it stands in the document."""
    if "oneOf" in schema:
        yield from _variant(node, schema, path)
        return
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    kind = kind_of(node.value)
    if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
        yield _wrong_type(node, kinds, kind, schema, path)
    elif kind == "object":
        yield from _mapping(node, schema, path)
    elif kind == "array":
        yield from _list(node, schema, path)
    else:
        yield from _scalar(node, schema, path)


def kind_of(value: Any) -> str:
    """The JSON Schema name of a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def at(path: str, key: str) -> str:
    """The path of a field."""
    return f"{path}.{key}" if path else key


def branch(node: Node, schema: Schema) -> Schema | None:
    """The branch of a `oneOf` that the discriminating field of `node` chooses; None when it chooses none."""
    by = schema["discriminator"]["propertyName"]
    chosen = node.value.get(by) if isinstance(node.value, dict) else None
    if chosen is None or not isinstance(chosen.value, str):
        return None
    options: list[Schema] = schema["oneOf"]
    return next((option for option in options if option["properties"][by]["const"] == chosen.value), None)


def _variant(node: Node, schema: Schema, path: str) -> Iterator[Problem]:
    by, noun = schema["discriminator"]["propertyName"], schema["x-noun"]
    words = [option["properties"][by]["const"] for option in schema["oneOf"]]
    if not isinstance(node.value, dict):
        yield _wrong_type(node, ("object",), kind_of(node.value), {}, path)
    elif by not in node.value:
        yield _problem(node, path, f"missing field {quoted(by)}", expected=one_of(words))
    elif (chosen := branch(node, schema)) is not None:
        yield from problems(node, chosen, path)
    else:
        wrong = node.value[by]
        message = f"unknown {noun} {quoted(wrong.value) if isinstance(wrong.value, str) else _shown(wrong)}"
        hint = nearest(str(wrong.value), words)
        yield _problem(wrong, at(path, by), message, expected=one_of(words), hint=hint)


def _mapping(node: Node, schema: Schema, path: str) -> Iterator[Problem]:
    fields: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    keys = schema.get("propertyNames")
    for name in schema.get("required", ()):
        if name not in node.value:
            yield _problem(node, path, f"missing field {quoted(name)}", expected=_expected(fields[name]))
    for name, child in node.value.items():
        line, column = node.keys[name]
        if name in fields:
            yield from problems(child, fields[name], at(path, name))
        elif others is False:
            yield Problem(f"unknown field {quoted(name)}", line, column, path, one_of(fields), nearest(name, fields))
        elif isinstance(others, dict):
            if keys is not None:
                yield from problems(Node(name, line, column), keys, path)
            yield from problems(child, others, at(path, name))


def _list(node: Node, schema: Schema, path: str) -> Iterator[Problem]:
    if len(node.value) < schema.get("minItems", 0):
        yield _problem(node, path, "is empty", expected=f"at least {schema['minItems']} entry")
    if items := schema.get("items"):
        for index, child in enumerate(node.value):
            yield from problems(child, items, f"{path}[{index}]")
    if schema.get("uniqueItems"):
        seen: set[Any] = set()
        for index, child in enumerate(node.value):
            if isinstance(child.value, str) and child.value in seen:
                yield _problem(child, f"{path}[{index}]", f"{quoted(child.value)} is listed twice", "each word once")
            elif isinstance(child.value, str):
                seen.add(child.value)


def _scalar(node: Node, schema: Schema, path: str) -> Iterator[Problem]:
    value = node.value
    if "const" in schema and (value != schema["const"] or kind_of(value) != kind_of(schema["const"])):
        words = [_json(schema["const"])]
        yield _problem(node, path, f"is {_shown(node)}", one_of(words), nearest(str(value), words))
    if "enum" in schema and value not in schema["enum"]:
        words = schema["enum"]
        yield _problem(node, path, f"unknown word {quoted(value)}", one_of(words), nearest(str(value), words))
    if "anyOf" in schema and not any(_fits(value, option) for option in schema["anyOf"]):
        words = [word for option in schema["anyOf"] for word in option.get("enum", ())]
        message = f"unknown {schema['x-noun']} {quoted(value)}"
        yield _problem(node, path, message, schema["x-expected"], nearest(value, words))
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield _problem(node, path, f"is {len(value)} characters long", f"at most {schema['maxLength']}")
        elif "pattern" in schema and not _compiled(schema["pattern"]).search(value):
            yield _problem(node, path, f"{quoted(value)} is not valid here", schema["x-expected"])
    elif isinstance(value, int | float):
        if value < schema.get("minimum", value):
            yield _problem(node, path, f"{value} is too small", f"at least {schema['minimum']}")
        if value > schema.get("maximum", value):
            yield _problem(node, path, f"{value} is too big", f"at most {schema['maximum']}")


def _fits(value: str, option: Schema) -> bool:
    if "enum" in option:
        return value in option["enum"]
    return _compiled(option["pattern"]).search(value) is not None


def _wrong_type(node: Node, kinds: tuple[str, ...], kind: str, schema: Schema, path: str) -> Problem:
    expected = _expected({**schema, "type": list(kinds)})
    hint = ""
    if "string" in kinds and kind in ("integer", "number", "boolean"):
        hint = "put it in quotes"
    elif "boolean" in kinds and str(node.value).lower() in ("yes", "no", "on", "off"):
        hint = f"write {'true' if str(node.value).lower() in ('yes', 'on') else 'false'}"
    elif kind == "string" and {"integer", "number"} & set(kinds):
        hint = "write it without quotes"
    return _problem(node, path, f"is {_shown(node)}", expected, hint)


def _shown(node: Node) -> str:
    """A value as a message names it; collections by their kind alone."""
    kind = kind_of(node.value)
    if kind in ("object", "array", "null"):
        return {"object": "a mapping", "array": "a list", "null": "empty"}[kind]
    return f"the text {quoted(node.value)}" if kind == "string" else _json(node.value)


def _expected(schema: Schema) -> str:
    if "x-expected" in schema:
        return str(schema["x-expected"])
    if "enum" in schema:
        return one_of(schema["enum"])
    if "const" in schema:
        return _json(schema["const"])
    kinds = schema.get("type", "object")
    return " or ".join(_WORDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _json(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _problem(node: Node, path: str, message: str, expected: str = "", hint: str = "") -> Problem:
    return Problem(message, node.line, node.column, path, expected, hint)
