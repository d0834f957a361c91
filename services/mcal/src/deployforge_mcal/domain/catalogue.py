"""What can be declared: types, their properties, and what references to them can name."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PropertyDoc:
    """One property of a type."""

    name: str
    json_type: str
    description: str
    required: bool = False
    create_only: bool = False
    providers: tuple[str, ...] = ()
    """Provider types that support it."""


@dataclass(frozen=True)
class TypeDoc:
    """One type."""

    type: str
    description: str
    properties: tuple[PropertyDoc, ...]
    attributes: tuple[str, ...]
    support: Mapping[str, str]
    """Provider type → full, partial or none."""
