"""Which of a manifest's drift rules and outputs concern a resource."""

import json
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Any

from deployforge_chassis import canonical

from deployforge_state_manager.domain.resource import Watching

_DEFAULT_SECONDS = 60


def watching(drift_json: str, resource: str, output_uses: Mapping[str, Collection[str]] | None = None) -> Watching:
    """The part of the manifest's drift section that names this resource (by glob), and the outputs that refer to it."""
    drift: dict[str, Any] = json.loads(drift_json or "{}")
    return Watching(
        every_seconds=int(drift.get("every") or _DEFAULT_SECONDS),
        ignore_json=_concerning(drift.get("ignore"), resource),
        severity_json=_concerning(drift.get("severity"), resource),
        outputs=tuple(sorted(output for output, used in (output_uses or {}).items() if resource in used)),
    )


def _concerning(rules: list[dict[str, Any]] | None, resource: str) -> str:
    return canonical.dumps([rule for rule in rules or [] if fnmatchcase(resource, rule.get("resource") or "*")])
