"""What adapters share about the bodies of native resources, and about the names that are made for these."""

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
Native = dict[str, Body]
"""A resource as its parts: `""` is the resource itself, the others go with it."""


def identity(value: Any) -> Any:
    """Nothing has to be changed."""
    return value


@dataclass(frozen=True)
class Field:
    """Where a cloud holds a property, and how it is spelt there."""

    path: str
    """`properties.lockDuration`, `labels`."""
    there: Callable[[Any], Any] = identity
    back: Callable[[Any], Any] = identity
    part: str = ""


def translated(fields: Mapping[str, Field], values: Mapping[str, Any]) -> Native:
    """The parts that values become by their fields; `""` is always among them."""
    native: Native = {"": {}}
    for name, field in fields.items():
        if values.get(name) is not None:
            put(native.setdefault(field.part, {}), field.path, copy.deepcopy(field.there(values[name])))
    return native


def get(body: Mapping[str, Any], path: str) -> Any:
    """What is at a dotted path, or None."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def put(body: Body, path: str, value: Any) -> None:
    """Set what is at a dotted path."""
    *heads, last = path.split(".")
    for name in heads:
        body = body.setdefault(name, {})
    body[last] = value


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Body:
    """`over` laid on `base`, mappings into each other."""
    found = dict(base)
    for name, value in over.items():
        there = found.get(name)
        found[name] = merged(there, value) if isinstance(there, Mapping) and isinstance(value, Mapping) else value
    return found


def digest(*parts: str, length: int = 8) -> str:
    """Hexadecimal digits that keep names apart."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


@dataclass(frozen=True)
class Seed:
    """What generated names are made of: the same for the same resource, another for another one."""

    unit_name: str
    account: str
    name: str
    create_only: str = ""
    """Declared values that cannot be changed: with others, the resource is another one and has another name."""

    def digits(self, length: int = 8) -> str:
        """Hexadecimal digits of the resource."""
        return digest(self.unit_name, self.account, self.name, self.create_only, length=length)

    def unit_digits(self, length: int = 16) -> str:
        """Hexadecimal digits of the unit."""
        return digest(self.unit_name, self.account, length=length)
