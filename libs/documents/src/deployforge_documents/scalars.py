"""Plain scalars as the core schema of YAML 1.2 reads them."""

import re
from typing import Final

_BIGGEST_INTEGER: Final = 2**63 - 1
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class NotStorable(ValueError):
    """A number that has no place in JSON or in 64 bits."""

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.expected = expected


def value(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar stands for. Raises NotStorable."""
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _NOT_A_NUMBER.fullmatch(text):
        raise NotStorable(f"{text} is not a number that can be stored", "a number")
    if _FLOAT.fullmatch(text):
        real = float(text)
        if real in (float("inf"), float("-inf")):
            raise NotStorable("is too big a number", "a number")
        return real
    return text


def _integer(text: str) -> int:
    if len(text) <= 24:
        number = int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        if abs(number) <= _BIGGEST_INTEGER:
            return number
    raise NotStorable("is too big a number", "at most 64 bits")
