"""What is kept of a shard's checks, and what coverage is made of."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

NEVER_SEEN: Final = -1


class State(IntEnum):
    """What came of looking at a resource, as a number."""

    NEVER = 0
    CHECKED = 1
    DRIFTED = 2
    NOT_CHECKED = 3


@dataclass(frozen=True)
class Look:
    """The last word about every resource of a shard, in columns of the same length, by key."""

    shard: str
    scan_id: str
    """Of the newest scan that was heard."""
    sequence: int
    at: float
    """When that observed; seconds since 1970."""
    ids: NDArray[np.uint64]
    sequences: NDArray[np.int64]
    """Of the last scan of each resource; NEVER_SEEN for none."""
    times: NDArray[np.float64]
    states: NDArray[np.uint8]
    """See State."""
    reason_numbers: NDArray[np.uint32]
    reasons: tuple[str, ...]
    """Each once; the first is empty."""
