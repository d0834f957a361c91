"""Who changed something."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Actor:
    """Who changed a resource, as far as the cloud tells; nobody where it has not."""

    name: str = ""
    kind: str = ""
    """person, automation or provider."""


NOBODY: Final = Actor()
