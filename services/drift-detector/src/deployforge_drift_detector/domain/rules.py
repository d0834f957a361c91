"""The manifest's own rules about drift: what is not looked at, and how bad something is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache

from deployforge_chassis.canonical import digest, dumps

from deployforge_drift_detector.domain.compare import Difference
from deployforge_drift_detector.domain.condition import ALWAYS, Condition
from deployforge_drift_detector.domain.levels import Severity


@dataclass(frozen=True)
class IgnoreRule:
    """Differences at paths that match are no drift, under a condition and until a moment if these are given."""

    resource: str
    path: str
    reason: str = ""
    until: datetime | None = None
    when: Condition = ALWAYS

    @property
    def id(self) -> str:
        """The same for as long as the rule hides the same; its reason and its end may change."""
        return digest(dumps([self.resource, self.path, self.when.words]))[-16:]

    def active(self, now: datetime) -> bool:
        """Whether the rule (still) holds."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class SeverityRule:
    """Differences at paths that match are as bad as this says, whatever the shipped rules say."""

    resource: str
    path: str
    level: Severity


@dataclass(frozen=True)
class PolicyRule:
    """The operator's word on how bad differences are, whatever a deployment's manifest says or leaves unsaid."""

    name: str
    path: str
    level: Severity
    floor: bool = False
    """It is at least so bad, even where the manifest says that it is less; otherwise the manifest has the last word."""
    namespace: str = "*"
    deployment: str = "*"
    type: str = "*"
    resource: str = "*"

    def concerns(self, namespace: str, deployment: str, type: str, resource: str) -> bool:
        """Whether it speaks of a resource at all."""
        asked = ((self.namespace, namespace), (self.deployment, deployment), (self.resource, resource))
        return all(matches(pattern, name) for pattern, name in asked) and fnmatchcase(type, self.type)


def hiding(rules: Iterable[IgnoreRule], resource: str, difference: Difference) -> IgnoreRule | None:
    """The first of `rules` that hides a difference."""
    return next((rule for rule in rules if _hides(rule, resource, difference)), None)


def hiding_all(rules: Iterable[IgnoreRule], resource: str) -> IgnoreRule | None:
    """The first of `rules` that hides everything about a resource, also that it is missing."""
    return next(
        (rule for rule in rules if rule.path == "**" and rule.when == ALWAYS and matches(rule.resource, resource)), None
    )


def _hides(rule: IgnoreRule, resource: str, difference: Difference) -> bool:
    return covers(rule.path, difference.path) and matches(rule.resource, resource) and rule.when.holds(difference)


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
