"""References between resources: `${name.attribute}` inside strings, `$${` for a literal `${`."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

_REFERENCE = re.compile(r"\$\$\{|\$\{([a-z0-9][a-z0-9-]*)\.([A-Za-z0-9_.]+)\}")

#: (resource name, attribute) → value, or None when it is not known yet.
Lookup = Callable[[str, str], str | None]


def references(value: Any) -> Iterator[tuple[str, str]]:
    """Every (name, attribute) that a value refers to."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            if match.group(1):
                yield match.group(1), match.group(2)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(value: Any, lookup: Lookup) -> Any:
    """The value with every known reference replaced; unknown ones stay as they are."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _replacement(match, lookup), value)
    if isinstance(value, dict):
        return {key: resolve(inner, lookup) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, lookup) for inner in value]
    return value


def _replacement(match: re.Match[str], lookup: Lookup) -> str:
    if not match.group(1):
        # Stays escaped while the value may still be resolved again; see `literal`.
        return match.group(0)
    found = lookup(match.group(1), match.group(2))
    return match.group(0) if found is None else found


def literal(value: Any) -> Any:
    """The value as the cloud sees it: `$${` is `${`."""
    if isinstance(value, str):
        return value.replace("$${", "${")
    if isinstance(value, dict):
        return {key: literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [literal(inner) for inner in value]
    return value


def is_unresolved(value: Any) -> bool:
    """Whether a reference is left."""
    return next(references(value), None) is not None


def as_held(desired: Any, held: Any) -> Any:
    """Desired values in the types that the cloud holds them in. What a reference gives is text: `"30"` is the number 30
    where a number is held, and `"true"` the boolean."""
    if isinstance(desired, dict) and isinstance(held, dict):
        return {key: as_held(inner, held.get(key)) for key, inner in desired.items()}
    if isinstance(desired, list) and isinstance(held, list) and len(desired) == len(held):
        return [as_held(*pair) for pair in zip(desired, held, strict=True)]
    if isinstance(desired, str) and isinstance(held, bool | int | float):
        text = desired.strip().lower()
        if isinstance(held, bool):
            return text == "true" if text in ("true", "false") else desired
        with suppress(ValueError):
            return type(held)(text)
    return desired
