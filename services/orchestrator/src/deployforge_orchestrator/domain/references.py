"""References between resources: `${name.attribute}` inside strings, `$${` for a literal `${`.

Declarations, and whatever waits to be resolved, are spelt so. Values, of clouds and of what is deployed, are not: in them
text that looks like a reference is text, and what is not known yet is Unresolved.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_REFERENCE = re.compile(r"\$\$\{|\$\{([a-z0-9][a-z0-9-]*)\.([A-Za-z0-9_.]+)\}")

#: (resource name, attribute) → value, or None when it is not known yet.
Lookup = Callable[[str, str], str | None]


class Unresolved(str):
    """Text among values that is not one yet: a reference in it is not known."""


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
    """A declaration with every known reference replaced; it is still spelt like one, and the unknown ones stay."""
    return _mapped(value, lambda text: _REFERENCE.sub(lambda match: _replacement(match, lookup), text))


def _replacement(match: re.Match[str], lookup: Lookup) -> str:
    found = lookup(match.group(1), match.group(2)) if match.group(1) else None
    return match.group(0) if found is None else escaped(found)


def read(value: Any) -> Any:
    """The values of a declaration: `$${` is `${`, and text that holds a reference is Unresolved."""
    return _mapped(value, lambda text: Unresolved(text) if _refers(text) else text.replace("$${", "${"))


def escaped(value: Any) -> Any:
    """The reverse: values as a declaration spells them."""
    return _mapped(value, lambda text: text if isinstance(text, Unresolved) else text.replace("${", "$${"))


def settled(desired: Mapping[str, Any], lookup: Lookup, filled: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a declaration's properties: `filled`, as the cloud layer has them, where all that a property refers to
    is known to `lookup`."""
    return {
        name: filled[name] if name in filled and not _refers(said) else read(said)
        for name, said in resolve(dict(desired), lookup).items()
    }


def is_unresolved(value: Any) -> bool:
    """Whether something among values is Unresolved."""
    if isinstance(value, dict):
        return any(map(is_unresolved, value.values()))
    return any(map(is_unresolved, value)) if isinstance(value, list) else isinstance(value, Unresolved)


def _refers(value: Any) -> bool:
    return next(references(value), None) is not None


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    return [_mapped(inner, change) for inner in value] if isinstance(value, list) else value
