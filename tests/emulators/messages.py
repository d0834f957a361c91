"""What an emulator is asked and what it answers, free of the web server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ask:
    """One request. `path` is as it was sent, `query` has lower-case names, `headers` too."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    host: str = ""
    """Scheme and authority by which the caller found us, for the URLs in long-running operations."""


@dataclass(frozen=True)
class Reply:
    """One answer; a body of None is an empty one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
