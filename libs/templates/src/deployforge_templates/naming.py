"""Names of resources from the names that templates give them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 63
_RESERVED: Final = frozenset({"parameters"})


def names(ids: Iterable[str], prefix: str = "") -> dict[str, str]:
    """Id → name: `WebServerSG` → `web-server-sg`. See `apart`."""
    return apart({id: _kebab(id) for id in ids}, prefix)


def spelt(name: str) -> str:
    """A name with nothing in it but what a name may hold: `Vnet_1/inner` → `vnet-1-inner`."""
    return _OTHER.sub("-", name.lower()).strip("-") or "resource"


def apart(wanted: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    """Id → name, from the name that each would have. Those that would have the same are told apart by digits of their
    own, so that a name never depends on the order of the ids."""
    plain = {id: prefix + name for id, name in wanted.items()}
    taken = Counter(plain.values())
    return {id: name if taken[name] == 1 and _fits(name) else _digits(name, id) for id, name in plain.items()}


def _kebab(id: str) -> str:
    return "-".join(word.lower() for word in _WORD.findall(id)) or "resource"


def _fits(name: str) -> bool:
    return len(name) <= _LONGEST and name not in _RESERVED


def _digits(name: str, id: str) -> str:
    return f"{name[: _LONGEST - 5].rstrip('-')}-{hashlib.sha256(id.encode()).hexdigest()[:4]}"
