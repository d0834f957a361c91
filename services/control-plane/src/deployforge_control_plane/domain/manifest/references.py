"""References in strings: `${name.attribute}`, `${parameters.name}`, and `$${` for a literal `${`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PARAMETERS: Final = "parameters"
"""The word before the dot that names a parameter, so that no resource may be called so."""

_MARK: Final = re.compile(r"\$\$\{|\$\{")
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9-]{1,63})\.([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)\}")


@dataclass(frozen=True)
class Reference:
    """A reference, or (`name` empty) a text that begins like one and is none. Positions are within the string."""

    name: str
    attribute: str
    start: int
    end: int


def references(text: str) -> Iterator[Reference]:
    """Every reference in `text`, in order; escaped ones are passed over."""
    at = 0
    while (mark := _MARK.search(text, at)) is not None:
        at = mark.end()
        if mark[0] == "$${":
            continue
        found = _REFERENCE.match(text, mark.start())
        if found is None:
            yield Reference("", "", mark.start(), mark.end())
            continue
        at = found.end()
        yield Reference(found[1], found[2], found.start(), found.end())
