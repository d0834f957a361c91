"""The versions of a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from deployforge_chassis import canonical
from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event


@dataclass(frozen=True)
class Unit:
    """A native deployment as it is now."""

    unit_id: str
    name: str
    provider: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    stage: int
    part: int
    template_digest: str
    inputs_json: str


@dataclass(frozen=True)
class Verified:
    """The execution that made a version, as the orchestrator verified it."""

    namespace: str
    name: str
    request_id: str
    execution_id: str
    plan_id: str
    plan_digest: str
    action: str
    author: str
    approvers: tuple[str, ...]
    manifest_digest: str | None
    desired_changed: bool
    units: tuple[Unit, ...]
    healing_json: str
    healing_policy_digest: str
    drift_json: str
    policies_json: str
    outputs_json: str
    effective_at: datetime


@dataclass(frozen=True)
class Asked:
    """Why a version came to be: what its request says of itself."""

    request_id: str
    origin: str
    author: str
    reason: str
    incident_id: str
    remedy: str
    to_version: int
    requested_at: datetime


@dataclass(frozen=True)
class Released:
    """What let a plan be executed."""

    request_id: str
    plan_id: str
    plan_digest: str
    rule: str
    approvers: tuple[str, ...]
    approved_at: datetime


@dataclass(frozen=True)
class Origin:
    """Where an imported history comes from."""

    signer: str
    imported_by: str
    recorded_at: tuple[datetime, ...]
    """Of each version, from the first on: when it was recorded there."""


class UnknownExecution(Exception):
    """No version was made by that execution (yet)."""


class Deployment(Aggregate):
    """Id: the deployment's own."""

    @event("Opened")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id
        self.latest = 0
        self.desired_version = 0
        self.versions: dict[str, int] = {}
        self.good: set[int] = set()
        self.urns: set[str] = set()
        self.requests: set[str] = set()
        self.releases: set[str] = set()
        self.namespace = ""
        self.name = ""

    @staticmethod
    def create_id(deployment_id: UUID) -> UUID:
        """One stream for each deployment."""
        return deployment_id

    def asked(self, asked: Asked) -> None:
        """A request gave its reason. Repeating it does nothing."""
        if asked.request_id not in self.requests:
            self._requested(asked=asked)

    @event("Requested")
    def _requested(self, asked: Asked) -> None:
        self.requests.add(asked.request_id)

    def released(self, released: Released) -> None:
        """A plan was approved. Repeating it does nothing."""
        if released.plan_id not in self.releases:
            self._plan_released(released=released)

    @event("PlanReleased")
    def _plan_released(self, released: Released) -> None:
        self.releases.add(released.plan_id)

    def imported(self, origin: Origin) -> None:
        """Everything up to here was taken over from another installation."""
        self._imported(origin=origin)

    @event("Imported")
    def _imported(self, origin: Origin) -> None:
        """The versions are as they were recorded there."""

    def next_version(self, verified: Verified) -> tuple[int, int]:
        """(version, desired version) that this execution makes: a heal leaves the desired version where it is."""
        moved = verified.desired_changed or not self.desired_version
        return self.latest + 1, self.desired_version + (1 if moved else 0)

    def record(self, verified: Verified, resources: Mapping[str, str], removed: int) -> None:
        """A new version; `resources` maps each urn to the digest of its state. Repeating it does nothing."""
        if verified.execution_id in self.versions:
            return
        version, desired_version = self.next_version(verified)
        self._version_recorded(
            version=version, desired_version=desired_version, verified=verified,
            digest=canonical.digest(canonical.dumps(sorted(resources.items()))), urns=tuple(sorted(resources)),
            removed=removed,
        )  # fmt: skip

    @event("VersionRecorded")
    def _version_recorded(
        self, version: int, desired_version: int, verified: Verified, digest: str, urns: tuple[str, ...], removed: int
    ) -> None:
        self.latest = version
        self.desired_version = desired_version
        self.versions[verified.execution_id] = version
        self.urns = set(urns)
        self.namespace, self.name = verified.namespace, verified.name

    def mark_good(self, execution_id: str) -> None:
        """The compliance report of an execution passed. Raises UnknownExecution."""
        version = self.versions.get(execution_id)
        if version is None:
            raise UnknownExecution(execution_id)
        if version not in self.good:
            self._version_marked_good(namespace=self.namespace, name=self.name, version=version)

    @event("VersionMarkedGood")
    def _version_marked_good(self, namespace: str, name: str, version: int) -> None:
        self.good.add(version)
