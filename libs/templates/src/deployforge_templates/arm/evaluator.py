"""Evaluates the expressions of a template: to plain values, to texts that are known later, or to a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.arm import referring, surroundings
from deployforge_templates.arm.functions import HANDING_ON, MOST_TEXT, PURE, formatted, joined_lists, text
from deployforge_templates.arm.known import settled, shown, untree, within
from deployforge_templates.arm.language import BadExpression, Call, Expression, Inside, Literal, is_expression, parse
from deployforge_templates.arm.scope import Runtime, Scope
from deployforge_templates.values import UNKNOWN, Later, at, joined, refused, tree

_NEVER: Final = {
    "newguid": "gives another value each time: give the value as a parameter",
    "utcnow": "gives another value each time: give the value as a parameter",
    "listkeys": "gives a secret of what is deployed",
    "listaccountsas": "gives a secret of what is deployed",
    "listservicesas": "gives a secret of what is deployed",
    "tenant": "is known to Azure alone",
    "managementgroup": "is known to Azure alone",
    "pickzones": "is known to Azure alone",
    "providers": "is known to Azure alone",
}
_LOOPS: Final = "copy"
_MOST_STEPS: Final = 200_000


def value(node: Node, scope: Scope) -> Node:
    """What `node` comes to, with its `copy` loops unrolled. Raises InvalidDocument."""
    if isinstance(node.value, dict):
        found = {key: value(child, scope) for key, child in node.value.items() if not _is_loops(key, child)}
        for key, child in node.value.items():
            if _is_loops(key, child):
                found |= loops(child, scope)
        return at(node, {_key(node, key, scope): child for key, child in found.items()})
    if isinstance(node.value, list):
        return at(node, [value(item, scope) for item in node.value])
    if isinstance(node.value, str):
        return tree(node, shown(node, plain(node, scope)))
    return node


def _key(node: Node, key: str, scope: Scope) -> str:
    if not key.startswith("["):
        return key
    line, column = node.keys.get(key, (node.line, node.column))
    place = Node(key, line, column, file=node.file)
    return str(settled(place, plain(place, scope), scope))


def _is_loops(key: str, node: Node) -> bool:
    return key == _LOOPS and isinstance(node.value, list)


def loops(node: Node, scope: Scope) -> dict[str, Node]:
    """The properties (or variables) that `copy` makes: a name and a list each."""
    found = {}
    for loop in node.value:
        fields = loop.value if isinstance(loop.value, dict) else {}
        if not {"name", "count", "input"} <= fields.keys():
            raise refused(loop, "a loop has name, count and input", "name, count, input")
        name, count = str(fields["name"].value), count_of(fields["count"], scope)
        found[name] = at(loop, [value(fields["input"], scope.within(name, index)) for index in range(count)])
    return found


def count_of(node: Node, scope: Scope) -> int:
    """How many turns a loop has."""
    count = settled(node, plain(node, scope), scope)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 800:
        raise refused(node, f"a loop has {text(count)} turns", "0 to 800")
    return count


def plain(node: Node, scope: Scope) -> Any:
    """What a node comes to, without places: plain values, Laters and Runtimes in it."""
    if isinstance(node.value, dict | list):
        return untree(value(node, scope))
    if not isinstance(node.value, str):
        return node.value
    if not is_expression(node.value):
        return node.value[1:] if node.value.startswith("[[") and node.value.endswith("]") else node.value
    try:
        return _Evaluation(node, scope).of(parse(node.value))
    except BadExpression as bad:
        raise refused(within(node, bad.at), f"in the expression {bad}", "an expression of ARM") from None


class _Evaluation:
    """One expression at its place."""

    def __init__(self, node: Node, scope: Scope) -> None:
        self._node, self._scope = node, scope
        self._own: Mapping[str, Callable[[Call, Node], Any]] = {
            "parameters": self._parameter, "variables": self._variable, "concat": self._concat, "format": self._format,
            "string": self._string, "if": self._if, "and": self._and, "or": self._or, "coalesce": self._coalesce,
            "copyindex": self._copy_index, "reference": self._reference, "resourceid": self._resource_id,
            "subscriptionresourceid": self._subscription_resource_id,
        }  # fmt: skip

    def of(self, expression: Expression) -> Any:
        match expression:
            case Literal():
                return expression.value
            case Call():
                return self._call(expression)
            case Inside():
                return self._inside(expression)

    def _call(self, call: Call) -> Any:
        name, where = call.name.lower(), within(self._node, call.at)
        self._scope.resources.steps += 1
        if self._scope.resources.steps > _MOST_STEPS:
            raise refused(where, f"more than {_MOST_STEPS} calls are evaluated", "a template that comes to an end")
        if name in self._own:
            return self._short(self._own[name](call, where), where)
        if name in surroundings.FUNCTIONS:
            return surroundings.FUNCTIONS[name](self._scope)
        if name not in PURE and name not in HANDING_ON:
            why = _NEVER.get(name) or (
                "lists secrets of what is deployed" if name.startswith("list") else "is not evaluated"
            )
            hint = nearest(call.name, [*PURE, *HANDING_ON, *self._own]) if name not in _NEVER else ""
            raise refused(where, f"{call.name} {why}", "a function that needs nothing but its arguments", hint)
        function, least, most = PURE.get(name) or HANDING_ON[name]
        self._count(call, where, least, most)
        given = [self.of(argument) for argument in call.arguments]
        given = [settled(where, one, self._scope) if name in PURE or self._looked_at(one) else one for one in given]
        try:
            return self._short(function(*given), where)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ZeroDivisionError, RecursionError) as error:
            raise refused(where, f"{call.name}: {error}", "arguments that it takes") from None

    def _short(self, found: Any, where: Node) -> Any:
        size = (
            len(found)
            if isinstance(found, str)
            else sum(len(str(p)) for p in found.parts)
            if isinstance(found, Later)
            else 0
        )
        if size > MOST_TEXT:
            raise refused(where, f"a text has more than {MOST_TEXT} characters", "a shorter text")
        return found

    def _looked_at(self, value: Any) -> bool:
        """Whether a function that hands on its arguments takes this one apart all the same."""
        return isinstance(value, Later) and isinstance(value.now, list | dict)

    def _count(self, call: Call, where: Node, least: int, most: int) -> None:
        if not least <= len(call.arguments) <= most:
            count = str(least) if least == most else f"at least {least}" if most > 9 else f"{least} to {most}"
            raise refused(where, f"{call.name} takes {count} arguments", f"{count} arguments")

    def _inside(self, inside: Inside) -> Any:
        found, where = self.of(inside.of), within(self._node, inside.at)
        key = settled(where, self.of(inside.key), self._scope)
        if isinstance(found, Later):
            found = settled(where, found, self._scope)
        if isinstance(found, Runtime):
            asked = replace(found, path=(*found.path, str(key)))
            output = referring.output(asked, where, self._scope)
            return asked if output is None else plain(*output)
        if isinstance(found, dict) and isinstance(key, str):
            spelt = {name.lower(): name for name in found}
            if key.lower() in spelt:
                return found[spelt[key.lower()]]
            words = ", ".join(list(found)[:20]) or "none"
            raise refused(where, f"there is no property {quoted(key)}", words, nearest(key, found))
        if isinstance(found, list) and isinstance(key, int) and 0 <= key < len(found):
            return found[key]
        raise refused(where, f"there is nothing at {quoted(key)}", "a property or an item that is there")

    # --- functions that know where they stand ---------------------------------------------------------

    def _name(self, call: Call, where: Node) -> str:
        self._count(call, where, 1, 1)
        return str(settled(where, self.of(call.arguments[0]), self._scope))

    def _parameter(self, call: Call, where: Node) -> Any:
        return self._scope.parameter(where, self._name(call, where))

    def _variable(self, call: Call, where: Node) -> Any:
        name = self._name(call, where)
        spelt = {known.lower(): node for known, node in self._scope.variables.items()}
        if name.lower() not in spelt:
            hint = nearest(name, self._scope.variables)
            raise refused(where, f"unknown variable {quoted(name)}", ", ".join(list(self._scope.variables)[:20]), hint)
        if name.lower() in self._scope.open:
            raise refused(where, f"variable {quoted(name)} needs itself", "no circle")
        return plain(spelt[name.lower()], replace(self._scope, open=(*self._scope.open, name.lower())))

    def _concat(self, call: Call, where: Node) -> Any:
        self._count(call, where, 1, 1000)
        given = [self.of(argument) for argument in call.arguments]
        given = [settled(where, one, self._scope) if self._looked_at(one) else one for one in given]
        if all(isinstance(one, list) for one in given):
            return joined_lists(given)
        return joined([self._text(one, where) for one in given])

    def _format(self, call: Call, where: Node) -> Any:
        self._count(call, where, 1, 1000)
        pattern, *given = [self.of(argument) for argument in call.arguments]
        texts = [self._text(one, where) for one in given]
        try:
            pieces = formatted(str(settled(where, pattern, self._scope)), texts)
        except ValueError as error:
            raise refused(where, f"format: {error}", "{0}, {1} and so on") from None
        return joined([piece if isinstance(piece, str) else texts[piece] for piece in pieces])

    def _string(self, call: Call, where: Node) -> Any:
        self._count(call, where, 1, 1)
        return self._text(self.of(call.arguments[0]), where)

    def _text(self, found: Any, where: Node) -> Any:
        found = shown(where, found)
        if isinstance(found, Later) and (found.now is UNKNOWN or isinstance(found.now, str)):
            return found
        return text(settled(where, found, self._scope))

    def _truth(self, call: Call, argument: Expression, where: Node) -> bool:
        found = settled(where, self.of(argument), self._scope)
        if not isinstance(found, bool):
            raise refused(where, f"{call.name}: {text(found)} is neither true nor false", "true or false")
        return found

    def _if(self, call: Call, where: Node) -> Any:
        self._count(call, where, 3, 3)
        test, yes, no = call.arguments
        return self.of(yes if self._truth(call, test, where) else no)

    def _and(self, call: Call, where: Node) -> bool:
        return all(self._truth(call, argument, where) for argument in call.arguments)

    def _or(self, call: Call, where: Node) -> bool:
        return any(self._truth(call, argument, where) for argument in call.arguments)

    def _coalesce(self, call: Call, where: Node) -> Any:
        for argument in call.arguments:
            if (found := self.of(argument)) is not None:
                return found
        return None

    def _copy_index(self, call: Call, where: Node) -> int:
        given = [settled(where, self.of(argument), self._scope) for argument in call.arguments]
        loop = next((one for one in given if isinstance(one, str)), "")
        return self._scope.index(where, loop) + sum(one for one in given if isinstance(one, int))

    def _resource_id(self, call: Call, where: Node) -> Any:
        given = [self.of(argument) for argument in call.arguments]
        words = [str(settled(where, one, self._scope, fix=False)) for one in given]
        found = referring.reference_of(referring.id(where, words, self._scope.group), self._scope)
        if not isinstance(found, Later):
            settled(where, given, self._scope)  # Nothing follows the parameters in this id.
        return found

    def _subscription_resource_id(self, call: Call, where: Node) -> Any:
        words = [str(settled(where, self.of(argument), self._scope)) for argument in call.arguments]
        return referring.id(where, words, self._scope.group.partition("/resourceGroups/")[0])

    def _reference(self, call: Call, where: Node) -> Any:
        self._count(call, where, 1, 3)
        if len(call.arguments) == 3:
            raise refused(where, "reference with 'Full' tells more than properties", "reference without it")
        word = str(settled(where, self.of(call.arguments[0]), self._scope, fix=False))
        return referring.runtime(where, word, self._scope)
