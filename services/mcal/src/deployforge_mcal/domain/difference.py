"""What differs between what should be and what is, on the enforced paths only."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from deployforge_chassis.jsondiff import declared_part

from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.references import Unresolved
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
    """The paths of `desired` whose live value is another one, or none. What is Unresolved is not compared, nor are
    secrets: no cloud gives them back. With OPEN_ITEMS among the sets, of items of lists only the declared part counts."""
    there = dict(leaves(live))
    sets = frozenset(set_paths)
    found: list[str] = []
    for path, wanted in leaves(desired):
        if _unknown(wanted):
            continue
        actual = declared_part(wanted, there.get(path, _ABSENT), sets, path)
        if actual is _ABSENT and wanted in ({}, []):
            continue
        if actual is _ABSENT or not _same(wanted, actual, path in sets):
            found.append(path)
    return found


def in_types_of(desired: Any, held: Any) -> Any:
    """Desired values in the types that a cloud holds them in. References give text; where no schema says so, only what is
    held tells that `"30"` is the number 30, and `"true"` the boolean."""
    if isinstance(desired, Mapping) and isinstance(held, Mapping):
        return {key: in_types_of(inner, held.get(key)) for key, inner in desired.items()}
    if isinstance(desired, list) and isinstance(held, list) and len(desired) == len(held):
        return [in_types_of(*pair) for pair in zip(desired, held, strict=True)]
    if isinstance(desired, str) and isinstance(held, bool | int | float):
        text = desired.strip().lower()
        if isinstance(held, bool):
            return text == "true" if text in ("true", "false") else desired
        with suppress(ValueError):
            return type(held)(text)
    return desired


def _unknown(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_unknown, value))
    if isinstance(value, Mapping):
        return any(map(_unknown, value.values()))
    return isinstance(value, Unresolved) or is_mark(value)


def _same(wanted: Any, actual: Any, as_set: bool) -> bool:
    wanted = in_types_of(wanted, actual)
    if as_set and isinstance(wanted, list) and isinstance(actual, list):
        return set(map(key, wanted)) == set(map(key, actual))
    return key(wanted) == key(actual)
