"""What a template's expressions come to: plain values, and texts that are known only when something is deployed."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from deployforge_documents.problems import InvalidDocument, Problem
from deployforge_documents.reading import Node, read


@dataclass(frozen=True)
class Reference:
    """`${target}` of the manifest: `orders.arn`, or `parameters.size`."""

    target: str


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Later:
    """A text with references in it. `now` is what it comes to at present, where that can be told: a parameter has a
    value already, an attribute of a resource has none."""

    parts: tuple[str | Reference, ...]
    now: Any = UNKNOWN


T = TypeVar("T")

_TOKEN: Final = re.compile(r"\$\$\{|\$\{([A-Za-z0-9-]{1,63}\.[A-Za-z][A-Za-z0-9_.]*)\}")

PARAMETERS: Final = "parameters"
"""What the manifest calls its parameters in a reference."""
NOTHING: Final = object()
"""The value of a property that is left out."""


def refused(node: Node, message: str, expected: str = "", hint: str = "", path: str = "") -> InvalidDocument:
    """The refusal of what stands at `node`."""
    return InvalidDocument([Problem(message, node.line, node.column, path, expected, hint, node.file)])


def key_place(node: Node, name: str, child: Node | None = None) -> Node:
    """Where a key of a mapping stands; of one that came from elsewhere, where its value (`child`) does."""
    if name in node.keys:
        line, column = node.keys[name]
        return Node(None, line, column, file=node.file)
    return at(child or node, None)


class Collected:
    """Refusals, told together when everything has been looked at."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def tried(self, function: Callable[..., T], *arguments: Any) -> T | None:
        """What `function` gives; None, and its refusal is kept, where it refuses."""
        try:
            return function(*arguments)
        except InvalidDocument as wrong:
            self.problems += wrong.problems
            return None

    def told(self) -> None:
        """Raises InvalidDocument with everything that was refused."""
        if self.problems:
            raise InvalidDocument(list(dict.fromkeys(self.problems)))


def at(node: Node, value: Any) -> Node:
    """A value in the place of `node`; a mapping keeps the places of the keys that both have."""
    return Node(value, node.line, node.column, node.keys, node.file)


def scalar_text(value: Any) -> str | None:
    """A scalar as text, as the formats themselves write it; None for what is none."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | str():
            return str(value)
        case _:
            return None


def joined(pieces: Iterable[Any]) -> Any:
    """Texts, scalars and Laters as one: a string, or a Later when one of them is. Other values are not allowed here."""
    parts: list[str | Reference] = []
    now: str | None = ""
    for piece in pieces:
        told = piece.now if isinstance(piece, Later) else piece
        shown = None if told is UNKNOWN else scalar_text(told)
        now = None if now is None or shown is None else now + shown
        for part in piece.parts if isinstance(piece, Later) else (str(scalar_text(piece)),):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            elif part != "":
                parts.append(part)
    if any(isinstance(part, Reference) for part in parts):
        return Later(tuple(parts), UNKNOWN if now is None else now)
    return "".join(map(str, parts))


def as_manifest(value: Any) -> Any:
    """A value as a manifest writes it: references as `${…}`, and what only looks like one as `$${…}`."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Later):
        return "".join(f"${{{p.target}}}" if isinstance(p, Reference) else as_manifest(p) for p in value.parts)
    return value


def written(node: Node) -> Node:
    """A tree as a manifest writes it, all the way down."""
    if isinstance(node.value, dict):
        return at(node, {key: written(child) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return at(node, [written(child) for child in node.value])
    return at(node, as_manifest(node.value))


def from_manifest(node: Node) -> Node:
    """A tree of a manifest with its texts read: references are Laters, `$${` is a literal `${`."""
    if isinstance(node.value, dict):
        return at(node, {key: from_manifest(child) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return at(node, [from_manifest(child) for child in node.value])
    if not isinstance(node.value, str):
        return node
    parts: list[str | Reference] = []
    position = 0
    for token in _TOKEN.finditer(node.value):
        parts += [node.value[position : token.start()], "${" if token[1] is None else Reference(token[1])]
        position = token.end()
    return at(
        node, joined([Later((part,)) if isinstance(part, Reference) else part for part in (*parts, node.value[position:])])
    )


def tree(node: Node, found: Any) -> Node:
    """A plain value as a tree, all of it in the place of `node`."""
    if isinstance(found, dict):
        return at(node, {key: tree(node, inner) for key, inner in found.items()})
    return at(node, [tree(node, item) for item in found] if isinstance(found, list) else found)


def fixed(node: Node, values: Mapping[str, Any]) -> Node:
    """A tree in which the references that `values` names are put in with their values."""
    if isinstance(node.value, dict):
        return at(node, {key: fixed(child, values) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return at(node, [fixed(child, values) for child in node.value])
    if not isinstance(node.value, Later):
        return node
    parts = [values.get(part.target, part) if isinstance(part, Reference) else part for part in node.value.parts]
    if len(parts) == 1:
        return tree(node, parts[0]) if not isinstance(parts[0], Reference) else node
    whole = joined([Later((part,)) if isinstance(part, Reference) else part for part in parts])
    return at(node, Later(whole.parts, node.value.now) if isinstance(whole, Later) else whole)


def typed(node: Node) -> Node:
    """What somebody wrote on a command line as the YAML that it is: `2` is a number, `[a, b]` a list."""
    return read(node.value.encode(), file=node.file) if isinstance(node.value, str) and node.value else node


def targets(node: Node) -> set[str]:
    """Every reference anywhere in a tree."""
    if isinstance(node.value, dict):
        return {target for child in node.value.values() for target in targets(child)}
    if isinstance(node.value, list):
        return {target for child in node.value for target in targets(child)}
    if isinstance(node.value, Later):
        return {part.target for part in node.value.parts if isinstance(part, Reference)}
    return set()
