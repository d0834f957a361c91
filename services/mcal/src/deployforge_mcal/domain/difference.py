"""What differs between what should be and what is, on the enforced paths only."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.secrets import is_mark

_ABSENT: Final = object()


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every enforced path with its value. Mappings are entered; lists and empty mappings are leaves."""
    if isinstance(value, Mapping) and value:
        for name, inner in sorted(value.items()):
            yield from leaves(inner, f"{prefix}.{name}" if prefix else str(name))
    elif prefix:
        yield prefix, value


def differing(desired: Mapping[str, Any], live: Mapping[str, Any], set_paths: Collection[str]) -> list[str]:
    """The paths of `desired` whose live value is another one, or none. Unresolved references are not compared, nor are
    secrets: no cloud gives them back."""
    there = dict(leaves(live))
    sets = frozenset(set_paths)
    found: list[str] = []
    for path, wanted in leaves(desired):
        if _unknown(wanted):
            continue
        actual = there.get(path, _ABSENT)
        if actual is _ABSENT and wanted in ({}, []):
            continue
        if actual is _ABSENT or not _same(wanted, actual, path in sets):
            found.append(path)
    return found


def _unknown(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_unknown, value))
    if isinstance(value, Mapping):
        return any(map(_unknown, value.values()))
    return has_references(value) or is_mark(value)


def _same(wanted: Any, actual: Any, as_set: bool) -> bool:
    if as_set and isinstance(wanted, list) and isinstance(actual, list):
        return set(map(key, wanted)) == set(map(key, actual))
    return key(wanted) == key(actual)
