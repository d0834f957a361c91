"""What stands around hosts and subnets, in no cloud's words: firewalls that let pass, and numbered lists that decide."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True)
class Rule:
    """What a firewall lets through."""

    protocol: str
    """tcp, udp, icmp, or all."""
    first: int
    last: int
    cidr: IPv4Network | None = None
    group: str = ""
    """The id of the firewall whose members are meant, instead of a range."""

    def __str__(self) -> str:
        ports = (
            "" if self.protocol == "all" else f"/{self.first}" if self.first == self.last else f"/{self.first}-{self.last}"
        )
        return f"{self.protocol}{ports} {self.cidr or self.group}"


@dataclass(frozen=True)
class Firewall:
    """Rules around hosts."""

    urn: str
    id: str
    net: str
    inward: tuple[Rule, ...]
    outward: tuple[Rule, ...] | None
    """None: everything is let out."""


@dataclass(frozen=True)
class MoreRules:
    """Rules of a firewall that are resources of their own."""

    of: str
    inward: tuple[Rule, ...] = ()
    outward: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class AccessList:
    """Numbered entries around subnets, of which the first that fits decides; what none fits is denied."""

    urn: str
    id: str
    kind: str
    """As people call it."""
    stateful: bool
    """Answers to what was let through pass. Otherwise they are judged too, and what stays within a subnet is not."""
    entries: tuple["Entry", ...] = ()


@dataclass(frozen=True)
class Entry:
    """One of an access list, part of it or a resource of its own."""

    urn: str
    of: str
    number: int
    """The lowest decides first."""
    allow: bool
    inward: bool
    protocol: str
    """tcp, udp, icmp, all, or one that nobody asks about."""
    first: int
    last: int
    """Ports there where the traffic goes to; of icmp, types."""
    cidrs: tuple[IPv4Network, ...]
    """Of the other end."""
    tags: tuple[str, ...] = ()
    """Of the other end, as whoever is in a NETWORK or on the INTERNET."""
    groups: tuple[str, ...] = ()
    """Of the other end, as members."""
    near: tuple[IPv4Network, ...] = ()
    """It is about these of the own addresses alone; empty: all."""
    members: tuple[str, ...] = ()
    """It is about members of these groups alone; empty: all."""
    meant: tuple[IPv4Network, ...] = ()
    """What tags and groups stand for, once it is known who asks."""

    def __str__(self) -> str:
        ports = "" if (self.first, self.last) == (0, 65535) else f"/{self.first}"
        ports += f"-{self.last}" if ports and self.first != self.last else ""
        whom = ", ".join(map(str, (*self.cidrs, *self.tags, *self.groups)))
        return f"{self.number} {'allow' if self.allow else 'deny'} {self.protocol}{ports} {whom}"


@dataclass(frozen=True)
class Members:
    """Those of a group that entries of access lists name: a place, wherever in the network they are."""

    urn: str
    net: str
    group: str
