"""The portable words for sizes of machines in AWS's classes; any other class is called by AWS's own name."""

from collections.abc import Mapping
from typing import Final

_CLASSES: Final[Mapping[str, str]] = {"small": "t3.small", "medium": "t3.medium", "large": "m5.large"}
_WORDS: Final = {native: word for word, native in _CLASSES.items()}


def native_class(size: str, prefix: str = "") -> str:
    """`small` with the prefix `db.` is `db.t3.small`."""
    return prefix + _CLASSES[size] if size in _CLASSES else size


def portable_size(native: str, prefix: str = "") -> str:
    """The reverse."""
    return _WORDS.get(native.removeprefix(prefix), native)
