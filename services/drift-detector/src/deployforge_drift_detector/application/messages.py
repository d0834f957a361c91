"""Facts of other services: only the fields that are used here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Presence = Literal["UNKNOWN", "PRESENT", "MISSING", "NOT_CHECKED"]
PRESENCES: Final[tuple[Presence, ...]] = ("UNKNOWN", "PRESENT", "MISSING", "NOT_CHECKED")
"""As columns number them."""


@dataclass(frozen=True)
class Observation:
    """One resource as mcal saw it."""

    urn: str
    deployment_id: UUID
    presence: Presence
    physical_id: str
    digest: bytes
    """Short, see chassis `packed`; empty where nothing was read."""
    generation: int
    properties_json: bytes
    reason: str | None = None


class BadColumns(ValueError):
    """Columns that do not belong together."""


@dataclass(frozen=True)
class Columns:
    """Observations side by side, all of the same length."""

    ids: NDArray[np.uint64]
    presences: NDArray[np.uint8]
    generations: NDArray[np.int64]
    digests: NDArray[np.uint64]
    """Two numbers each."""
    ends: NDArray[np.uint32]
    bodies: bytes

    @classmethod
    def of(
        cls, ids: bytes, presences: bytes, generations: bytes, digests: bytes, ends: bytes, bodies: bytes
    ) -> "Columns":  # fmt: skip
        """Columns as they travel. Raises BadColumns where their lengths differ or a body lies outside."""
        count = len(presences)
        expected = {"ids": count * 8, "generations": count * 8, "digests": count * 16, "ends": count * 4}
        given = {"ids": len(ids), "generations": len(generations), "digests": len(digests), "ends": len(ends)}
        for name, length in expected.items():
            if given[name] != length:
                raise BadColumns(f"{count} observations need {length} bytes of {name}, there are {given[name]}")
        borders = np.frombuffer(ends, "<u4")
        if count and (int(borders[-1]) != len(bodies) or bool((borders[1:] < borders[:-1]).any())):
            raise BadColumns("the bodies do not end where they should")
        return cls(
            np.frombuffer(ids, "<u8"), np.frombuffer(presences, "u1"), np.frombuffer(generations, "<i8"),
            np.frombuffer(digests, "<u8").reshape(count, 2), borders, bodies,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.presences)

    def body(self, at: int) -> bytes:
        """The body of one observation."""
        return self.bodies[int(self.ends[at - 1]) if at else 0 : int(self.ends[at])]


NO_COLUMNS: Final = Columns.of(b"", b"", b"", b"", b"", b"")


@dataclass(frozen=True)
class ObservationBatch:
    """Some resources of one scan: most in columns, the others in words."""

    scan_id: str
    shard: str
    sequence: int
    batch: int
    last: bool
    observed_at: datetime
    observations: tuple[Observation, ...]
    columns: Columns = NO_COLUMNS


@dataclass(frozen=True)
class ExecutionStarted:
    deployment_id: UUID
    execution_id: str
    urns: tuple[str, ...]


@dataclass(frozen=True)
class ExecutionEnded:
    """ExecutionVerified, VerificationFailed, ExecutionFailed, ExecutionRolledBack and ExecutionCancelled alike."""

    deployment_id: UUID
    execution_id: str
