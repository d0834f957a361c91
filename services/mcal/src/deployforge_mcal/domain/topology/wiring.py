"""What networks are made of, in no cloud's words: nets, subnets, firewalls, hosts, links, routes. Ids are physical ids.

A part comes from one resource that is deployed from here; what others have made is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final, TypeAlias

from deployforge_mcal.domain.topology.walls import AccessList, Entry, Firewall, Members, MoreRules

#: Source: IANA, "Assigned Internet Protocol Numbers".
PROTOCOL_NUMBERS: Final[Mapping[str, str]] = {"6": "tcp", "17": "udp", "1": "icmp"}
#: Where everybody is who is in no network.
INTERNET: Final = "internet"
#: The same network, and those that are joined to it.
NETWORK: Final = "network"


@dataclass(frozen=True)
class Wired:
    """A deployed resource, as it shall be."""

    urn: str
    type: str
    provider_type: str
    account: str
    location: str
    physical_id: str
    properties: Mapping[str, Any]

    @property
    def id(self) -> str:
        """As other resources refer to it: of a full resource name, `//service/projects/…`, without the service."""
        return (
            self.physical_id.removeprefix("//").partition("/")[2] if self.physical_id.startswith("//") else self.physical_id
        )


@dataclass(frozen=True)
class Net:
    """A private network."""

    urn: str
    id: str
    cidrs: tuple[IPv4Network, ...]
    routed: bool
    """Traffic leaves it by the routes of a table alone; otherwise the cloud makes the routes of every link itself."""


@dataclass(frozen=True)
class Sub:
    """A part of a network."""

    urn: str
    id: str
    net: str
    cidr: IPv4Network | None
    public: bool = False
    """Its hosts have public addresses."""
    firewalls: tuple[str, ...] = ()
    table: str = ""
    lists: tuple[str, ...] = ()
    """Access lists, all of which must let pass."""


@dataclass(frozen=True)
class Host:
    """What has an address in a network: a machine, a load balancer, a database."""

    urn: str
    id: str
    subs: tuple[str, ...]
    firewalls: tuple[str, ...]
    public: bool
    guarded: bool
    """Without firewalls of its own it is behind one of the network's that lets in its own members alone."""
    balances: bool = False
    """A load balancer."""
    lists: tuple[str, ...] = ()
    """Access lists around it alone."""
    groups: tuple[str, ...] = ()
    """Those that entries of access lists may name."""


@dataclass(frozen=True)
class Exposed:
    """A public address is put on a host by a resource of its own."""

    host: str


@dataclass(frozen=True)
class Widened:
    """A network has more addresses by a resource of its own."""

    net: str
    cidrs: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class Link:
    """Joins networks: a peering, a tunnel, a router, the way to the internet."""

    urn: str
    id: str
    kind: str
    ends: tuple[str, ...]
    """Ids of networks, and INTERNET."""
    far: tuple[IPv4Network, ...] = ()
    """Addresses at the other end of a tunnel, whose network is known by them alone."""
    one_way: bool = False
    """It needs its like from the other end: the first of `ends` is this one."""
    outward: bool = False
    """Only for what the first of `ends` begins, from addresses of the link's own."""
    via: str = ""
    """The subnet that it stands in, from which its traffic goes on."""


@dataclass(frozen=True)
class Gateway:
    """What routes and tunnels name in place of the link that it is the end of."""

    id: str
    kind: str
    """`internet`, `nat` or `vpn`."""
    net: str = ""
    sub: str = ""
    """Where it is, when that is said by its subnet."""


@dataclass(frozen=True)
class Tunnel:
    """A VPN connection from a gateway to addresses elsewhere, which other parts tell."""

    urn: str
    id: str
    gateway: str


@dataclass(frozen=True)
class FarEnd:
    """Addresses at the other end of a tunnel, named by the tunnel's id or by what the tunnel names."""

    of: str
    far: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class Table:
    """A route table whose routes are known."""

    id: str


@dataclass(frozen=True)
class Route:
    """An entry of a route table."""

    urn: str
    table: str
    cidr: IPv4Network
    target: str
    """The id of a link or gateway. Where the cloud makes routes itself, the kind of link, NETWORK for what stays inside, or
    whatever else stands there."""


@dataclass(frozen=True)
class Unread:
    """Has some part in networks, of which nothing is known but what it mentions."""

    urn: str
    type: str
    mentions: frozenset[str]


@dataclass(frozen=True)
class Laid:
    """A route table or an access list is laid around a subnet by a resource of its own."""

    sub: str
    table: str = ""
    list: str = ""


Part: TypeAlias = (
    Net | Widened | Sub | Firewall | MoreRules | AccessList | Entry | Members | Host | Exposed | Link | Gateway | Tunnel
    | FarEnd | Table | Route | Laid | Unread
)  # fmt: skip
