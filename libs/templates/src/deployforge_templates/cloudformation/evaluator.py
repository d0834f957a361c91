"""Evaluates what stands in a template: functions become values, or texts that are known later, or refusals.

Only what is used is evaluated: a branch of Fn::If that is not taken may hold anything.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.imported import Given
from deployforge_templates.values import NOTHING, PARAMETERS, UNKNOWN, Later, Reference, at, key_place, refused, scalar_text

_DYNAMIC: Final = re.compile(r"\{\{resolve:([A-Za-z-]+):")


@dataclass(frozen=True)
class Names:
    """What a Ref may lead to: resources by their names, and those that the conditions leave out."""

    made: Mapping[str, str]
    left_out: frozenset[str] = frozenset()


@dataclass
class Evaluator:
    """A template's parameters, mappings and conditions, and what its functions come to under them."""

    given: Given
    parameters: Mapping[str, Any]
    lists: frozenset[str]
    """Parameters that are lists."""
    mappings: Mapping[str, Node]
    conditions: Mapping[str, Node]
    functions: Mapping[str, Callable[["Evaluator", Node, Node], Node]]
    names: Names = field(default_factory=lambda: Names({}))
    decided: set[str] = field(default_factory=set)
    """Parameters whose value decided something, so that it is fixed by the import."""
    _settled: dict[str, bool | None] = field(default_factory=dict)

    # --- values ---------------------------------------------------------------------------------------

    def value(self, node: Node) -> Node:
        """What `node` comes to; NOTHING is dropped from mappings and lists. Raises InvalidDocument."""
        if isinstance(node.value, dict):
            if (call := called(node)) is not None:
                return self._function(node, *call)
            every = {key: self.value(child) for key, child in node.value.items()}
            return at(node, {key: child for key, child in every.items() if child.value is not NOTHING})
        if isinstance(node.value, list):
            return at(node, [item for item in map(self.value, node.value) if item.value is not NOTHING])
        if node.value is None:
            raise refused(node, "is empty", "a value", "leave it out, or use AWS::NoValue")
        if isinstance(node.value, str) and (found := _DYNAMIC.search(node.value)):
            hint = "give a secret parameter of the manifest, or the value itself"
            raise refused(node, f"dynamic references ({found[1]}) are not resolved", "a value", hint)
        return node

    def _function(self, node: Node, name: str, argument: Node) -> Node:
        function = self.functions.get(name)
        if function is None:
            hint = nearest(name, self.functions)
            raise refused(node, f"{name} is not evaluated", "a function that needs no macro and no cloud", hint)
        return function(self, node, argument)

    # --- values of a kind -----------------------------------------------------------------------------

    def now(self, node: Node) -> Any:
        """The plain value that `node` comes to now. Raises InvalidDocument for what is known later."""
        value = self.value(node).value
        if value is NOTHING:
            raise refused(node, "AWS::NoValue cannot be used here", "a value")
        if isinstance(value, Later):
            self._decide(node, value)
            return value.now
        return value

    def _decide(self, node: Node, value: Later) -> None:
        if value.now is UNKNOWN:
            said = [part.target for part in value.parts if isinstance(part, Reference)]
            if all(target.startswith(f"{PARAMETERS}.") for target in said):
                names = ", ".join(quoted(target.partition(".")[2]) for target in said)
                raise refused(node, f"it is decided by parameter {names}, which has no value", "a value for it")
            listed = ", ".join(f"${{{target}}}" for target in said)
            raise refused(node, f"{listed} is known only when it is deployed", "a value that is known now")
        self.decided |= {p.target.removeprefix(f"{PARAMETERS}.") for p in value.parts if isinstance(p, Reference)}

    def text_now(self, node: Node) -> str:
        """The text that `node` comes to now."""
        text = scalar_text(self.now(node))
        if text is None:
            raise refused(node, "is no text", "text")
        return text

    def number_now(self, node: Node) -> int:
        """The whole number that `node` comes to now."""
        text = self.text_now(node)
        if not re.fullmatch(r"-?[0-9]{1,9}", text):
            raise refused(node, f"{quoted(text)} is no whole number", "a whole number")
        return int(text)

    def text(self, node: Node) -> Any:
        """The text that `node` comes to, a Later perhaps."""
        found = self.value(node)
        value = found.value
        if isinstance(value, Later):
            if any(isinstance(part, Reference) and self._is_list(part) for part in value.parts):
                raise refused(node, "a list cannot stand inside a text", "text", "use Fn::Join")
            return value
        text = scalar_text(value)
        if text is None:
            raise refused(node, "is no text", "text")
        return text

    def _is_list(self, reference: Reference) -> bool:
        return reference.target.removeprefix(f"{PARAMETERS}.") in self.lists

    def items(self, node: Node) -> list[Node]:
        """The items of the list that `node` comes to; each may be known later."""
        found = self.value(node)
        if isinstance(found.value, Later):
            self._decide(node, found.value)
            found = at(node, found.value.now)
        if not isinstance(found.value, list):
            raise refused(node, "is no list", "a list")
        return [item if isinstance(item, Node) else at(node, item) for item in found.value]

    # --- conditions -----------------------------------------------------------------------------------

    def holds(self, name: str, node: Node) -> bool:
        """Whether a condition holds. Raises InvalidDocument when there is none of that name."""
        if name not in self.conditions:
            raise refused(node, f"unknown condition {quoted(name)}", "a condition", nearest(name, self.conditions))
        if name in self._settled:
            settled = self._settled[name]
            if settled is None:
                raise refused(node, f"condition {quoted(name)} needs itself", "no circle")
            return settled
        self._settled[name] = None
        try:
            settled = self.condition(self.conditions[name])
        except BaseException:
            del self._settled[name]
            raise
        self._settled[name] = settled
        return settled

    def condition(self, node: Node) -> bool:
        """What the expression of a condition comes to."""
        name, argument = called(node, conditions=True) or ("", node)
        match name:
            case "Condition":
                return self.holds(str(argument.value), argument)
            case "Fn::Equals":
                left, right = arguments(argument, name, 2)
                return bool(self._comparable(left) == self._comparable(right))
            case "Fn::Not":
                return not self.condition(arguments(argument, name, 1)[0])
            case "Fn::And":
                return all(list(map(self.condition, arguments(argument, name, 2, 10))))
            case "Fn::Or":
                return any(list(map(self.condition, arguments(argument, name, 2, 10))))
        raise refused(node, f"{name} is no condition" if name else "is no condition", "Fn::Equals, Not, And, Or, Condition")

    def _comparable(self, node: Node) -> Any:
        value = self.now(node)
        text = scalar_text(value)
        return text if text is not None else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item.value if isinstance(item, Node) else item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(child.value) for key, child in value.items()}
    return scalar_text(value)


def called(node: Node, *, conditions: bool = False) -> tuple[str, Node] | None:
    """The function that a mapping calls, and its argument; None for plain data. Raises InvalidDocument for a mapping
    that is both."""
    if not isinstance(node.value, dict):
        return None
    names = [name for name in node.value if name.startswith("Fn::") or name == "Ref"]
    if len(node.value) == 1 and (names or (conditions and "Condition" in node.value)):
        name, argument = next(iter(node.value.items()))
        return name, argument
    functions = [name for name in names if name != "Ref"]
    if functions:
        place = key_place(node, functions[0], node)
        raise refused(place, f"{functions[0]} stands beside other keys", "a function alone")
    return None


def arguments(node: Node, name: str, least: int, most: int = 0) -> list[Node]:
    """The arguments of a function. Raises InvalidDocument when they are not as many as it takes."""
    most = most or least
    if not isinstance(node.value, list) or not least <= len(node.value) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise refused(node, f"{name} takes a list of {count}", f"a list of {count}")
    return node.value


def known(words: Iterable[str]) -> str:
    """Words that were expected, the first few."""
    return ", ".join(list(words)[:20])
