"""What nobody declared and is other than when it was verified: read when somebody asks, so no check pays for it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.jsondiff import Change

from deployforge_orchestrator.application.ports import Clouds, States
from deployforge_orchestrator.domain.manifest import Scope
from deployforge_orchestrator.domain.planning import NOT_CHECKED, PRESENT, Deployed, DeployedUnit, State
from deployforge_orchestrator.domain.undeclared import left_default


class NothingDeployed(LookupError):
    """The deployment has no resources."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"{namespace}/{name} has no deployed resources")


@dataclass(frozen=True)
class Looked:
    """One resource of which something is other, or could not be read."""

    urn: str
    type: str
    changes: Sequence[Change]
    reason: str = ""
    """Why nobody could look."""


class Undeclared:
    """Reads clouds and states, and changes nothing."""

    def __init__(self, states: States, clouds: Clouds) -> None:
        self._states, self._clouds = states, clouds

    def of(self, namespace: str, name: str) -> Sequence[Looked]:
        """By urn. A resource that is missing is drift, and not told here. Raises NothingDeployed, Unavailable, NoPlan."""
        now = self._states.get(namespace, name)
        if not now.resources:
            raise NothingDeployed(namespace, name)
        deployment_id = uuid5(NAMESPACE_URL, f"deployforge:{namespace}/{name}")
        return sorted(self._looked(deployment_id, now), key=lambda one: one.urn)

    def _looked(self, deployment_id: UUID, now: State) -> Iterator[Looked]:
        by_scope: dict[Scope, list[Deployed]] = defaultdict(list)
        for one in now.resources.values():
            if one.physical_id:
                by_scope[_scope(now.units[one.unit_id])].append(one)
        for scope, some in by_scope.items():
            live = self._clouds.observe(deployment_id, scope, [(one.urn, one.type, one.physical_id) for one in some])
            for one in some:
                seen = live[one.urn]
                if seen.presence == NOT_CHECKED:
                    yield Looked(one.urn, one.type, (), seen.reason or "it could not be read")
                elif seen.presence == PRESENT:
                    changes = left_default(one.desired, one.verified, dict(seen.properties), one.set_paths)
                    if changes:
                        yield Looked(one.urn, one.type, changes)


def _scope(unit: DeployedUnit) -> Scope:
    return Scope(unit.provider, unit.provider_type, unit.account, unit.location, unit.credential_ref)
