"""Canonical spellings. Whatever leaves this service went through here, so that others compare plain values.

A value that holds a reference (`${orders.arn}`) is not known yet and is left as it is.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.domain.references import has_references

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES: Final = {
    "": 1, "B": 1, "K": 10**3, "KB": 10**3, "M": 10**6, "MB": 10**6, "G": 10**9, "GB": 10**9, "T": 10**12, "TB": 10**12,
    "Ki": 2**10, "KiB": 2**10, "Mi": 2**20, "MiB": 2**20, "Gi": 2**30, "GiB": 2**30, "Ti": 2**40, "TiB": 2**40,
}  # fmt: skip
_QUANTITY: Final = re.compile(r"\s*(\d+)\s*([A-Za-z]*)\s*")
_RELEASE: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Normaliser = Callable[[Any], Any]


class NotCanonical(ValueError):
    """A value cannot be read as what its property needs."""

    def __init__(self, value: object, expected: str, hint: str = "") -> None:
        super().__init__(f"{value!r} is not {expected}")
        self.expected = expected
        self.hint = hint


def known(rule: Normaliser) -> Normaliser:
    """`rule` for values that are known, and nothing for those that are references."""

    def apply(value: Any) -> Any:
        return value if has_references(value) else rule(value)

    return apply


def duration(value: Any) -> int:
    """Whole seconds: `30`, `"30"`, `"30s"`, `"5m"`, `"14d"`."""
    return _quantity(value, {"": 1, **_SECONDS}, "a duration such as 30s, 5m, 4d")


def size(value: Any) -> int:
    """Bytes: `262144`, `"256KiB"`, `"20Gi"`."""
    return _quantity(value, _BYTES, "a size such as 256KiB, 20Gi")


def multiple(rule: Normaliser, of: int, said: str) -> Normaliser:
    """`rule` for what is a multiple of something: `said` is what is expected, `whole days`."""

    def apply(value: Any) -> int:
        found = int(rule(value))
        if found % of:
            raise NotCanonical(value, said)
        return found

    return apply


days: Normaliser = multiple(duration, _SECONDS["d"], "a duration of whole days such as 7d")
gibibytes: Normaliser = multiple(size, _BYTES["Gi"], "a size of whole gibibytes such as 20Gi")
mebibytes: Normaliser = multiple(size, _BYTES["Mi"], "a size of whole mebibytes such as 256Mi")


def release(value: Any) -> str:
    """Major version of an engine, `16`, `8.0`: clouds choose and change what comes behind."""
    said = text(value)
    if _RELEASE.fullmatch(said) is None:
        raise NotCanonical(value, "a major version such as 16, 8.0", "the cloud chooses the patch")
    return said


def _quantity(value: Any, units: Mapping[str, int], expected: str) -> int:
    if isinstance(value, bool):
        raise NotCanonical(value, expected)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    matched = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if matched is None or matched[2] not in units:
        raise NotCanonical(value, expected)
    return int(matched[1]) * units[matched[2]]


def integer(value: Any) -> int:
    """A whole number, also when it is written as text."""
    return _quantity(value, {"": 1}, "a whole number")


def boolean(value: Any) -> bool:
    """True or False, also as the words that clouds use."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise NotCanonical(value, "true or false")


def text(value: Any) -> str:
    """A string; numbers are written out."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise NotCanonical(value, "a string")


def tags(value: Any) -> dict[str, str]:
    """Name → value, from a mapping or from a list of {Key, Value}."""
    if isinstance(value, Mapping):
        return {str(k): _tag(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        pairs = [(t.get("Key", t.get("key")), t.get("Value", t.get("value"))) for t in value if isinstance(t, Mapping)]
        if len(pairs) == len(value) and all(k is not None for k, _ in pairs):
            return {str(k): _tag(v) for k, v in pairs}
    raise NotCanonical(value, "a mapping of tag names to values")


def _tag(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # A text stays the text that it is: some say of themselves that they are not known yet.
    return "" if value is None else value if isinstance(value, str) else str(value)


def cidr(value: Any) -> str:
    """A network with its host bits cleared: `10.0.0.7/8` is `10.0.0.0/8`."""
    try:
        return str(ipaddress.ip_network(str(value).strip(), strict=False))
    except ValueError:
        raise NotCanonical(value, "a network such as 10.0.0.0/16") from None


def one_of(*words: str) -> Normaliser:
    """One of some words."""

    def rule(value: Any) -> str:
        if value in words:
            return str(value)
        raise NotCanonical(value, "one of " + ", ".join(words))

    return rule


def as_set(item: Normaliser) -> Normaliser:
    """A list without order or repetition: sorted by canonical JSON. A single value is a set of one."""

    def rule(value: Any) -> list[Any]:
        items = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
        unique = {key(v): v for v in map(item, items)}
        return [unique[k] for k in sorted(unique)]

    return rule


def key(value: Any) -> str:
    """Canonical JSON, to order and compare any value by."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_POLICY_SETS: Final = {"Action", "NotAction", "Resource", "NotResource"}


def policy(value: Any) -> Any:
    """An access policy: parsed; statements, actions and principals as sorted sets; one is written like many."""

    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise NotCanonical(value, "a JSON policy document") from None
    if not isinstance(value, Mapping):
        raise NotCanonical(value, "a policy document")
    statements = value.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return {**value, "Statement": sorted(map(_statement, listed), key=key)}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        raise NotCanonical(statement, "a policy statement")
    found: dict[str, Any] = {}
    for name, value in statement.items():
        if name in _POLICY_SETS:
            found[name] = _several(value)
        elif name in ("Principal", "NotPrincipal") and isinstance(value, Mapping):
            found[name] = {kind: _several(who) for kind, who in value.items()}
        elif name == "Condition" and isinstance(value, Mapping):
            found[name] = {op: {k: _several(v) for k, v in tests.items()} for op, tests in value.items()}
        else:
            found[name] = value
    return found


def _several(value: Any) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    texts = [_tag(v) if isinstance(v, bool | int) else v for v in items]
    unique = {key(v): v for v in texts}
    return [unique[k] for k in sorted(unique)]
