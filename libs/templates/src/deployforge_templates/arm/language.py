"""The expressions of ARM templates, `[concat(parameters('a'), '-x')]`, as trees.

Source: Microsoft Learn, "Syntax and expressions in ARM templates".
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?\d+)|'(?P<text>(?:[^']|'')*)'|(?P<mark>[()\[\],.]))"
)
_DEEPEST: Final = 64


class BadExpression(ValueError):
    """Text that is no expression; `at` is how far into it."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class Literal:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True)
class Call:
    """A function with its arguments; `at` is where its name stands in the expression."""

    name: str
    arguments: tuple["Expression", ...]
    at: int


@dataclass(frozen=True)
class Inside:
    """A property or an item of a value."""

    of: "Expression"
    key: "Expression"
    at: int


Expression = Literal | Call | Inside


def is_expression(text: str) -> bool:
    """Whether a text of a template is one; `[[` begins a literal `[`."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression in `[…]`. Raises BadExpression."""
    reader = _Reader(text)
    found = reader.expression(0)
    reader.end()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._end, self._at = text, len(text) - 1, 1

    def expression(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise BadExpression(f"is nested deeper than {_DEEPEST} levels", self._at)
        token = self._next()
        found: Expression
        if token["text"] is not None:
            found = Literal(token["text"].replace("''", "'"))
        elif token["number"]:
            found = Literal(int(token["number"]))
        elif token["name"]:
            found = self._call(token, depth)
        else:
            raise BadExpression(f"{token['mark']} is not expected", token.start("mark"))
        while self._peek() in (".", "["):
            found = self._inside(found, depth)
        return found

    def _call(self, token: re.Match[str], depth: int) -> Call:
        name, at = token["name"], token.start("name")
        while self._peek() == ".":  # The name of a function of the template's own.
            self._next()
            name += f".{self._next()['name']}"
        if self._peek() != "(":
            raise BadExpression(f"{name} is no function", at)
        self._next()
        arguments = []
        while self._peek() != ")":
            arguments.append(self.expression(depth + 1))
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise BadExpression("a comma or ) is missing", self._at)
        self._next()
        return Call(name, tuple(arguments), at)

    def _inside(self, found: Expression, depth: int) -> Inside:
        mark = self._next()
        if mark["mark"] == ".":
            name = self._next()
            if not name["name"]:
                raise BadExpression("the name of a property is missing", name.start())
            return Inside(found, Literal(name["name"]), mark.start("mark"))
        key = self.expression(depth + 1)
        if self._peek() != "]":
            raise BadExpression("a ] is missing", self._at)
        self._next()
        return Inside(found, key, mark.start("mark"))

    def end(self) -> None:
        if self._text[self._at : self._end].strip():
            raise BadExpression("the expression has ended here", self._at)

    def _peek(self) -> str:
        return self._text[self._at : self._end].lstrip()[:1]

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self._text, self._at, self._end)
        if token is None:
            raise BadExpression("this is not understood", self._at)
        self._at = token.end()
        return token
