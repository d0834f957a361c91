"""References and literals as expressions of the program's JSON syntax, where every string is a template."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from deployforge_mcal.domain import references
from deployforge_mcal.domain.references import Reference
from deployforge_mcal.domain.secrets import SecretReference

Said = Callable[[Reference | SecretReference], str]


def expression(value: Any, said: Said) -> Any:
    """The value with `${name.attribute}` as what `said` makes of it, and everything else literal, keys included."""
    if isinstance(value, str):
        return "".join(literal(p) if isinstance(p, str) else f"${{{said(p)}}}" for p in references.parts(value))
    if isinstance(value, Mapping):
        return {literal(str(key)): expression(inner, said) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [expression(inner, said) for inner in value]
    return value


def literal(text: str) -> str:
    """Text that stays as it is."""
    return text.replace("${", "$${").replace("%{", "%%{")


def label(name: str) -> str:
    """A resource's name in a configuration: those that begin with a digit may not."""
    return f"_{name}" if name[:1].isdigit() else name


def variable(reference: str) -> str:
    """The variable that stands for a value from outside the unit."""
    words = "".join(c if c.isalnum() else "_" for c in reference)
    return f"in_{words[:150]}_{hashlib.sha256(reference.encode()).hexdigest()[:8]}"


def path(attribute: str) -> str:
    """`list.0.name` → `list[0].name`."""
    head, *rest = attribute.split(".")
    return head + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)
