"""One method per fact that makes or marks a version."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from deployforge_chassis import canonical
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import NOTHING, Effects, Fact, NotYet
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import AggregateNotFoundError

from deployforge_state_manager.application import messages
from deployforge_state_manager.application.ports import Projection, Sightings, Staged, Staging
from deployforge_state_manager.domain.account import Account, Part, Stray
from deployforge_state_manager.domain.deployment import Asked, Deployment, Released, Unit, UnknownExecution, Verified
from deployforge_state_manager.domain.resource import At, Resource, ResourceState, scan_shard
from deployforge_state_manager.domain.watching import watching


class StateManager(EventSourcedApplication):
    """The memory of what was deployed."""

    def __init__(
        self, database: Database, sealer: Sealer, staging: Staging, sightings: Sightings, projection: Projection
    ) -> None:
        super().__init__(database, sealer, name="state-manager")
        self._staging = staging
        self._sightings = sightings
        self._projection = projection

    # --- facts heard -----------------------------------------------------------------------------------

    def resource_verified(self, fact: Fact) -> Effects:
        """Keep one resource until its execution is closed."""
        heard = fact.read(messages.ResourceVerified)
        staged = Staged(heard.urn, fact.read(ResourceState))
        return Effects(writes=(self._staging.put(heard.deployment_id, heard.execution_id, staged),))

    def resource_removed(self, fact: Fact) -> Effects:
        """Keep one removal until its execution is closed."""
        heard = fact.read(messages.ResourceRemoved)
        return Effects(writes=(self._staging.put(heard.deployment_id, heard.execution_id, Staged(heard.urn, None)),))

    def execution_verified(self, fact: Fact) -> Effects:
        """Close the execution: a new version, and a new desired state for each resource that changed."""
        heard = fact.read(messages.ExecutionVerified)
        verified = _verified(heard)
        deployment = self.deployment(heard.deployment_id)
        staged, clear = self._staging.take(verified.execution_id)
        if verified.execution_id in deployment.versions:
            return Effects(writes=(clear,))
        version, desired_version = deployment.next_version(verified)
        at = At(version, desired_version, verified.effective_at)
        resources = self._changed(heard, deployment, staged, at)
        digests = {r.urn: _digest(r.state) for r in resources if r.state is not None}
        deployment.record(verified, digests, removed=sum(1 for s in staged if s.state is None))
        return self.effects(deployment, *resources, writes=(clear,))

    def deployment_requested(self, fact: Fact) -> Effects:
        """Remember why, for the version that may come of it."""
        heard = fact.read(messages.DeploymentRequested)
        deployment = self.deployment(heard.deployment_id)
        deployment.asked(
            Asked(
                heard.request_id, heard.origin, heard.author, heard.reason or "", heard.incident_id or "",
                heard.remedy or "", heard.to_version or 0, heard.requested_at,
            )
        )  # fmt: skip
        return self.effects(deployment)

    def plan_approved(self, fact: Fact) -> Effects:
        """Remember by which rule and by whom a plan was released."""
        heard = fact.read(messages.PlanApproved)
        deployment = self.deployment(heard.deployment_id)
        deployment.released(
            Released(
                heard.request_id, heard.plan_id, heard.plan_digest, heard.rule, tuple(heard.approvers), heard.approved_at
            )
        )
        return self.effects(deployment)

    def compliance_reported(self, fact: Fact) -> Effects:
        """A version whose compliance report passed is known good."""
        heard = fact.read(messages.ComplianceReported)
        if not heard.passed:
            return NOTHING
        deployment = self.deployment(heard.deployment_id)
        try:
            deployment.mark_good(heard.execution_id)
        except UnknownExecution as unknown:
            raise NotYet(f"the version of execution {heard.execution_id}") from unknown
        return self.effects(deployment)

    def drift_detected(self, fact: Fact) -> Effects:
        """Show the drift in the inventory."""
        heard = fact.read(messages.DriftDetected)
        drift = "missing" if heard.kind == "MISSING" else "drifted"
        return self._note_drift(heard.deployment_id, heard.urn, drift, heard.observed_at)

    def drift_resolved(self, fact: Fact) -> Effects:
        """Show in the inventory that the drift is gone."""
        heard = fact.read(messages.DriftResolved)
        return self._note_drift(heard.deployment_id, heard.urn, "in-sync", heard.resolved_at)

    def unmanaged_listed(self, fact: Fact) -> Effects:
        """Show in the inventory what is in an account and belongs to nobody, once it was seen twice."""
        heard = fact.read(messages.UnmanagedListed)
        account = self._account(heard)
        confirmed, writes = self._sightings.confirmed(heard.shard, [r.physical_id for r in heard.resources])
        strays = [Stray(r.physical_id, r.tags) for r in heard.resources if r.physical_id in confirmed]
        account.listed(strays, Part(heard.after, heard.upto), heard.listed_at)
        return self.effects(*([account] if account.pending_events else []), writes=writes)

    # --- how -------------------------------------------------------------------------------------------

    def _changed(
        self, heard: messages.ExecutionVerified, deployment: Deployment, staged: Sequence[Staged], at: At
    ) -> list[Resource]:
        """Every resource of the deployment, those that the execution changed brought up to date."""
        generations: dict[str, int] = {}
        by_urn = {s.urn: s.state for s in staged}
        for state in by_urn.values():
            if state is not None:
                generations[state.unit_id] = max(state.generation, generations.get(state.unit_id, 0))
        resources = []
        for urn in sorted(deployment.urns | by_urn.keys()):
            resource = self._resource(heard, urn, by_urn.get(urn))
            if resource is None:
                continue
            target = by_urn.get(urn, resource.state)
            if target is None:
                resource.remove(at)
            else:
                # A neighbour's operation counts for the whole unit, also for resources that it left alone; and
                # one that touched nothing here (0) leaves the generation as it was.
                known = resource.state.generation if resource.state else 0
                target = replace(target, generation=max(target.generation, generations.get(target.unit_id, 0), known))
                watched = watching(heard.drift_json, target.resource, heard.output_uses)
                resource.record(target, watched, _told(urn in by_urn, resource, at))
            resources.append(resource)
        return resources

    def deployment(self, deployment_id: UUID) -> Deployment:
        """As it is stored, or a new one that is not stored yet."""
        try:
            found: Deployment = self.repository.get(Deployment.create_id(deployment_id))
            return found
        except AggregateNotFoundError:
            return Deployment(deployment_id)

    def _account(self, heard: messages.UnmanagedListed) -> Account:
        id = Account.id_of(heard.shard)
        try:
            found: Account = self.repository.get(Account.create_id(id))
            return found
        except AggregateNotFoundError:
            return Account(id, heard.provider_type, heard.account, heard.location, heard.type, heard.native_type)

    def _resource(self, heard: messages.ExecutionVerified, urn: str, state: ResourceState | None) -> Resource | None:
        try:
            found: Resource = self.repository.get(Resource.create_id(heard.deployment_id, urn))
            return found
        except AggregateNotFoundError:
            if state is None:
                return None
            shard = scan_shard(state.provider_type, state.account, state.location, heard.deployment_id)
            return Resource(heard.deployment_id, heard.namespace, heard.name, urn, shard)

    def _note_drift(self, deployment_id: UUID, urn: str, drift: str, since: datetime) -> Effects:
        try:
            resource: Resource = self.repository.get(Resource.create_id(deployment_id, urn))
        except AggregateNotFoundError:
            return NOTHING
        resource.note_drift(drift, since)
        return self.effects(resource)

    def effects(self, *aggregates: Any, writes: Sequence[Any] = ()) -> Effects:
        """What is to be committed for the new events of aggregates, read models included."""
        projected = [write for a in aggregates for e in a.pending_events for write in self._projection.writes(e)]
        return Effects(aggregates, (*writes, *projected))


def _told(changed: bool, resource: Resource, at: At) -> At:
    """When something became so: a resource that the execution left alone is as it was last, also where the execution
    comes later to be known than one that followed it in the clouds."""
    if changed or resource.effective_at is None:
        return at
    return replace(at, effective_at=max(at.effective_at, resource.effective_at))


def _verified(heard: messages.ExecutionVerified) -> Verified:
    fields = {name: getattr(heard, name) for name in Verified.__dataclass_fields__}
    fields |= {"approvers": tuple(heard.approvers), "units": tuple(Unit(**asdict(u)) for u in heard.units)}
    return Verified(**fields)


def _digest(state: ResourceState) -> str:
    return canonical.digest(f"{state.physical_id}\n{state.desired_json}")
