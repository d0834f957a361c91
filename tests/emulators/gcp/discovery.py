"""A discovery document of Google's as a judge of exchanges: paths, parameters, bodies of requests and of answers.

Source: Google API Discovery Service, "JSON Schema" and "Reference"; int64 is text in JSON (protobuf, "ProtoJSON format").
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

_ANY_TYPE: Final = "google.cloud.config.v1."
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_TYPES: Final = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list}


class Discovery:
    """One service."""

    def __init__(self, document: Path) -> None:
        self._document = json.loads(document.read_text())
        self._methods = [
            (one["httpMethod"], re.compile(_pattern(one["flatPath"])), one) for one in _methods(self._document)
        ]  # fmt: skip

    def judge(self, exchange: Mapping[str, Any]) -> tuple[str, list[str]]:
        """The method that an exchange is of, and what is wrong with it."""
        asked, answered = exchange["liveRequest"], exchange["liveResponse"]
        parts = urlsplit(asked["url"])
        path = parts.path.partition(".googleapis.com/")[2]
        method = next((m for verb, p, m in self._methods if verb == asked["method"] and p.fullmatch(path)), None)
        if method is None:
            return "", [f"{asked['method']} {path} is no method of the service"]
        given = parse_qsl(parts.query, keep_blank_values=True)
        numbers = any("enum-encoding=int" in value for name, value in given if name == "$alt")
        wrong = list(self._parameters(method, given))
        if "request" in method:
            wrong += self._value(method["request"], asked["body"] or {}, "request", numbers)
        elif asked["body"] is not None:
            wrong.append("a body that nobody asks for")
        body = answered["body"]
        if int(answered["statusCode"]) >= 300:
            wrong += _error(body, int(answered["statusCode"]))
        else:
            wrong += self._value(method["response"], body, "response", numbers)
        return str(method["id"]), wrong

    def _parameters(self, method: Mapping[str, Any], given: list[tuple[str, str]]) -> Iterator[str]:
        known = {**self._document["parameters"], **method.get("parameters", {})}
        for name, _ in given:
            if name not in known and name != "$alt":
                yield f"there is no parameter {name}"
        for name, parameter in method.get("parameters", {}).items():
            if parameter.get("required") and parameter["location"] == "query" and name not in dict(given):
                yield f"parameter {name} is required"

    def _value(self, schema: Mapping[str, Any], value: Any, at: str, numbers: bool) -> Iterator[str]:
        if "$ref" in schema:
            schema = self._document["schemas"][schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "any" or value is None:
            return
        if "enum" in schema and numbers and isinstance(value, int):
            if not 0 <= value < len(schema["enum"]):
                yield f"{at} is {value}, not a number of {schema['enum']}"
            return
        if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
            yield f"{at} is {value!r}, not of type {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at} is {value!r}, not one of {schema['enum']}"
        if schema.get("format") == "google-datetime" and not _TIME.fullmatch(value):
            yield f"{at} is {value!r}, not a time"
        if schema.get("format") == "int64" and not re.fullmatch(r"-?\d+", value):
            yield f"{at} is {value!r}, not a number in text"
        if kind == "array":
            for index, inner in enumerate(value):
                yield from self._value(schema["items"], inner, f"{at}[{index}]", numbers)
        elif kind == "object":
            yield from self._members(schema, value, at, numbers)

    def _members(self, schema: Mapping[str, Any], value: Mapping[str, Any], at: str, numbers: bool) -> Iterator[str]:
        if "@type" in value and "additionalProperties" in schema:
            name = str(value["@type"]).rpartition("/")[2].removeprefix(_ANY_TYPE)
            if name in self._document["schemas"]:
                rest = {n: v for n, v in value.items() if n != "@type"}
                yield from self._value({"$ref": name}, rest, f"{at}({name})", numbers)
            return
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            if name in known:
                yield from self._value(known[name], inner, f"{at}.{name}", numbers)
            elif more is not None:
                yield from self._value(more, inner, f"{at}.{name}", numbers)
            else:
                yield f"{at}.{name} is not in the contract"


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _pattern(flat: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape(flat))


def _error(body: Any, status: int) -> list[str]:
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping) or error.get("code") != status or not error.get("message") or not error.get("status"):
        return [f"{body!r} is not Google's envelope of an error {status}"]
    return []
