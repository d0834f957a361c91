"""References: `${name.attribute}` inside strings, `${secret://source/name}` as whole ones; `$${` is a literal `${`."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from deployforge_mcal.domain.secrets import SecretReference

_TOKEN: Final = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_REFERENCE: Final = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.([A-Za-z][A-Za-z0-9_.]*)")


class Unresolved(str):
    """Text among values that is not one yet: a reference in it is not known."""


class BadReference(ValueError):
    """Text between `${` and `}` is not name.attribute."""

    def __init__(self, inside: str) -> None:
        super().__init__(f"${{{inside}}} is not a reference")
        self.inside = inside


class Reference(NamedTuple):
    """An attribute of a resource, known once that resource exists."""

    name: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.name}.{self.attribute}"


def parts(text: str) -> list[str | Reference | SecretReference]:
    """A string as literals and references in order. Raises BadReference."""
    found: list[str | Reference | SecretReference] = []
    position = 0

    def literal(piece: str) -> None:
        if piece and found and isinstance(found[-1], str):
            found[-1] = f"{found[-1]}{piece}"
        elif piece:
            found.append(piece)

    for token in _TOKEN.finditer(text):
        literal(text[position : token.start()])
        position = token.end()
        if token[1] is None:
            literal("${")
            continue
        if (secret := SecretReference.parse(token[1])) is not None:
            found.append(secret)
            continue
        matched = _REFERENCE.fullmatch(token[1].strip())
        if matched is None:
            raise BadReference(token[1])
        found.append(Reference(matched[1], matched[2]))
    literal(text[position:])
    return found


def of(value: Any) -> Iterator[Reference]:
    """Every reference anywhere in a value. Raises BadReference."""
    if isinstance(value, str):
        yield from (part for part in parts(value) if isinstance(part, Reference))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from of(inner)


def secrets(value: Any, path: str = "") -> Iterator[tuple[str, SecretReference]]:
    """Every reference to a secret anywhere in a value, with its path, `A.B[0]`."""
    if isinstance(value, str):
        if "${secret://" in value:
            yield from ((path, part) for part in parts(value) if isinstance(part, SecretReference))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from secrets(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from secrets(inner, f"{path}[{index}]")


def has_references(value: Any) -> bool:
    """Whether a value is a string with a reference in it, so that it is not known yet."""
    return isinstance(value, str) and any(token[1] is not None for token in _TOKEN.finditer(value))


def substitute(value: Any, known: Mapping[str, Any]) -> Any:
    """A declaration's value as what it stands for: references are replaced by `known["name.attribute"]`, and `$${` is
    `${`. A string with a reference that is not known stays as it is, Unresolved."""
    return mapped(value, lambda text: _filled(text, known))


def escaped(value: Any) -> Any:
    """The reverse: a value as a declaration spells it. What is Unresolved is spelt so already."""
    return mapped(value, lambda text: text if isinstance(text, Unresolved) else text.replace("${", "$${"))


def _filled(text: str, known: Mapping[str, Any]) -> str:
    pieces = parts(text)
    if any(isinstance(p, SecretReference) or (isinstance(p, Reference) and str(p) not in known) for p in pieces):
        return Unresolved(text)
    return "".join(p if isinstance(p, str) else str(known[str(p)]) for p in pieces)


def mapped(value: Any, change: Callable[[str], Any]) -> Any:
    """The value with every string in it replaced by what `change` makes of it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: mapped(inner, change) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mapped(inner, change) for inner in value]
    return value
