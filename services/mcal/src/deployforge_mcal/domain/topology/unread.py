"""What bears on networks and is not read: Terraform's resources speak the words of every provider there is.

Kept of them is only what they mention. Where that is something a way leads by, a yes would be a guess.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployforge_mcal.domain.topology.wiring import Unread, Wired

_PROVIDER: Final = "terraform"
_WORDS: Final = re.compile(r"vpc|network|subnet|security|firewall|acl|nsg|rout|peer|vpn|gateway|(^|_)nat(_|$)|^module$")
#: Of a longer text nobody's id is the whole.
_LONGEST: Final = 500
_MENTIONS: Final = "mentions"


def bears(provider_type: str, type: str) -> bool:
    """Whether a resource may have a part in networks that nobody here can tell."""
    return provider_type == _PROVIDER and _WORDS.search(type.partition("/")[2]) is not None


def reduced(properties: Any) -> dict[str, Any]:
    """What is kept: every text that could be an id."""
    return {_MENTIONS: sorted({text for text in _texts(properties) if 0 < len(text) <= _LONGEST})}


def part(of: Wired) -> Unread:
    """What it mentions. `of.properties` are reduced."""
    return Unread(of.urn, of.type, frozenset(of.properties.get(_MENTIONS, ())))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _texts(inner)
