"""Blocks and attributes of a configuration, each in its place, whether they are written in HCL or in JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import hcl2
from deployforge_documents.reading import Node, read
from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from deployforge_templates.values import refused

#: Blocks of JSON by the number of their labels.
LABELS: Final = {"resource": 2, "data": 2, "variable": 1, "output": 1, "provider": 1, "module": 1}


@dataclass(frozen=True)
class Expression:
    """What stands behind `=`: a tree of HCL, or a value of JSON, whose texts are templates."""

    place: Node
    tree: Tree[Token] | None = None
    value: Node | None = None


@dataclass
class Block:
    """`type "label" { … }`."""

    type: str
    labels: tuple[str, ...]
    place: Node
    attributes: dict[str, Expression] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)


def blocks(name: str, text: Node) -> list[Block]:
    """The blocks of a file. Raises InvalidDocument for what is no configuration."""
    if name.endswith(".json"):
        return list(_json(read(text.value.encode(), file=text.file)))
    return _body(_parsed(text), text.file).blocks


def template(text: str, place: Node) -> Expression:
    """A text of JSON as the template that it is."""
    found = _parsed(Node(f"x = {json.dumps(text)}\n", place.line, place.column, file=place.file))
    return Expression(place, _body(found, place.file).attributes["x"].tree)


def _parsed(text: Node) -> Tree[Token]:
    try:
        return hcl2.parses_to_tree(text.value if text.value.endswith("\n") else text.value + "\n")
    except UnexpectedInput as error:
        place = Node(None, max(error.line, 1), max(error.column, 1), file=text.file)
        raise refused(place, "is not HCL", "a configuration of Terraform") from None


def trees(tree: Tree[Token]) -> Iterator[Tree[Token]]:
    """The inner trees, without line breaks and punctuation."""
    return (child for child in tree.children if isinstance(child, Tree) and child.data != "new_line_or_comment")


def place(tree: Tree[Token], file: str) -> Node:
    """Where a tree begins."""
    return Node(None, getattr(tree.meta, "line", 1), getattr(tree.meta, "column", 1), file=file)


def word(tree: Tree[Token]) -> str:
    """An identifier, or a text without anything to evaluate in it."""
    return "".join(str(token) for token in tree.scan_values(lambda token: getattr(token, "type", "") != "DBLQUOTE"))


def _body(tree: Tree[Token], file: str) -> Block:
    made = Block("", (), Node(None, 1, 1, file=file))
    body = next(child for child in trees(tree) if child.data == "body")
    for child in trees(body):
        if child.data == "attribute":
            name, *_, value = trees(child)
            made.attributes[word(name)] = Expression(place(value, file), value)
        elif child.data == "block":
            first, *labels = [part for part in trees(child) if part.data in ("identifier", "string")]
            inner = _body(child, file)
            made.blocks.append(
                Block(word(first), tuple(map(word, labels)), place(child, file), inner.attributes, inner.blocks)
            )
    return made


def _json(root: Node) -> Iterator[Block]:
    for kind, node in _entries(root):
        yield from _labelled(kind, (), node, LABELS.get(kind, 0))


def _labelled(kind: str, labels: tuple[str, ...], node: Node, left: int) -> Iterator[Block]:
    for one in node.value if isinstance(node.value, list) else [node]:
        if left:
            for label, inner in _entries(one):
                yield from _labelled(kind, (*labels, label), inner, left - 1)
            continue
        made = Block(kind, labels, one)
        for name, inner in _entries(one):
            if kind == "terraform" and name != "required_version":
                made.blocks += _labelled(name, (), inner, 1 if name == "backend" else 0)
            elif name in ("provisioner", "connection", "lifecycle") and kind == "resource":
                made.blocks += _labelled(name, (), inner, 1 if name == "provisioner" else 0)
            else:
                made.attributes[name] = Expression(inner, None, inner)
        yield made


def _entries(node: Node) -> list[tuple[str, Node]]:
    if not isinstance(node.value, dict):
        raise refused(node, "is no configuration", "a mapping")
    return [(name, child) for name, child in node.value.items() if name != "//"]
