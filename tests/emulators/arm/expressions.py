"""Template expressions: `[concat(parameters('a'), '-', resourceGroup().location)]`.

The language and its functions: Microsoft Learn, "ARM template functions". A function that is not modelled is refused
by its name, so that no template is evaluated to something that Azure would not.
"""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.emulators.arm.replies import Refused

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?\d+)|'(?P<text>(?:[^']|'')*)'|(?P<mark>[()\[\],.]))"
)
_UUID_NAMESPACE: Final = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_DIGITS: Final = "abcdefghijklmnopqrstuvwxyz234567"

Function = Callable[..., Any]


class Unknown:
    """What a resource will say of itself; asked for anything, it is as unknown."""

    def __str__(self) -> str:
        return ""


def invalid(message: str, path: str = "") -> Refused:
    """A template that cannot be used; `path` is where, if it is known."""
    said = f"Deployment template validation failed: '{message}'."
    return Refused(400, "InvalidTemplate", said, violated=path)


def evaluate(value: Any, functions: Mapping[str, Function]) -> Any:
    """The value with every expression in it replaced by what it says. `[[` at the start is a literal `[`."""
    if isinstance(value, str):
        if value.startswith("[[") and value.endswith("]"):
            return value[1:]
        if value.startswith("[") and value.endswith("]"):
            return _Reader(value[1:-1], functions).whole()
        return value
    if isinstance(value, Mapping):
        return {evaluate(name, functions): evaluate(inner, functions) for name, inner in value.items()}
    return [evaluate(inner, functions) for inner in value] if isinstance(value, list) else value


class _Reader:
    """Recursive descent over one expression, evaluating as it reads; the branches of `if` are both read, the one not
    taken with nothing called."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._text, self._at, self._functions, self._asleep = text, 0, functions, 0

    def whole(self) -> Any:
        found = self._expression()
        if self._text[self._at :].strip():
            raise invalid(f"unable to parse expression '{self._text}' at position {self._at}")
        return found

    def _expression(self) -> Any:
        token = self._next()
        if token.group("text") is not None:
            found: Any = token.group("text").replace("''", "'")
        elif token.group("number"):
            found = int(token.group("number"))
        elif token.group("name") and self._peek() == "(":
            found = self._call(token.group("name"))
        elif token.group("name") in ("true", "false", "null"):
            found = {"true": True, "false": False, "null": None}[token.group("name")]
        else:
            raise invalid(f"unable to parse expression '{self._text}' at position {self._at}")
        while self._peek() in (".", "["):
            found = self._inside(found)
        return found

    def _call(self, name: str) -> Any:
        self._next()
        function = self._functions.get(name.lower())
        if function is None:
            raise invalid(f"The template function '{name}' is not modelled by this emulator")
        arguments: list[Any] = []
        while self._peek() != ")":
            # Only the branch that is taken may look things up.
            skip = name.lower() == "if" and bool(arguments) and len(arguments) == (2 if arguments[0] else 1)
            self._asleep += skip
            arguments.append(self._expression())
            self._asleep -= skip
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise invalid(f"expected ',' or ')' in '{self._text}' at position {self._at}")
        self._next()
        if self._asleep:
            return None
        try:
            return function(*arguments)
        except Refused:
            raise
        except Exception as error:
            raise invalid(f"The template function '{name}' is not valid here: {error}") from error

    def _inside(self, value: Any) -> Any:
        if self._next().group("mark") == ".":
            name: Any = self._next().group("name")
        else:
            name = self._expression()
            if self._peek() != "]":
                raise invalid(f"expected ']' in '{self._text}' at position {self._at}")
            self._next()
        if self._asleep:
            return None
        if isinstance(value, Unknown):
            return value
        try:
            return value[name] if isinstance(name, int) else _property(value, name)
        except (KeyError, IndexError, TypeError):
            there = ", ".join(value) if isinstance(value, Mapping) else type(value).__name__
            raise invalid(
                f"The language expression property '{name}' doesn't exist, available properties are '{there}'"
            ) from None

    def _peek(self) -> str:
        return self._text[self._at :].lstrip()[:1]

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self._text, self._at)
        if token is None:
            raise invalid(f"unable to parse expression '{self._text}' at position {self._at}")
        self._at = token.end()
        return token


def _property(value: Any, name: str) -> Any:
    low = {k.lower(): k for k in value}
    return value[low[name.lower()]]


def _concat(*parts: Any) -> Any:
    if parts and all(isinstance(p, list) for p in parts):
        return [item for part in parts for item in part]
    return "".join(text(p) for p in parts)


def text(value: Any) -> str:
    """As ARM writes a value into text."""
    if isinstance(value, bool):
        return str(value)
    return str(value) if isinstance(value, str | Unknown) else json.dumps(value, separators=(",", ":"))


def unique(*parts: str) -> str:
    """A hash of 13 characters like `uniqueString`; the same for the same arguments, not Azure's own value."""
    number = int.from_bytes(hashlib.sha256("-".join(parts).encode()).digest()[:9], "big")
    return "".join(_DIGITS[number >> 5 * i & 31] for i in range(13))


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda m: text(values[int(m[1])]), pattern)


def _union(*values: Any) -> Any:
    if all(isinstance(v, Mapping) for v in values):
        return {k: v for value in values for k, v in value.items()}
    return list(dict.fromkeys(item for value in values for item in value))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)


def _contains(where: Any, what: Any) -> bool:
    return what in where if not isinstance(where, Mapping) else str(what).lower() in map(str.lower, where)


def _take(value: Sequence[Any], count: int) -> Any:
    return value[: max(0, count)]


def _skip(value: Sequence[Any], count: int) -> Any:
    return value[max(0, count) :]


#: Functions that look at nothing but their arguments.
PURE: Final[Mapping[str, Function]] = {
    "concat": _concat, "tolower": str.lower, "toupper": str.upper, "trim": str.strip, "length": len,
    "replace": str.replace, "join": lambda items, by: by.join(map(text, items)), "format": _format,
    "split": lambda value, by: re.split("|".join(map(re.escape, [by] if isinstance(by, str) else by)), value),
    "first": lambda value: value[0], "last": lambda value: value[-1], "take": _take, "skip": _skip,
    "substring": lambda value, at, count=None: value[at:] if count is None else value[at : at + count],
    "startswith": lambda value, what: value.lower().startswith(what.lower()),
    "endswith": lambda value, what: value.lower().endswith(what.lower()),
    "contains": _contains, "empty": lambda value: not value, "equals": _same, "not": lambda value: not value,
    "and": lambda *values: all(values), "or": lambda *values: any(values), "if": lambda test, yes, no: yes if test else no,
    "coalesce": lambda *values: next((v for v in values if v is not None), None),
    "string": text, "int": int, "bool": lambda value: str(value).lower() in ("true", "1"), "json": json.loads,
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "union": _union, "createarray": lambda *items: list(items), "null": lambda: None,
    "createobject": lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)), "true": lambda: True, "false": lambda: False,
    "base64": lambda value: base64.b64encode(value.encode()).decode(), "uniquestring": unique,
    "guid": lambda *parts: str(uuid.uuid5(_UUID_NAMESPACE, "-".join(parts))), "uri": lambda base, rest: base.rstrip("/") + "/" + rest.lstrip("/"),
}  # fmt: skip


def resource_id(subscription: str, group: str | None, arguments: Sequence[str]) -> str:
    """`resourceId('NS/T1/T2', n1, n2)`, with the subscription and the group before the type when they are others."""
    at = next((i for i, a in enumerate(arguments) if "/" in a), None)
    if at is None or at > 2:
        raise ValueError("no resource type among the arguments")
    outer, type_, names = arguments[:at], arguments[at], arguments[at + 1 :]
    if outer and group is not None:
        subscription, group = (outer[0], outer[1]) if at == 2 else (subscription, outer[0])
    elif outer:
        subscription = outer[0]
    namespace, *types = type_.split("/")
    if len(types) != len(names):
        raise ValueError(f"{type_} needs {len(types)} names, there are {len(names)}")
    here = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    return f"{here}/providers/{namespace}" + "".join(f"/{t}/{n}" for t, n in zip(types, names, strict=True))
