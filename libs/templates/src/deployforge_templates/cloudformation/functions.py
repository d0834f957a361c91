"""CloudFormation's functions, one each, by name in FUNCTIONS."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.cloudformation import cidr, pseudo
from deployforge_templates.cloudformation.evaluator import Evaluator, arguments, known
from deployforge_templates.values import Later, Reference, at, joined, refused

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")


def named(e: Evaluator, node: Node, name: str) -> Any:
    """What a Ref to `name` comes to."""
    if name in pseudo.PARAMETERS:
        return pseudo.value(e.given, name, node)
    if name in e.parameters:
        value = e.parameters[name]
        return [at(node, item) for item in value] if isinstance(value, list) else value
    return Later((Reference(f"{_resource(e, node, name)}.id"),))


def _resource(e: Evaluator, node: Node, id: str) -> str:
    if id in e.names.made:
        return e.names.made[id]
    if id in e.names.left_out:
        raise refused(node, f"{quoted(id)} is not made: its condition does not hold", "a resource that is made")
    every = [*e.names.made, *e.parameters, *pseudo.PARAMETERS]
    raise refused(node, f"unknown name {quoted(id)}", "a parameter or a resource", nearest(id, every))


def _ref(e: Evaluator, node: Node, argument: Node) -> Node:
    if not isinstance(argument.value, str):
        raise refused(argument, "Ref takes a name", "a name")
    return at(node, named(e, argument, argument.value))


def _get_att(e: Evaluator, node: Node, argument: Node) -> Node:
    if isinstance(argument.value, str):
        id, _, attribute = argument.value.partition(".")
    else:
        first, second = arguments(argument, "Fn::GetAtt", 2)
        id, attribute = str(first.value), e.text_now(second)
    return at(node, _attribute(e, argument, id, attribute))


def _attribute(e: Evaluator, node: Node, id: str, attribute: str) -> Later:
    name = _resource(e, node, id)
    if not _ATTRIBUTE.fullmatch(attribute):
        raise refused(node, f"{quoted(attribute)} is no attribute", "such as Arn or Endpoint.Address")
    return Later((Reference(f"{name}.{attribute}"),))


def _sub(e: Evaluator, node: Node, argument: Node) -> Node:
    own: Mapping[str, Node] = {}
    text = argument
    if isinstance(argument.value, list):
        text, variables = arguments(argument, "Fn::Sub", 2)
        if not isinstance(variables.value, dict):
            raise refused(variables, "the variables of Fn::Sub are no mapping", "name: value")
        own = variables.value
    if not isinstance(text.value, str):
        raise refused(text, "Fn::Sub takes a text", "text with ${…} in it")
    return at(node, joined(_substituted(e, text, own)))


def _substituted(e: Evaluator, text: Node, own: Mapping[str, Node]) -> Iterator[Any]:
    at_ = 0
    for found in _VARIABLE.finditer(text.value):
        yield text.value[at_ : found.start()]
        at_ = found.end()
        name = found[1].strip()
        if name.startswith("!"):
            yield f"${{{name[1:]}}}"
        elif name in own:
            yield e.text(own[name])
        elif "." in name and name not in pseudo.PARAMETERS:
            id, _, attribute = name.partition(".")
            yield _attribute(e, text, id, attribute)
        else:
            yield e.text(at(text, {"Ref": at(text, name)}))
    yield text.value[at_:]


def _join(e: Evaluator, node: Node, argument: Node) -> Node:
    between, parts = arguments(argument, "Fn::Join", 2)
    delimiter = e.text_now(between)
    pieces: list[Any] = []
    for item in e.items(parts):
        pieces += [delimiter, e.text(item)] if pieces else [e.text(item)]
    return at(node, joined(pieces))


def _select(e: Evaluator, node: Node, argument: Node) -> Node:
    which, parts = arguments(argument, "Fn::Select", 2)
    index, items = e.number_now(which), e.items(parts)
    if not 0 <= index < len(items):
        raise refused(which, f"there is no item {index} in a list of {len(items)}", f"0 to {len(items) - 1}")
    return at(node, items[index].value)


def _split(e: Evaluator, node: Node, argument: Node) -> Node:
    between, text = arguments(argument, "Fn::Split", 2)
    delimiter = e.text_now(between)
    if not delimiter:
        raise refused(between, "a text cannot be split by nothing", "a delimiter")
    return at(node, [at(text, piece) for piece in e.text_now(text).split(delimiter)])


def _if(e: Evaluator, node: Node, argument: Node) -> Node:
    condition, yes, no = arguments(argument, "Fn::If", 3)
    if not isinstance(condition.value, str):
        raise refused(condition, "Fn::If takes the name of a condition", "a name")
    return e.value(yes if e.holds(condition.value, condition) else no)


def _find_in_map(e: Evaluator, node: Node, argument: Node) -> Node:
    first, *keys = arguments(argument, "Fn::FindInMap", 3)
    found: Node = at(argument, dict(e.mappings))
    for level, key in zip(("mapping", "key", "key"), (first, *keys), strict=True):
        name = e.text_now(key)
        if not isinstance(found.value, dict) or name not in found.value:
            words = found.value if isinstance(found.value, dict) else {}
            raise refused(key, f"Fn::FindInMap: unknown {level} {quoted(name)}", known(words), nearest(name, words))
        found = found.value[name]
    if isinstance(found.value, dict):
        raise refused(node, "Fn::FindInMap ends at a mapping", "text or a list")
    return at(node, found.value)


def _base64(e: Evaluator, node: Node, argument: Node) -> Node:
    return at(node, base64.b64encode(e.text_now(argument).encode()).decode())


def _cidr(e: Evaluator, node: Node, argument: Node) -> Node:
    block, count, *bits = arguments(argument, "Fn::Cidr", 2, 3)
    try:
        cut = cidr.blocks(e.text_now(block), e.number_now(count), e.number_now(bits[0]) if bits else 8)
    except ValueError as error:
        raise refused(node, f"Fn::Cidr: {error}", "a block that is large enough") from None
    return at(node, [at(node, part) for part in cut])


def _get_azs(e: Evaluator, node: Node, argument: Node) -> Node:
    region = e.text_now(argument) if argument.value is not None else ""
    if region not in ("", e.given.provider.get("region")):
        raise refused(node, f"Fn::GetAZs: the zones of {quoted(region)} are not known", "zones of the provider's region")
    if not e.given.zones:
        said = "Fn::GetAZs: which availability zones there are, only AWS can tell"
        raise refused(node, said, "zones", "give their names as zones")
    return at(node, [at(node, zone) for zone in e.given.zones])


def _import_value(e: Evaluator, node: Node, argument: Node) -> Node:
    name = e.text_now(argument)
    if name not in e.given.exports:
        hint = nearest(name, e.given.exports) or "give the value, or a reference to it, among exports"
        raise refused(
            node, f"Fn::ImportValue: the export {quoted(name)} is not given", "the value of another stack's export", hint
        )
    return at(node, e.given.exports[name].value)


FUNCTIONS: Final[Mapping[str, Callable[[Evaluator, Node, Node], Node]]] = {
    "Ref": _ref, "Fn::GetAtt": _get_att, "Fn::Sub": _sub, "Fn::Join": _join, "Fn::Select": _select, "Fn::Split": _split,
    "Fn::If": _if, "Fn::FindInMap": _find_in_map, "Fn::Base64": _base64, "Fn::Cidr": _cidr, "Fn::GetAZs": _get_azs,
    "Fn::ImportValue": _import_value,
}  # fmt: skip
