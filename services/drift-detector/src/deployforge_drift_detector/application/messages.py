"""Facts of other services: only the fields that are used here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True)
class Observation:
    """One resource as mcal saw it."""

    urn: str
    deployment_id: UUID
    presence: Literal["UNKNOWN", "PRESENT", "MISSING", "NOT_CHECKED"]
    physical_id: str
    digest: str
    generation: int
    properties_json: str
    reason: str | None = None


@dataclass(frozen=True)
class ObservationBatch:
    """Some resources of one scan."""

    scan_id: str
    shard: str
    sequence: int
    batch: int
    observed_at: datetime
    observations: tuple[Observation, ...]


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
