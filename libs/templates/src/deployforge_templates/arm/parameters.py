"""Parameters of a template: their values now, and what remains a parameter of the manifest."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from deployforge_documents.problems import InvalidDocument, Problem, nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.arm import evaluator
from deployforge_templates.arm.functions import text
from deployforge_templates.arm.known import settled, untree
from deployforge_templates.arm.scope import Resources, Scope
from deployforge_templates.imported import Given, ImportedParameter, secret
from deployforge_templates.values import UNKNOWN, Later, Reference, refused

_KEPT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_TYPES: Final[Mapping[str, tuple[str, type]]] = {
    "string": ("string", str), "int": ("integer", int), "bool": ("boolean", bool), "array": ("list", list),
    "object": ("map", dict),
}  # fmt: skip
_SECURE: Final = ("securestring", "secureobject")


def bind(declared: Mapping[str, Node], given: Given, resources: Resources) -> tuple[Scope, dict[str, ImportedParameter]]:
    """The scope of a whole template, without its variables, and the parameters that may be kept."""
    problems: list[Problem] = []
    scope = Scope(given, resources, {}, {}, set())
    values: dict[str, Any] = {}
    kept: dict[str, ImportedParameter] = {}
    for name in given.parameters.keys() - declared.keys():
        hint = nearest(name, declared)
        said = f"the template has no parameter {quoted(name)}"
        problems += refused(given.parameters[name], said, ", ".join(declared), hint).problems
    # A default may name parameters in any order: each is worked out when it is asked for.
    lazy = {name.lower(): _Asked(name, node, given, scope, kept) for name, node in declared.items()}
    scope = Scope(given, resources, lazy, {}, set())
    for asked in lazy.values():
        asked.scope = scope
    for name, asked in lazy.items():
        try:
            values[name] = asked()
        except InvalidDocument as wrong:
            problems += wrong.problems
    if problems:
        raise InvalidDocument(list(dict.fromkeys(problems)))
    return Scope(given, resources, values, {}, scope.decided), kept


class _Asked:
    """A parameter whose value is worked out once, when it is asked for."""

    def __init__(self, name: str, node: Node, given: Given, scope: Scope, kept: dict[str, ImportedParameter]) -> None:
        self.name, self.node, self.given, self.scope, self._kept = name, node, given, scope, kept
        self._found: list[Any] = []
        self._open = False

    def __call__(self) -> Any:
        if not self._found:
            if self._open:
                raise refused(self.node, f"parameter {quoted(self.name)} needs itself", "no circle")
            self._open = True
            try:
                self._found.append(self._bound())
            finally:
                self._open = False
        return self._found[0]

    def _bound(self) -> Any:
        kind = _kind(self.name, self.node)
        told = self.given.parameters.get(self.name)
        description = _description(self.node)
        if kind in _SECURE:
            keeps = self.given.keep and _KEPT.fullmatch(self.name) is not None
            found, stays = secret(self.name, told, self.node, self.given, keeps, description)
            if stays is not None:
                self._kept[self.name] = stays
            return found
        if told is not None:
            value = _typed(told, self.name, kind, told.value if isinstance(told.value, str | Later) else untree(told))
        else:
            default = self.node.value.get("defaultValue")
            value = None if default is None else evaluator.plain(default, self.scope)
        if isinstance(value, Later):
            return value
        if value is not None:
            value = settled(self.node, value, self.scope)
            _check(told or self.node, self.name, kind, self.node, value)
        if self.given.keep and _KEPT.fullmatch(self.name):
            self._kept[self.name] = ImportedParameter(_TYPES[kind][0], description, value)
            return Later((Reference(f"parameters.{self.name}"),), UNKNOWN if value is None else value)
        if value is None:
            raise refused(self.node, f"parameter {quoted(self.name)} has no value", "a value, or a default in the template")
        return value


def _kind(name: str, node: Node) -> str:
    kind = node.value.get("type") if isinstance(node.value, dict) else None
    word = str(kind.value).lower() if kind is not None else ""
    if word not in _TYPES and word not in _SECURE:
        said = f"parameter {quoted(name)} has the type {quoted(word)}" if word else f"parameter {quoted(name)} has no type"
        raise refused(kind or node, said, ", ".join((*_TYPES, *_SECURE)), nearest(word, _TYPES))
    return word


def _description(node: Node) -> str:
    metadata = node.value.get("metadata")
    found = metadata.value.get("description") if metadata is not None and isinstance(metadata.value, dict) else None
    return str(found.value) if found is not None else ""


def _typed(place: Node, name: str, kind: str, value: Any) -> Any:
    """A value that was given, as the type has it: what comes from a command line is text."""
    if isinstance(value, str) and kind != "string":
        try:
            value = json.loads(value)
        except ValueError:
            raise refused(
                place, f"parameter {quoted(name)} is {quoted(value)}", f"a value of type {kind}, as JSON"
            ) from None
    return value


def _check(place: Node, name: str, kind: str, declared: Node, value: Any) -> None:
    expected = _TYPES[kind][1]
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise refused(place, f"parameter {quoted(name)} is {quoted(text(value))}", f"a value of type {kind}")
    allowed = declared.value.get("allowedValues")
    words = allowed.plain() if allowed is not None else [value]
    fits = all(item in words for item in value) if isinstance(value, list) and value not in words else value in words
    if not fits:
        listed = ", ".join(map(text, words[:20]))
        raise refused(place, f"parameter {quoted(name)} may not be {quoted(text(value))}", f"one of {listed}")
    size = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else 0
    for field, low in (("minLength", True), ("maxLength", False), ("minValue", True), ("maxValue", False)):
        bound = declared.value.get(field)
        applies = bound is not None and not isinstance(value, bool) and isinstance(value, int) == field.endswith("Value")
        if bound is not None and applies and (size < bound.value if low else size > bound.value):
            raise refused(place, f"parameter {quoted(name)} may not be {quoted(text(value))}", f"{field} {bound.value}")
