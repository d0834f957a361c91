"""Functions of ARM templates that look at nothing but their arguments, on plain values.

Source: Microsoft Learn, "ARM template functions". One that is not here is refused by its name.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

from deployforge_templates.arm import hashes

Function = Callable[..., Any]
_MOST: Final = 10_000
"""Items that `range` makes at most, as Azure has it."""
MOST_TEXT: Final = 4 * 1024 * 1024
"""Characters of a text: templates that double a text forty times are no templates."""


def text(value: Any) -> str:
    """A value as Azure writes it into a text."""
    if isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def formatted(pattern: str, values: Sequence[str]) -> list[str | int]:
    """A format as its texts and the positions of its arguments. Raises ValueError for a format of a number."""
    pieces: list[str | int] = []
    for piece in re.split(r"(\{\{|\}\}|\{[^}]*\})", pattern):
        if piece in ("{{", "}}"):
            pieces.append(piece[0])
        elif piece.startswith("{"):
            if not re.fullmatch(r"\{[0-9]{1,3}\}", piece) or int(piece[1:-1]) >= len(values):
                raise ValueError(f"{piece} is no position of an argument")
            pieces.append(int(piece[1:-1]))
        else:
            pieces.append(piece)
    return pieces


def joined_lists(values: Sequence[Any]) -> list[Any]:
    """The items of all lists."""
    return [item for value in values for item in value]


def union(*values: Any) -> Any:
    """Mappings laid over each other, inner ones too; of lists every item once."""
    if all(isinstance(value, dict) for value in values):
        found: dict[str, Any] = {}
        for value in values:
            for name, inner in value.items():
                both = isinstance(found.get(name), dict) and isinstance(inner, dict)
                found[name] = union(found[name], inner) if both else inner
        return found
    return _once(joined_lists(values))


def _once(items: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def _intersection(first: Any, *others: Any) -> Any:
    if isinstance(first, dict):
        return {k: v for k, v in first.items() if all(k in other and other[k] == v for other in others)}
    return [item for item in _once(first) if all(item in other for other in others)]


def _substring(value: str, at: int, count: int | None = None) -> str:
    count = len(value) - at if count is None else count
    if not 0 <= at <= len(value) or not 0 <= count <= len(value) - at:
        raise ValueError(f"{at} and {count} do not lie within {len(value)} characters")
    return value[at : at + count]


def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= _MOST:
        raise ValueError(f"{count} items: 0 to {_MOST} can be made")
    return list(range(start, start + count))


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, dict):
        return str(what).lower() in (name.lower() for name in where)
    return (text(what) if isinstance(where, str) else what) in where


def _least(choose: Callable[..., Any]) -> Function:
    return lambda *values: choose(values[0] if len(values) == 1 and isinstance(values[0], list) else values)


def _index(where: Any, what: Any) -> int:
    if isinstance(where, str):
        return where.lower().find(what.lower())
    return next((at for at, item in enumerate(where) if item == what), -1)


def _replaced(value: str, old: str, new: str) -> str:
    if value.count(old) * len(new) > MOST_TEXT:
        raise ValueError("the text becomes too long")
    return value.replace(old, new)


def _padded(value: Any, width: int, by: str = " ") -> str:
    if width > _MOST:
        raise ValueError(f"at most {_MOST} characters")
    return text(value).rjust(width, by)


def _end(at: int) -> Function:
    def one(value: Any) -> Any:
        return value[at] if value else ("" if isinstance(value, str) else None)

    return one


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{text(value)} is no whole number")
    return int(value)


def _bool(value: Any) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    return words[text(value).lower()]


def _subnet(network: str, length: int, index: int) -> str:
    whole = ipaddress.ip_network(network)
    if not whole.prefixlen <= length <= whole.max_prefixlen or not 0 <= index < 2 ** (length - whole.prefixlen):
        raise ValueError(f"{network} has no network {index} of length {length}")
    first = int(whole.network_address) + index * 2 ** (whole.max_prefixlen - length)
    return f"{ipaddress.ip_address(first)}/{length}"


def _host(network: str, index: int) -> str:
    whole = ipaddress.ip_network(network)
    if not 0 <= index < whole.num_addresses - 1:
        raise ValueError(f"{network} has no host {index}")
    return str(whole.network_address + index + 1)


def _divided(one: int, other: int) -> int:
    return int(one / other) if abs(one) < 2**52 else one // other


#: Name → function, how many arguments it takes at least and at most.
PURE: Final[Mapping[str, tuple[Function, int, int]]] = {
    "tolower": (str.lower, 1, 1), "toupper": (str.upper, 1, 1), "trim": (str.strip, 1, 1), "length": (len, 1, 1),
    "replace": (_replaced, 3, 3), "join": (lambda items, by: by.join(map(text, items)), 2, 2),
    "split": (lambda value, by: re.split("|".join(map(re.escape, [by] if isinstance(by, str) else by)), value), 2, 2),
    "substring": (_substring, 2, 3), "contains": (_contains, 2, 2), "empty": (lambda value: not value, 1, 1),
    "startswith": (lambda value, what: value.lower().startswith(what.lower()), 2, 2),
    "endswith": (lambda value, what: value.lower().endswith(what.lower()), 2, 2),
    "indexof": (_index, 2, 2),
    "lastindexof": (lambda value, what: value.lower().rfind(what.lower()), 2, 2),
    "padleft": (_padded, 2, 3),
    "equals": (lambda one, other: one == other and isinstance(one, bool) == isinstance(other, bool), 2, 2),
    "not": (lambda value: not _bool(value), 1, 1),
    "greater": (lambda a, b: a > b, 2, 2), "greaterorequals": (lambda a, b: a >= b, 2, 2),
    "less": (lambda a, b: a < b, 2, 2), "lessorequals": (lambda a, b: a <= b, 2, 2),
    "int": (_int, 1, 1), "bool": (_bool, 1, 1), "json": (json.loads, 1, 1), "true": (lambda: True, 0, 0),
    "false": (lambda: False, 0, 0), "null": (lambda: None, 0, 0),
    "add": (lambda a, b: a + b, 2, 2), "sub": (lambda a, b: a - b, 2, 2), "mul": (lambda a, b: a * b, 2, 2),
    "div": (_divided, 2, 2), "mod": (lambda a, b: a - _divided(a, b) * b, 2, 2),
    "min": (_least(min), 1, _MOST), "max": (_least(max), 1, _MOST), "range": (_range, 2, 2),
    "intersection": (_intersection, 2, _MOST),
    "base64": (lambda value: base64.b64encode(value.encode()).decode(), 1, 1),
    "base64tostring": (lambda value: base64.b64decode(value, validate=True).decode(), 1, 1),
    "base64tojson": (lambda value: json.loads(base64.b64decode(value, validate=True)), 1, 1),
    "uri": (urljoin, 2, 2), "uricomponent": (lambda value: quote(value, safe="-_.~"), 1, 1),
    "uricomponenttostring": (unquote, 1, 1),
    "uniquestring": (hashes.unique_string, 1, _MOST), "guid": (hashes.guid, 1, _MOST),
    "cidrsubnet": (_subnet, 3, 3), "cidrhost": (_host, 2, 2),
    "items": (lambda value: [{"key": name, "value": value[name]} for name in sorted(value, key=str.lower)], 1, 1),
}  # fmt: skip

#: Functions that hand on what they are given, without looking into it.
HANDING_ON: Final[Mapping[str, tuple[Function, int, int]]] = {
    "createarray": (lambda *items: list(items), 0, _MOST),
    "createobject": (lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)), 0, _MOST),
    "array": (lambda value: value if isinstance(value, list) else [value], 1, 1),
    "first": (_end(0), 1, 1), "last": (_end(-1), 1, 1), "union": (union, 1, _MOST),
    "take": (lambda value, count: value[: max(0, count)], 2, 2),
    "skip": (lambda value, count: value[max(0, count) :], 2, 2),
    "flatten": (lambda value: joined_lists([item if isinstance(item, list) else [item] for item in value]), 1, 1),
}  # fmt: skip
