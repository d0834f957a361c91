"""Parameters of a template: their values now, and what remains a parameter of the manifest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_documents.problems import InvalidDocument, Problem, nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.imported import Given, ImportedParameter, secret
from deployforge_templates.values import UNKNOWN, Later, Reference, key_place, refused, scalar_text

_FIELDS: Final = frozenset({
    "Type", "Default", "AllowedPattern", "AllowedValues", "ConstraintDescription", "Description", "MaxLength", "MaxValue",
    "MinLength", "MinValue", "NoEcho",
})  # fmt: skip
_KEPT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_STORED: Final = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True)
class Bound:
    """`values` by name for expressions; `kept` are those that may stay parameters of a manifest."""

    values: Mapping[str, Any]
    lists: frozenset[str]
    kept: Mapping[str, ImportedParameter]


def bind(declared: Mapping[str, Node], given: Given, template: Node) -> Bound:
    """Every parameter with its value. Raises InvalidDocument with all problems."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    kept: dict[str, ImportedParameter] = {}
    for name in given.parameters.keys() - declared.keys():
        node = given.parameters[name]
        hint = nearest(name, declared)
        problems += refused(node, f"the template has no parameter {quoted(name)}", ", ".join(declared), hint).problems
    for name, node in declared.items():
        try:
            values[name], stays = _bound(name, node, given)
        except InvalidDocument as wrong:
            problems += wrong.problems
            continue
        if stays is not None:
            kept[name] = stays
    if problems:
        raise InvalidDocument(problems)
    return Bound(values, frozenset(name for name, node in declared.items() if _is_list(_type(node))), kept)


def _bound(name: str, node: Node, given: Given) -> tuple[Any, ImportedParameter | None]:
    if not isinstance(node.value, dict):
        raise refused(node, f"parameter {quoted(name)} is no mapping", "Type and more")
    for field in node.value.keys() - _FIELDS:
        place = key_place(node, field)
        raise refused(place, f"unknown field {quoted(field)}", ", ".join(sorted(_FIELDS)), nearest(field, _FIELDS))
    hidden = scalar_text(_field(node, "NoEcho")) == "true"
    told = given.parameters.get(name)
    if hidden:
        kept = given.keep and _KEPT.fullmatch(name) is not None
        return secret(name, told, node, given, kept, str(_field(node, "Description") or ""))
    kind = _type(node)
    if told is None and kind.startswith(_STORED):
        said = f"parameter {quoted(name)} is looked up in the Parameter Store when a stack is made"
        raise refused(node, said, "a value", "give the value itself")
    value = told.value if told is not None else _plain(node.value.get("Default"))
    if isinstance(value, Later):
        return value, None
    if value is not None:
        value = _typed(told or node, name, kind, value)
        _check(told or node, name, node, value)
    if given.keep and _KEPT.fullmatch(name):
        word = _word(kind, value)
        later = Later((Reference(f"parameters.{name}"),), UNKNOWN if value is None else value)
        return later, ImportedParameter(word, str(_field(node, "Description") or ""), value)
    if value is None:
        raise refused(node, f"parameter {quoted(name)} has no value", "a value, or a default in the template")
    return value, None


def _field(node: Node, name: str) -> Any:
    found = node.value.get(name)
    return None if found is None else found.plain()


def _type(node: Node) -> str:
    return str(_field(node, "Type") or "String") if isinstance(node.value, dict) else "String"


def _is_list(kind: str) -> bool:
    kind = kind.removeprefix(_STORED).removesuffix(">") if kind.startswith(_STORED) else kind
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _word(kind: str, value: Any) -> str:
    if _is_list(kind):
        return "list"
    if kind == "Number":
        return "integer" if isinstance(value, int) else "number"
    return "string"


def _plain(node: Node | None) -> Any:
    return None if node is None else node.plain()


def _typed(place: Node, name: str, kind: str, value: Any) -> Any:
    if _is_list(kind):
        items = [_text(place, name, item) for item in value] if isinstance(value, list) else _text(place, name, value)
        return items if isinstance(items, list) else [item.strip() for item in items.split(",")] if items else []
    text = _text(place, name, value)
    if kind != "Number":
        return text
    try:
        number = float(text)
    except ValueError:
        raise refused(place, f"parameter {quoted(name)} is {quoted(text)}", "a number") from None
    # A number that would be written in another way stays the text that it is.
    return int(text) if str(int(number)) == text else number if str(number) == text else text


def _text(place: Node, name: str, value: Any) -> str:
    text = scalar_text(value)
    if text is None:
        raise refused(place, f"parameter {quoted(name)} is no text", "text")
    return text


def _check(place: Node, name: str, declared: Node, value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        text = str(scalar_text(item))
        allowed = [scalar_text(word) for word in _field(declared, "AllowedValues") or ()]
        if allowed and text not in allowed:
            listed = ", ".join(map(str, allowed[:20]))
            hint = nearest(text, map(str, allowed))
            raise refused(place, f"parameter {quoted(name)} may not be {quoted(text)}", f"one of {listed}", hint)
        pattern = _field(declared, "AllowedPattern")
        if pattern is not None and not _matches(str(pattern), text):
            said = f"parameter {quoted(name)} may not be {quoted(text)}"
            raise refused(place, said, str(_field(declared, "ConstraintDescription") or f"text that matches {pattern}"))
        _check_bounds(place, name, declared, text)


def _check_bounds(place: Node, name: str, declared: Node, text: str) -> None:
    number = float(text) if _type(declared) in ("Number", "List<Number>") else None
    for field, size, low in (
        ("MinLength", len(text), True), ("MaxLength", len(text), False),
        ("MinValue", number, True), ("MaxValue", number, False),
    ):  # fmt: skip
        bound = _field(declared, field)
        if bound is not None and size is not None and (size < float(bound) if low else size > float(bound)):
            said = f"parameter {quoted(name)} may not be {quoted(text)}"
            raise refused(place, said, f"{field} {bound}")


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text[:4096]) is not None
    except re.error:
        return True  # Java's classes that Python does not know; a cloud's own check comes later.
