"""Native properties against AWS's own schema of the type: unknown, read-only, missing, wrong type, not in the list."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployforge_mcal.adapters.aws.schemas import Schema
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.units import Problem
from deployforge_mcal.domain.words import listed, nearest

_DEPTH: Final = 16
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (Mapping,),
    "array": (list, tuple), "null": (type(None),),
}  # fmt: skip


def problems(schema: Schema, values: Mapping[str, Any], path: str, *, partial: bool = False) -> Iterator[Problem]:
    """What is wrong with the properties of a resource; `partial` does not ask for the required ones."""
    for name in values:
        if name in schema.read_only:
            yield Problem(f"{path}.{name}", f"{name} is set by AWS and cannot be declared", "", "remove it")
    if not partial:
        for name in sorted(schema.required - values.keys()):
            yield Problem(f"{path}.{name}", f"{name} is required by {schema.type}", "a value")
    body = {**schema.body, "required": []}
    yield from _object(schema, body, values, path, 0)


def _value(schema: Schema, raw: Any, value: Any, path: str, depth: int) -> Iterator[Problem]:
    rule = schema.resolve(raw)
    if depth > _DEPTH or has_references(value) or not rule or _is_intrinsic(value):
        return
    allowed = rule.get("type")
    types = [allowed] if isinstance(allowed, str) else list(allowed or ())
    if types and not any(_is(value, t) for t in types):
        yield Problem(path, f"{_shown(value)} is not {' or '.join(types)}", " or ".join(types))
        return
    if "enum" in rule and not any(str(value) == str(word) for word in rule["enum"]):
        hint = nearest(str(value), [str(w) for w in rule["enum"]])
        yield Problem(path, f"{_shown(value)} is not allowed", "one of " + listed(map(str, rule["enum"])), hint)
    if isinstance(value, Mapping):
        yield from _object(schema, rule, value, path, depth)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value(schema, rule.get("items", {}), item, f"{path}[{index}]", depth + 1)
    else:
        yield from _limits(rule, value, path)


def _object(schema: Schema, rule: Mapping[str, Any], value: Mapping[str, Any], path: str, depth: int) -> Iterator[Problem]:
    known = rule.get("properties", {})
    patterns = rule.get("patternProperties", {})
    for name, inner in value.items():
        if name in known:
            yield from _value(schema, known[name], inner, f"{path}.{name}", depth + 1)
        elif matching := [p for p in patterns if _matches(p, name)]:
            yield from _value(schema, patterns[matching[0]], inner, f"{path}.{name}", depth + 1)
        elif known and rule.get("additionalProperties") is False:
            yield Problem(f"{path}.{name}", f"{schema.type} has no property {name}", listed(known), nearest(name, known))
    for name in rule.get("required", ()):
        if name not in value:
            yield Problem(f"{path}.{name}", f"{name} is required", "a value")


def _limits(rule: Mapping[str, Any], value: Any, path: str) -> Iterator[Problem]:
    number = _number(value)
    if number is not None:
        low, high = rule.get("minimum"), rule.get("maximum")
        if (low is not None and number < low) or (high is not None and number > high):
            yield Problem(path, f"{value} is out of range", f"{low if low is not None else '…'} to {high or '…'}")
    if isinstance(value, str):
        if len(value) < rule.get("minLength", 0) or len(value) > rule.get("maxLength", len(value)):
            bounds = f"{rule.get('minLength', 0)} to {rule.get('maxLength', '…')} characters"
            yield Problem(path, f"{_shown(value)} has {len(value)} characters", bounds)
        elif "pattern" in rule and not _matches(rule["pattern"], value):
            yield Problem(path, f"{_shown(value)} has the wrong form", f"text that matches {rule['pattern']}")


def _is_intrinsic(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)).startswith("Fn::")


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name in ("boolean", "string")
    if isinstance(value, int | float) and name == "string":
        return True
    # CloudFormation reads numbers and booleans that are written as text.
    if isinstance(value, str) and name in ("integer", "number"):
        return _number(value) is not None
    if isinstance(value, str) and name == "boolean":
        return value.lower() in ("true", "false")
    return isinstance(value, _TYPES.get(name, ()))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        # Some published patterns use classes that Python does not know; they are left to AWS.
        return True


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
