"""Reads YAML (or JSON, which is YAML) into a tree that knows the place of every value.

Works on parser events, so that limits hold while reading: aliases, anchors and tags end it at once, and nothing
is expanded. Scalars follow the core schema of YAML 1.2: `yes`, `1:30` and dates stay text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from deployforge_control_plane.domain.manifest.problems import InvalidManifest, Problem, quoted

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_DEPTH: Final = 32
MOST_NODES: Final = 500_000
_BIGGEST_INTEGER: Final = 2**63 - 1

_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATES: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""JSON may write a character beyond U+FFFF as two escapes, which YAML does not know."""

Value = Any
"""str, int, float, bool, None, list[Node] or dict[str, Node]."""


@dataclass(slots=True)
class Node:
    """A value and its place; a mapping also knows the places of its keys."""

    value: Value
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def read(data: bytes) -> Node:
    """The tree of the one document in `data`. Raises InvalidManifest for anything that is not safe, plain data."""
    if len(data) > MOST_BYTES:
        raise _refused(f"{len(data)} bytes are too many", 1, 1, f"at most {MOST_BYTES} bytes", "split the deployment")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise _refused("is not UTF-8 text", line, column, "YAML or JSON in UTF-8") from None
    if text.lstrip().startswith("{"):
        text = _SURROGATES.sub(_joined, text)
    try:
        return _Reader(yaml.parse(text, Loader=_PARSER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"is not YAML: {error.problem or error.context}"
        raise _refused(message, line, column, "YAML or JSON", _syntax_hint(text, line)) from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0) or 0
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        reason = getattr(error, "reason", "unreadable character")
        raise _refused(f"is not YAML: {reason}", line, column, "YAML or JSON") from None


def _joined(escaped: re.Match[str]) -> str:
    high, low = int(escaped[2], 16), int(escaped[3], 16)
    return f"{escaped[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


def _syntax_hint(text: str, line: int) -> str:
    around = text.splitlines()[max(0, line - 2) : line + 1]
    if any("${" in row and ("{" in row.replace("${", "") or "[" in row) for row in around):
        return 'inside {…} or […] put a reference in quotes: "${orders.arn}"'
    if any("\t" in row[: len(row) - len(row.lstrip())] for row in around):
        return "indent with spaces, not with tabs"
    return ""


class _Reader:
    """Builds the tree from parser events, counting as it goes. Its depth is bounded, so it may recurse."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._nodes = 0
        self._duplicates: list[Problem] = []

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _refused("holds a second document", *_place(event), "one document", "use one file for each")
                root = self._node(next(self._events), 1)
        if root is None:
            raise _refused("is empty", 1, 1, "a manifest", "deployforge init writes one to start from")
        if self._duplicates:
            raise InvalidManifest(self._duplicates)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line, column = _place(event)
        if isinstance(event, yaml.AliasEvent):
            raise _refused(f"alias *{event.anchor} is not allowed", line, column, "plain values", "write it out")
        if event.anchor is not None:
            raise _refused(f"anchor &{event.anchor} is not allowed", line, column, "plain values", "remove it")
        if event.tag not in (None, "!"):
            raise _refused(f"tag {quoted(event.tag)} is not allowed", line, column, "plain values", "remove it")
        if depth > MOST_DEPTH:
            raise _refused(f"is nested deeper than {MOST_DEPTH} levels", line, column, f"at most {MOST_DEPTH} levels")
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _refused(f"holds more than {MOST_NODES} values", line, column, f"at most {MOST_NODES} values")
        if isinstance(event, yaml.ScalarEvent):
            return Node(_scalar(event, line, column), line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(list(self._items(depth)), line, column)
        return self._mapping(line, column, depth)

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _mapping(self, line: int, column: int, depth: int) -> Node:
        node = Node({}, line, column)
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, depth + 1)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused("a key must be text", key.line, key.column, "text before the colon")
            name = event.value
            value = self._node(next(self._events), depth + 1)
            if name in node.value:
                first = node.keys[name][0]
                message = f"duplicate key {quoted(name)}, first on line {first}"
                self._duplicates.append(Problem(message, key.line, key.column, expected="each key once"))
                continue
            node.keys[name] = (key.line, key.column)
            node.value[name] = value
        return node


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _scalar(event: Any, line: int, column: int) -> Value:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        number = _integer(text)
        if number is None:
            raise _refused("is too big a number", line, column, "at most 64 bits", "put it in quotes")
        return number
    if _NOT_A_NUMBER.fullmatch(text):
        raise _refused(f"{text} is not a number that can be stored", line, column, "a number", "put it in quotes")
    if _FLOAT.fullmatch(text):
        real = float(text)
        if real in (float("inf"), float("-inf")):
            raise _refused("is too big a number", line, column, "a number", "put it in quotes")
        return real
    return text


def _integer(text: str) -> int | None:
    if len(text) > 24:
        return None
    number = int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    return number if abs(number) <= _BIGGEST_INTEGER else None


def _refused(message: str, line: int, column: int, expected: str = "", hint: str = "") -> InvalidManifest:
    return InvalidManifest([Problem(message, line, column, expected=expected, hint=hint)])
