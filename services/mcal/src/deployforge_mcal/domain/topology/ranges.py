"""Address ranges: what is asked for, what is free, what overlaps. IPv4; a range is an `ipaddress.IPv4Network`."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, ip_network
from typing import Any, Final

EVERYWHERE: Final = IPv4Network("0.0.0.0/0")

_AUTO: Final = re.compile(r"auto/(\d{1,2})")


def wanted_prefix(value: Any) -> int | None:
    """20 of `auto/20`; None for anything else."""
    found = _AUTO.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if found is None else int(found[1])


def parsed(value: Any) -> IPv4Network | None:
    """A range as it is declared, host bits cleared; None for what is none, IPv6 too."""
    try:
        found = ip_network(str(value).strip(), strict=False)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def first_free(prefix: int, pools: Sequence[IPv4Network], taken: Iterable[IPv4Network]) -> IPv4Network | None:
    """The lowest range of that size in the first pool that has one apart from all that is taken; None when none has.

    First fit over the taken ranges in order of their addresses: O(n log n).
    """
    size = 1 << (32 - prefix)
    spans = sorted((int(one.network_address), int(one.broadcast_address)) for one in taken)
    for pool in pools:
        if prefix < pool.prefixlen:
            continue
        start, end = int(pool.network_address), int(pool.broadcast_address)
        for low, high in spans:
            if high < start:
                continue
            if low > start + size - 1:
                break
            # Above what is in the way, at the next multiple of the size.
            start = -(-(high + 1) // size) * size
        if start + size - 1 <= end:
            return IPv4Network((start, prefix))
    return None
