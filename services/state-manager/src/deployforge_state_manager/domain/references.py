"""What a declared resource takes from others: `${name.attribute}` inside its strings, where `$${` is a literal `${`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from deployforge_state_manager.domain.resource import ResourceState

_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([a-z0-9][a-z0-9-]*)\.([A-Za-z0-9_.]+)\}")
_PARTS: Final = {"properties": "", "native": "native", "initial": "initial"}
"""Where a declaration may refer, and how paths there begin."""


@dataclass(frozen=True)
class Reference:
    """A property that takes its value, or a part of it, from another resource of the deployment."""

    path: str
    urn: str
    attribute: str


def references(state: ResourceState) -> list[Reference]:
    """In the order of their paths; none of a resource whose declaration was not kept."""
    declared = json.loads(state.spec_json or "{}")
    deployment = state.urn.rpartition(":")[0]
    return sorted(
        {
            Reference(path, f"{deployment}:{name}", attribute)
            for part, prefix in _PARTS.items()
            for path, name, attribute in _found(declared.get(part), prefix)
            if name != state.resource
        },
        key=lambda one: (one.path, one.urn, one.attribute),
    )


def _found(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield from ((path, match[1], match[2]) for match in _REFERENCE.finditer(value) if match[1])
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _found(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _found(inner, f"{path}[{at}]")
