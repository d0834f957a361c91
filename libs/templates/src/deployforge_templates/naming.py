"""Names of resources from the names that templates give them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_LONGEST: Final = 63
_RESERVED: Final = frozenset({"parameters"})


def names(ids: Iterable[str], prefix: str = "") -> dict[str, str]:
    """Id → name: `WebServerSG` → `web-server-sg`. Ids that would have one name are told apart by digits of their own,
    so that a name never depends on the order of the ids."""
    listed = list(ids)
    plain = {id: prefix + _kebab(id) for id in listed}
    taken = Counter(plain.values())
    return {id: name if taken[name] == 1 and _fits(name) else _digits(name, id) for id, name in plain.items()}


def _kebab(id: str) -> str:
    return "-".join(word.lower() for word in _WORD.findall(id)) or "resource"


def _fits(name: str) -> bool:
    return len(name) <= _LONGEST and name not in _RESERVED


def _digits(name: str, id: str) -> str:
    return f"{name[: _LONGEST - 5].rstrip('-')}-{hashlib.sha256(id.encode()).hexdigest()[:4]}"
