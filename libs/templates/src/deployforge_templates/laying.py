"""A tree laid out as JSON, one value a line, so that a line tells where what stands on it came from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from deployforge_documents.reading import Node


class Place(NamedTuple):
    """Lines and columns start at 1."""

    file: str
    line: int
    column: int


class _Line(NamedTuple):
    text: str
    key: Place | None
    """Where the key stands that opens the line."""
    value: Place
    from_column: int
    """Where the value begins in the line that was laid."""


@dataclass(frozen=True)
class Expanded:
    """A manifest as it is sent, and where its lines were written."""

    text: bytes
    lines: tuple[_Line, ...] = ()

    def place(self, line: int, column: int) -> Place | None:
        """Where what stands at a place of `text` was written; None where that is the place itself."""
        if not 1 <= line <= len(self.lines):
            return None
        found = self.lines[line - 1]
        return found.value if found.key is None or column >= found.from_column else found.key


def laid(root: Node) -> Expanded:
    """The tree as the text of a manifest."""
    lines = tuple(_lines(root, None, "", 0, ""))
    return Expanded("\n".join(line.text for line in lines).encode() + b"\n", lines)


def _lines(node: Node, key: Place | None, opening: str, depth: int, comma: str) -> Iterator[_Line]:
    here = Place(node.file, node.line, node.column)
    start = " " * depth + opening
    value = node.value
    if not isinstance(value, dict | list) or not value:
        text = json.dumps(value)
        yield _Line(f"{start}{text}{comma}", key, here, len(start) + 1)
        return
    mapping = isinstance(value, dict)
    yield _Line(start + ("{" if mapping else "["), key, here, len(start) + 1)
    entries = list(value.items()) if isinstance(value, dict) else [(None, child) for child in value]
    for index, (name, child) in enumerate(entries):
        after = "," if index < len(entries) - 1 else ""
        if name is None:
            yield from _lines(child, None, "", depth + 1, after)
        else:
            line, column = node.keys.get(name, (child.line, child.column))
            # The key of a tree that was put in stands in the file of what was put in.
            file = node.file if name in node.keys else child.file
            yield from _lines(child, Place(file, line, column), f"{json.dumps(name)}: ", depth + 1, after)
    yield _Line(" " * depth + ("}" if mapping else "]") + comma, None, here, 1)
