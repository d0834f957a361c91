"""The manifest's own rules about drift: what is not looked at, and how bad something is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from deployforge_drift_detector.domain.levels import Severity


@dataclass(frozen=True)
class IgnoreRule:
    """Differences at paths that match are no drift, until a moment if one is given."""

    resource: str
    path: str
    reason: str = ""
    until: datetime | None = None

    def active(self, now: datetime) -> bool:
        """Whether the rule (still) holds."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class SeverityRule:
    """Differences at paths that match are as bad as this says, whatever the shipped rules say."""

    resource: str
    path: str
    level: Severity


def ignored(rules: Iterable[IgnoreRule], resource: str, path: str) -> bool:
    """Whether one of `rules` covers the path."""
    return any(covers(rule.path, path) and matches(rule.resource, resource) for rule in rules)


def matches(pattern: str, name: str) -> bool:
    """Glob over a resource's name: `*` any characters, `?` one."""
    return _compiled(pattern).fullmatch(name) is not None


def covers(pattern: str, path: str) -> bool:
    """Whether a path glob matches `path` or something it lies below.

    `*` stays within one segment, `**` crosses dots, and `**.` may also stand for nothing: `**.public*` matches
    `publicAccess` as well as `network.publicIp`.
    """
    parts = path.split(".")
    compiled = _compiled(pattern)
    return any(compiled.fullmatch(".".join(parts[:end])) for end in range(1, len(parts) + 1))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    out, at = "", 0
    while at < len(pattern):
        for token, meaning in (("**.", r"(?:.*\.)?"), ("**", ".*"), ("*", r"[^.]*"), ("?", r"[^.]")):
            if pattern.startswith(token, at):
                out, at = out + meaning, at + len(token)
                break
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return re.compile(out, re.DOTALL)
