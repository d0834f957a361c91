"""Many small bodies in one message, column by column, so that whoever knows a body by its digest need not read it.

All numbers are little-endian. Both names are the beginning of a SHA-256: 64 bits tell a million things apart with a
chance of 3 in 10⁸ that any two share a name, 128 bits cannot be met by accident or on purpose in any practical time.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final
from uuid import UUID

KEY_BYTES: Final = 8
DIGEST_BYTES: Final = 16


def key(owner: UUID | str, name: str) -> bytes:
    """The short name of something of an owner's: what another owner calls the same has another one."""
    return hashlib.sha256(f"{owner}\n{name}".encode(errors="surrogatepass")).digest()[:KEY_BYTES]


def digest(body: bytes | memoryview) -> bytes:
    """The short name of a body."""
    return hashlib.sha256(body).digest()[:DIGEST_BYTES]


def numbers(values: Iterable[int]) -> bytes:
    """Eight bytes each, signed."""
    listed = list(values)
    return struct.pack(f"<{len(listed)}q", *listed)


def ends(bodies: Sequence[bytes]) -> bytes:
    """Where each body ends when they stand side by side: four bytes each. Raises struct.error beyond 4 GiB."""
    return struct.pack(f"<{len(bodies)}I", *accumulate(map(len, bodies)))
