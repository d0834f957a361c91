"""Keeps secrets out of logs: whatever stands under a name that sounds secret is not written."""

import re
from collections.abc import Mapping
from typing import Any, Final

HIDDEN: Final = "[hidden]"

_SECRET_NAME: Final = re.compile(
    r"secret|passw(or)?d|passphrase|token|api[-_]?key|access[-_]?key|private[-_]?key|key[-_]?material"
    r"|authori[sz]ation|cookie|credentials?$|deployforge-principal|database[-_]?url|dsn",
    re.IGNORECASE,
)
_NAMES_A_REFERENCE: Final = re.compile(r"(ref|_id|name|count)$", re.IGNORECASE)
_DEEPEST: Final = 8


def sounds_secret(name: str) -> bool:
    """Whether a value under this name must not be shown; `credentialRef` and `token_id` only point at one."""
    return bool(_SECRET_NAME.search(name)) and not _NAMES_A_REFERENCE.search(name)


def redact(value: Any, depth: int = 0) -> Any:
    """A copy of `value` in which everything under a secret-sounding key is hidden, at any depth up to 8."""
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if isinstance(key, str) and sounds_secret(key) else redact(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(inner, depth + 1) for inner in value]
    return value
