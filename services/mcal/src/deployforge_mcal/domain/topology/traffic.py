"""What shall pass, and what is said of its way."""

from dataclasses import dataclass, field
from typing import Final

_PROTOCOLS: Final = ("tcp", "udp", "icmp")
LAST_PORT: Final = 65535


class BadTraffic(ValueError):
    """There is no such traffic."""

    def __init__(self, protocol: str, port: int) -> None:
        super().__init__(f"{protocol}/{port}: expected {', '.join(_PROTOCOLS)} with a port up to {LAST_PORT}")


@dataclass(frozen=True)
class Traffic:
    """What shall pass. Port 0 is any."""

    protocol: str = "tcp"
    port: int = 0
    any: bool = False
    """Its port is an example: whoever asks takes any."""

    @classmethod
    def of(cls, protocol: str, port: int) -> "Traffic":
        """Raises BadTraffic."""
        found = (protocol or "tcp").lower()
        if found not in _PROTOCOLS or not 0 <= port <= LAST_PORT:
            raise BadTraffic(protocol, port)
        return cls(found, port if found != "icmp" else 0)

    def __str__(self) -> str:
        return f"{self.protocol}/{self.port}" if self.port and not self.any else self.protocol


@dataclass(frozen=True)
class Hop:
    """A step, or what is in the way."""

    what: str
    detail: str
    urn: str = ""


@dataclass
class Answer:
    """Whether it is reached, by which steps, what was in the way of the next one, and what nobody here can tell of it."""

    hops: list[Hop] = field(default_factory=list)
    blocked: Hop | None = None
    unread: list[Hop] = field(default_factory=list)

    @property
    def reachable(self) -> bool:
        """Certainly yes. Otherwise no where something is in the way, and not known where something is not read."""
        return self.blocked is None and not self.unread


class Blocked(Exception):
    """Something is in the way."""

    def __init__(self, what: str, detail: str, urn: str = "") -> None:
        self.hop = Hop(what, detail, urn)
