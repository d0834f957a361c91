"""Which of a manifest's drift rules concern a resource."""

import json
from fnmatch import fnmatchcase
from typing import Any

from deployforge_chassis import canonical

from deployforge_state_manager.domain.resource import Watching

_DEFAULT_SECONDS = 60


def watching(drift_json: str, resource: str) -> Watching:
    """The part of the manifest's drift section that names this resource (by glob)."""
    drift: dict[str, Any] = json.loads(drift_json or "{}")
    return Watching(
        every_seconds=int(drift.get("every") or _DEFAULT_SECONDS),
        ignore_json=_concerning(drift.get("ignore"), resource),
        severity_json=_concerning(drift.get("severity"), resource),
    )


def _concerning(rules: list[dict[str, Any]] | None, resource: str) -> str:
    return canonical.dumps([rule for rule in rules or [] if fnmatchcase(resource, rule.get("resource") or "*")])
