"""Reads YAML (or JSON, which is YAML) into a tree that knows the place of every value.

Works on parser events, so that limits hold while reading: what the dialect does not allow ends it at once, and nothing
is expanded beyond the limits. Scalars follow the core schema of YAML 1.2: `1:30` and dates stay text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from deployforge_documents import scalars
from deployforge_documents.problems import InvalidDocument, Problem, quoted

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_NODES: Final = 500_000

_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OCTAL: Final = re.compile(r"[-+]?0[0-9]+")
_SURROGATES: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""JSON may write a character beyond U+FFFF as two escapes, which YAML does not know."""
_MERGE: Final = "<<"

Value = Any
"""str, int, float, bool, None, list[Node] or dict[str, Node]."""


@dataclass(slots=True)
class Node:
    """A value and its place; a mapping also knows the places of its keys."""

    value: Value
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    file: str = ""

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


Tagged = Callable[[str, Node], Value]
"""From a tag and what it stands before to the value of both. Raises KeyError for a tag that is not known."""


@dataclass(frozen=True)
class Dialect:
    """What a document may hold beside plain data. The default is that of a manifest: nothing."""

    noun: str = "a manifest"
    most_depth: int = 32
    aliases: bool = False
    """Whether values may be named and repeated; what they stand for counts as if it were written out."""
    tagged: Tagged | None = None
    words: Mapping[str, bool] = field(default_factory=dict)
    """Further words that are booleans."""
    octal: bool = False
    """Whether other readers take 010 for eight, so that it is refused and not guessed at."""


MANIFEST: Final = Dialect()


def read(data: bytes, dialect: Dialect = MANIFEST, file: str = "") -> Node:
    """The tree of the one document in `data`. Raises InvalidDocument for anything that is not safe, plain data."""
    try:
        return _tree(data, dialect, file)
    except InvalidDocument as wrong:
        raise InvalidDocument([replace(problem, file=file) for problem in wrong.problems]) from None


def _tree(data: bytes, dialect: Dialect, file: str) -> Node:
    if len(data) > MOST_BYTES:
        raise _refused(f"{len(data)} bytes are too many", 1, 1, f"at most {MOST_BYTES} bytes", "split the deployment")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise _refused("is not UTF-8 text", line, column, "YAML or JSON in UTF-8") from None
    if text.lstrip().startswith("{"):
        # JSON may be indented with tabs, which YAML does not take; inside its texts they are escaped.
        text = _SURROGATES.sub(_joined, text.replace("\t", " "))
    try:
        return _Reader(yaml.parse(text, Loader=_PARSER), dialect, file).document()
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

    def __init__(self, events: Iterator[Any], dialect: Dialect, file: str) -> None:
        self._events, self._dialect, self._file = events, dialect, file
        self._nodes = 0
        self._duplicates: list[Problem] = []
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        """Name → what it stands for, how many values that has, how many levels."""
        self._deepest = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _refused("holds a second document", *_place(event), "one document", "use one file for each")
                root = self._node(next(self._events), 1)
        if root is None:
            hint = "deployforge init writes one to start from" if self._dialect is MANIFEST else ""
            raise _refused("is empty", 1, 1, self._dialect.noun, hint)
        if self._duplicates:
            raise InvalidDocument(self._duplicates)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line, column = _place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line, column, depth)
        if event.anchor is not None:
            return self._anchored(event, depth)
        return self._plain(event, depth)

    def _plain(self, event: Any, depth: int) -> Node:
        line, column = _place(event)
        tagged = self._dialect.tagged
        if event.tag not in (None, "!") and tagged is None:
            raise _refused(f"tag {quoted(event.tag)} is not allowed", line, column, "plain values", "remove it")
        self._count(1, depth, line, column)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event, line, column), line, column, file=self._file)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(list(self._items(depth)), line, column, file=self._file)
        else:
            node = self._mapping(line, column, depth)
        if event.tag in (None, "!") or tagged is None:
            return node
        try:
            return Node(tagged(event.tag, node), line, column, file=self._file)
        except KeyError:
            raise _refused(f"tag {quoted(event.tag)} is not known", line, column, "a tag of the format") from None

    def _anchored(self, event: Any, depth: int) -> Node:
        line, column = _place(event)
        name = event.anchor
        if not self._dialect.aliases:
            raise _refused(f"anchor &{name} is not allowed", line, column, "plain values", "remove it")
        self._anchors.pop(name, None)  # Until it is read, the name stands for nothing, not even for itself.
        before, deepest, self._deepest = self._nodes, self._deepest, depth
        node = self._plain(event, depth)
        self._anchors[name] = (node, self._nodes - before, self._deepest - depth)
        self._deepest = max(deepest, self._deepest)
        return node

    def _alias(self, name: str | None, line: int, column: int, depth: int) -> Node:
        if not self._dialect.aliases:
            raise _refused(f"alias *{name} is not allowed", line, column, "plain values", "write it out")
        if name is None or name not in self._anchors:
            raise _refused(f"alias *{name} stands for nothing", line, column, f"an anchor &{name} before it")
        node, values, levels = self._anchors[name]
        self._count(values, depth + levels, line, column)
        return node

    def _count(self, values: int, depth: int, line: int, column: int) -> None:
        most = self._dialect.most_depth
        if depth > most:
            raise _refused(f"is nested deeper than {most} levels", line, column, f"at most {most} levels")
        self._deepest = max(self._deepest, depth)
        self._nodes += values
        if self._nodes > MOST_NODES:
            raise _refused(f"holds more than {MOST_NODES} values", line, column, f"at most {MOST_NODES} values")

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _mapping(self, line: int, column: int, depth: int) -> Node:
        node = Node({}, line, column, file=self._file)
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, depth + 1)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused("a key must be text", key.line, key.column, "text before the colon")
            name = event.value
            if name == _MERGE and self._dialect.aliases:
                raise _refused("the merge key << is not supported", key.line, key.column, "the keys themselves")
            value = self._node(next(self._events), depth + 1)
            if name in node.value:
                first = node.keys[name][0]
                message = f"duplicate key {quoted(name)}, first on line {first}"
                self._duplicates.append(Problem(message, key.line, key.column, expected="each key once"))
                continue
            node.keys[name] = (key.line, key.column)
            node.value[name] = value
        return node

    def _scalar(self, event: Any, line: int, column: int) -> Value:
        text: str = event.value
        if not event.implicit[0]:  # quoted, a block of text, or tagged
            return text
        if text in self._dialect.words:
            return self._dialect.words[text]
        if self._dialect.octal and _OCTAL.fullmatch(text):
            raise _refused(f"{text} is read in two ways", line, column, "a number or text", "put it in quotes")
        try:
            return scalars.value(text)
        except scalars.NotStorable as error:
            raise _refused(str(error), line, column, error.expected, "put it in quotes") from None


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _refused(message: str, line: int, column: int, expected: str = "", hint: str = "") -> InvalidDocument:
    return InvalidDocument([Problem(message, line, column, expected=expected, hint=hint)])
