"""What is kept of a shard's checks, and what coverage is made of."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

NEVER_SEEN: Final = -1


class State(IntEnum):
    """What came of looking at a resource, as a number."""

    NEVER = 0
    CHECKED = 1
    DRIFTED = 2
    NOT_CHECKED = 3


class Reason(NamedTuple):
    """Why something was not checked; it may speak of what a deployment is made of, and goes when that is shredded."""

    deployment_id: UUID
    text: str


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
    reasons: tuple[Reason, ...]
    """Each once; number 1 is the first."""

    def reason(self, row: int) -> str:
        """Why a resource, or some value of it, was not checked; empty where nothing was said."""
        number = int(self.reason_numbers[row])
        return self.reasons[number - 1].text if number else ""
