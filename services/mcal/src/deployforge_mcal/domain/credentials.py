"""What is known of a root credential once its cloud was asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lacking:
    """A permission that a root credential does not have."""

    permission: str
    """In the cloud's words, `sqs:CreateQueue`."""
    where: str
    """What it is lacking on."""
    needed_by: tuple[str, ...]
    """Types that need it."""


@dataclass(frozen=True)
class Examined:
    """What a cloud said of a root credential that it accepts."""

    identity: str
    """Whom it takes it for."""
    checked: int = 0
    """How many permissions were looked at."""
    lacking: tuple[Lacking, ...] = ()
    notes: tuple[str, ...] = ()


def needs(by_type: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Type → its permissions, turned round: permission → the types that need it."""
    found: dict[str, set[str]] = {}
    for type, permissions in by_type.items():
        for permission in permissions:
            found.setdefault(permission, set()).add(type)
    return {permission: tuple(sorted(types)) for permission, types in sorted(found.items())}
