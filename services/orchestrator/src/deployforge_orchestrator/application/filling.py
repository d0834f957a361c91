"""What declarations are once their references are known: the cloud layer knows what kind of value each property has."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from deployforge_orchestrator.application.ports import Clouds
from deployforge_orchestrator.domain.planning import Filled, Unfilled
from deployforge_orchestrator.domain.references import Lookup, references

#: In one call, so that no message is longer than it may be.
_AT_ONCE: Final = 100


def filled(clouds: Clouds, declarations: Iterable[tuple[str, Unfilled]], lookup: Lookup) -> Filled:
    """urn → values of (provider type, declaration), as far as `lookup` knows. Raises Unavailable."""
    by_type: dict[str, list[Unfilled]] = {}
    for provider_type, declaration in declarations:
        by_type.setdefault(provider_type, []).append(declaration)
    found: dict[str, Mapping[str, Any]] = {}
    for provider_type, several in by_type.items():
        for first in range(0, len(several), _AT_ONCE):
            some = several[first : first + _AT_ONCE]
            found |= clouds.resolve(provider_type, some, _known(some, lookup))
    return found


def _known(declarations: Iterable[Unfilled], lookup: Lookup) -> dict[str, str]:
    every = {ref for one in declarations for ref in references(dict(one.desired))}
    values = {f"{name}.{attribute}": lookup(name, attribute) for name, attribute in every}
    return {reference: value for reference, value in values.items() if value is not None}
