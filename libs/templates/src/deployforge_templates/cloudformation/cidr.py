"""Fn::Cidr: blocks cut from a block, in order."""

import ipaddress
from itertools import islice
from typing import Final

MOST: Final = 256


def blocks(block: str, count: int, bits: int) -> list[str]:
    """The first `count` blocks with `bits` host bits each. Raises ValueError where the block has not so many.

    Source: AWS CloudFormation User Guide, "Fn::Cidr".
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"{count} blocks: 1 to {MOST} can be cut")
    network = ipaddress.ip_network(block, strict=False)
    length = network.max_prefixlen - bits
    if not network.prefixlen <= length <= network.max_prefixlen:
        raise ValueError(f"{bits} host bits do not fit into {block}")
    cut = [str(part) for part in islice(network.subnets(new_prefix=length), count)]
    if len(cut) < count:
        raise ValueError(f"{block} has only {len(cut)} blocks with {bits} host bits")
    return cut
