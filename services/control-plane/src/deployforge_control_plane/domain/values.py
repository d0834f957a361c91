"""What a request is made of: the wish, the plan that came of it, the rule under which people approve it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self
from uuid import NAMESPACE_URL, UUID, uuid5


class Action(StrEnum):
    """What is wanted of a deployment."""

    APPLY = "APPLY"
    DESTROY = "DESTROY"
    HEAL = "HEAL"
    ROLLBACK = "ROLLBACK"


class Origin(StrEnum):
    """Who wants it: a person or program, or the healer."""

    USER = "USER"
    HEALER = "HEALER"


class RequestState(StrEnum):
    """Where a request stands."""

    PLANNING = "PLANNING"
    PLANNED = "PLANNED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    APPROVED = "APPROVED"
    EXECUTING = "EXECUTING"
    VERIFYING = "VERIFYING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ROLLED_BACK = "ROLLED_BACK"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    STALE = "STALE"

    @property
    def done(self) -> bool:
        """Nothing more happens to the request."""
        return self in TERMINAL


TERMINAL: Final = frozenset({
    RequestState.SUCCEEDED, RequestState.FAILED, RequestState.ROLLED_BACK, RequestState.REJECTED,
    RequestState.CANCELLED, RequestState.STALE,
})  # fmt: skip

Severity = str
"""INFORMATIONAL, DEGRADED, CRITICAL, or UNKNOWN where nothing has drifted."""


@dataclass(frozen=True)
class Wish:
    """What was asked for, by whom. Fields that an action does not need are empty."""

    action: Action
    origin: Origin
    author: str
    manifest_digest: str | None = None
    plan_only: bool = False
    targets: tuple[str, ...] = ()
    to_version: int | None = None
    remedy: str | None = None
    urns: tuple[str, ...] = ()
    missing: bool = False
    severity: Severity = "UNKNOWN"
    incident_id: str | None = None
    desired_version: int | None = None
    healing_policy_digest: str | None = None
    reason: str | None = None
    file: str = ""
    """What the submitter calls the manifest's file."""
    places_digest: str | None = None
    """Names the body that knows where in the file the properties of resources stand."""


@dataclass(frozen=True)
class Plan:
    """The summary of a plan; its digest names the whole."""

    plan_id: str
    plan_digest: str
    base_version: int
    creates: int = 0
    updates: int = 0
    replaces: int = 0
    deletes: int = 0
    adopts: int = 0
    corrects: int = 0
    recreates: int = 0
    unchanged: int = 0
    units: int = 0

    @property
    def changes_nothing(self) -> bool:
        """No resource would be touched."""
        counts = (self.creates, self.updates, self.replaces, self.deletes, self.adopts, self.corrects, self.recreates)
        return not any(counts)


@dataclass(frozen=True)
class ApprovalRule:
    """How many people must approve, whether the author counts, and for how long a plan waits for them."""

    required: int = 0
    distinct_from_author: bool = True
    expires_seconds: int = 14_400

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """The rule of a canonical manifest."""
        rule = manifest["approval"]
        return cls(rule["required"], rule["distinctFromAuthor"], rule["expires"])

    def stricter(self, other: "ApprovalRule | None") -> "ApprovalRule":
        """What both demand."""
        if other is None:
            return self
        return ApprovalRule(
            max(self.required, other.required),
            self.distinct_from_author or other.distinct_from_author,
            min(self.expires_seconds, other.expires_seconds),
        )


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource: none, create, update, replace, delete, adopt, correct, recreate."""

    urn: str
    action: str


@dataclass(frozen=True)
class PlanProblem:
    """What kept a plan from being made. `path` begins with a resource's name; 0 is a place that is not known."""

    path: str
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0
    file: str = ""
    expected: str = ""

    def __str__(self) -> str:
        place = f"{self.file or 'manifest'}:{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.path}: {self.message}" + (f" ({self.hint})" if self.hint else "")


def deployment_id(namespace: str, name: str) -> UUID:
    """The id of a deployment, the same for everyone who knows its name."""
    return uuid5(NAMESPACE_URL, f"deployforge:{namespace}/{name}")
