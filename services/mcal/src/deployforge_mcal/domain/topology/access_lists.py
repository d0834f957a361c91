"""What numbered entries say of traffic: the first that fits decides, piece by piece of the addresses and ports."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from deployforge_mcal.domain.topology.ranges import EVERYWHERE
from deployforge_mcal.domain.topology.walls import Entry


@dataclass(frozen=True)
class Asked:
    """Traffic of one protocol with all of these addresses, on all of these ports (of icmp: types)."""

    protocol: str
    first: int
    last: int
    cidrs: tuple[IPv4Network, ...]

    def __str__(self) -> str:
        if self.protocol == "icmp":
            return self.protocol
        return f"{self.protocol}/{self.first}" + (f"-{self.last}" if self.last != self.first else "")


@dataclass
class Verdict:
    """Whether all of it passes."""

    by: list[Entry] = field(default_factory=list)
    """What lets it pass, a piece each."""
    denied_by: Entry | None = None
    """The first that denies a piece."""
    left: tuple[IPv4Network, ...] = ()
    """Addresses about which no entry says anything on some port."""
    spared: list[Entry] = field(default_factory=list)
    """What denies some addresses of the whole internet, which is no reason to say that the internet is denied."""

    @property
    def passes(self) -> bool:
        """Nothing is denied and nothing is left."""
        return self.denied_by is None and not self.left


@dataclass(frozen=True)
class _Piece:
    cidr: IPv4Network
    first: int
    last: int


def judged(entries: Iterable[Entry], asked: Asked, *, inward: bool) -> Verdict:
    """Entries in the order in which they decide. O(entries × pieces), of which an entry makes at most 34 of one."""
    verdict = Verdict()
    pieces = [_Piece(cidr, asked.first, asked.last) for cidr in asked.cidrs]
    whole = asked.cidrs == (EVERYWHERE,)
    for entry in entries:
        if entry.inward is not inward or entry.protocol not in ("all", asked.protocol):
            continue
        rest = [one for piece in pieces for one in _without(piece, entry)]
        if rest == pieces:
            continue
        if entry.allow:
            verdict.by.append(entry)
            pieces = rest
        elif whole and EVERYWHERE not in (*entry.cidrs, *entry.meant):
            verdict.spared.append(entry)
        else:
            verdict.denied_by = entry
            return verdict
    verdict.left = tuple(dict.fromkeys(piece.cidr for piece in pieces))
    return verdict


def turning_ports(entries: Iterable[Entry]) -> Iterator[int]:
    """The ports at which what entries say may change."""
    for entry in entries:
        yield from (entry.first, entry.last + 1)


def _without(piece: _Piece, entry: Entry) -> Sequence[_Piece]:
    """What of a piece an entry is not about."""
    low, high = max(piece.first, entry.first), min(piece.last, entry.last)
    left = [piece]
    for cidr in (*entry.cidrs, *entry.meant) if low <= high else ():
        left = [one for old in left for one in _cut(old, cidr, low, high)]
    return left


def _cut(piece: _Piece, cidr: IPv4Network, low: int, high: int) -> Iterator[_Piece]:
    if not piece.cidr.overlaps(cidr) or high < piece.first or low > piece.last:
        yield piece
        return
    common = piece.cidr if piece.cidr.subnet_of(cidr) else cidr
    if common != piece.cidr:
        yield from (_Piece(one, piece.first, piece.last) for one in piece.cidr.address_exclude(common))
    if piece.first < low:
        yield _Piece(common, piece.first, low - 1)
    if piece.last > high:
        yield _Piece(common, high + 1, piece.last)
