"""What planning and execution need from elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from deployforge_chassis.facts import Write

from deployforge_orchestrator.domain.manifest import Scope, Spec
from deployforge_orchestrator.domain.plan import Plan
from deployforge_orchestrator.domain.planning import CompiledUnit, Filled, Live, State, Unfilled
from deployforge_orchestrator.domain.units import Unit


class Unavailable(Exception):
    """Another service or a cloud does not answer; trying again may help."""


class Manifests(Protocol):
    """Canonical manifests by digest."""

    def get(self, digest: str) -> Mapping[str, Any]:
        """Raises Unavailable."""
        ...


class States(Protocol):
    """What is deployed."""

    def get(self, namespace: str, name: str, version: int = 0) -> State:
        """The state at a version (0: the newest); an empty State when nothing is deployed. Raises Unavailable,
        or NoPlan when its history is damaged."""
        ...

    def last_known_good(self, namespace: str, name: str) -> int:
        """The newest good version, 0 when there is none. Raises Unavailable, or NoPlan when its history is damaged."""
        ...


class Clouds(Protocol):
    """The cloud layer."""

    def compile(self, deployment_id: UUID, unit: Unit, specs: Sequence[tuple[str, Spec]]) -> CompiledUnit:
        """Translate a unit; `specs` are (urn, spec). Raises NoPlan with every problem, TooLarge where a
        unit with fewer resources has none, or Unavailable."""
        ...

    def resolve(self, provider_type: str, declarations: Sequence[Unfilled], known: Mapping[str, str]) -> Filled:
        """Values of declarations by urn, references replaced by `known["name.attribute"]`; what is not known stays, as
        Unresolved. Touches nothing. Raises Unavailable."""
        ...

    def preview(
        self, deployment_id: UUID, unit: Unit, template_digest: str, inputs: Mapping[str, str]
    ) -> tuple[Mapping[str, str], str]:
        """What the cloud would do to a deployed unit: urn → add, modify, replace, remove, import; or nothing, and why it
        could not be asked. Changes nothing. Raises Unavailable."""
        ...

    def observe(self, deployment_id: UUID, scope: Scope, targets: Sequence[tuple[str, str, str]]) -> Mapping[str, Live]:
        """Live resources by urn; `targets` are (urn, type, physical id). Raises Unavailable."""
        ...


class Plans(Protocol):
    """Plan bodies, content-addressed."""

    def put(self, plan_id: str, plan: Plan, deployment_id: UUID) -> tuple[str, Sequence[Write]]:
        """The plan's digest, and the writes that keep it."""
        ...

    def get(self, digest: str) -> Plan:
        """Raises LookupError."""
        ...

    def by_id(self, plan_id: str) -> tuple[str, Plan]:
        """Digest and plan. Raises LookupError."""
        ...
