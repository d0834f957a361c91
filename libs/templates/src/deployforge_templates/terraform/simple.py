"""What in a configuration is simple: values, and references to other resources, to variables and to locals.

Everything else (functions, conditionals, loops) is the program's to evaluate, so it ends this way of reading.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_documents.reading import Node
from lark import Token, Tree

from deployforge_templates.terraform.syntax import Expression, place, template, trees, word
from deployforge_templates.values import Later, Reference, at, joined

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_STEP: Final = re.compile(r"[A-Za-z0-9_]+")
_NEGATIVE: Final = re.compile(r"-[0-9]+(\.[0-9]+)?")
_DEEPEST: Final = 64


class NotSimple(Exception):
    """Something that only the program can evaluate, and where."""

    def __init__(self, place: Node, what: str) -> None:
        super().__init__(f"{place.file}:{place.line}:{place.column}: {what}")


@dataclass
class Scope:
    """What names lead to."""

    resources: Mapping[tuple[str, str], str]
    """Type and label → name in the manifest."""
    variables: Mapping[str, Any]
    locals: Mapping[str, Expression]
    file: str = ""
    open: list[str] = field(default_factory=list)


def value(expression: Expression, scope: Scope) -> Node:
    """What an expression comes to. Raises NotSimple."""
    if expression.value is not None:
        return _of_json(expression.value, scope)
    assert expression.tree is not None
    return _of(expression.tree, expression.place, scope, 0)


def _of_json(node: Node, scope: Scope) -> Node:
    if isinstance(node.value, dict):
        return at(node, {key: _of_json(child, scope) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return at(node, [_of_json(item, scope) for item in node.value])
    if isinstance(node.value, str) and ("${" in node.value or "%{" in node.value):
        return at(node, value(template(node.value, node), scope).value)
    return node


def _of(tree: Tree[Token], around: Node, scope: Scope, depth: int) -> Node:
    here = place(tree, around.file)
    if depth > _DEEPEST:
        raise NotSimple(here, "an expression is nested deeply")
    inner = list(trees(tree))
    match tree.data:
        case "expr_term" if len(inner) == 1 and len(tree.children) == 1:
            return _of(inner[0], around, scope, depth + 1)
        case "int_lit":
            return at(here, int(word(tree)))
        case "float_lit":
            return at(here, float(word(tree)))
        case "literal_value":
            return at(here, {"true": True, "false": False, "null": None}[word(tree)])
        case "unary_op" if _NEGATIVE.fullmatch(word(tree)):
            return at(here, float(word(tree)) if "." in word(tree) else int(word(tree)))
        case "string":
            return at(here, _text(tree, here, scope, depth))
        case "tuple":
            return at(here, [_of(item, here, scope, depth + 1) for item in inner])
        case "object":
            return _object(inner, here, scope, depth)
        case "heredoc_template" | "heredoc_template_trim":
            return at(here, _heredoc(word(tree), here))
        case "get_attr_expr_term" | "index_expr_term":
            return at(here, _reference(_path(tree, here), here, scope))
    raise NotSimple(here, _WORDS.get(str(tree.data), "an expression"))


_WORDS: Final = {
    "function_call": "a function", "conditional": "a conditional", "for_tuple_expr": "a loop", "for_object_expr": "a loop",
    "binary_op": "an operation", "unary_op": "an operation", "attr_splat_expr_term": "a splat",
    "full_splat_expr_term": "a splat",
    "identifier": "a bare word",
}  # fmt: skip


def _object(elements: list[Tree[Token]], here: Node, scope: Scope, depth: int) -> Node:
    found, keys = {}, {}
    for element in elements:
        key, inner = list(trees(element))[:2]
        bare = list(key.find_data("identifier"))
        if any(key.find_data("interpolation")) or (bare and len(list(key.iter_subtrees())) > 3):
            raise NotSimple(place(key, here.file), "a key that is evaluated")
        name = word(key)
        found[name] = _of(inner, here, scope, depth + 1)
        keys[name] = (place(key, here.file).line, place(key, here.file).column)
    return Node(found, here.line, here.column, keys, here.file)


def _text(tree: Tree[Token], here: Node, scope: Scope, depth: int) -> Any:
    pieces: list[Any] = []
    for part in trees(tree):
        inner = list(trees(part))
        if not inner:
            pieces.append(_unescaped(word(part)))
        elif inner[0].data == "interpolation":
            found = _of(next(trees(inner[0])), here, scope, depth + 1).value
            if isinstance(found, list | dict) or found is None:
                raise NotSimple(here, "a text with something else than text in it")
            pieces.append(found)
        else:
            raise NotSimple(place(inner[0], here.file), "a directive")
    if len(pieces) == 1 and isinstance(pieces[0], Later):
        return pieces[0]
    return joined(pieces)


def _unescaped(text: str) -> str:
    if text.startswith(("$${", "%%{")):
        return text[1:]
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)


def _heredoc(text: str, here: Node) -> str:
    opening, _, rest = text.partition("\n")
    lines = rest.rstrip().split("\n")[:-1]  # The last one is the mark that ends it.
    if "${" in rest or "%{" in rest:
        raise NotSimple(here, "a template of several lines")
    if opening.startswith("<<-"):
        indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        lines = [line[indent:] for line in lines]
    return "".join(f"{line}\n" for line in lines)


def _path(tree: Tree[Token], here: Node) -> list[str]:
    """`aws_vpc.main.tags["a"]` as its steps."""
    if tree.data == "expr_term":
        inner = list(trees(tree))
        return _path(inner[0], here) if len(inner) == 1 else []
    if tree.data == "identifier":
        return [word(tree)]
    if tree.data in ("get_attr_expr_term", "index_expr_term"):
        first, last = list(trees(tree))[:2]
        return [*_path(first, here), _step(last, here)]
    raise NotSimple(here, _WORDS.get(str(tree.data), "an expression"))


def _step(tree: Tree[Token], here: Node) -> str:
    inner = list(trees(tree))
    step = word(inner[-1])
    simple = tree.data == "get_attr" or not any(inner[-1].find_data("identifier"))
    if not simple or not _STEP.fullmatch(step):
        raise NotSimple(here, "an index that is evaluated")
    return step


def _reference(path: list[str], here: Node, scope: Scope) -> Any:
    match path:
        case ["var", name] if name in scope.variables:
            return scope.variables[name]
        case ["local", name] if name in scope.locals and name not in scope.open:
            scope.open.append(name)
            try:
                return value(scope.locals[name], scope).value
            finally:
                scope.open.remove(name)
        case [kind, label, attribute, *rest] if (kind, label) in scope.resources:
            return Later((Reference(".".join([scope.resources[(kind, label)], attribute, *rest])),))
    raise NotSimple(here, ".".join(path) or "an expression")
