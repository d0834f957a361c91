"""One unit in one project of the emulated Google Cloud, and the verbs on it, for the tests of its adapters."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from deployforge_mcal.adapters.gcp import planning
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import CompiledUnit, Outcome, Presence, ResourceSpec, Scope, Target, UnitSpec

from tests.emulators.gcp.running import PROJECT, Running


def resource(name: str, type: str, properties: dict[str, Any], **more: Any) -> ResourceSpec:
    """A declaration."""
    return ResourceSpec(f"urn:df:shop:web:{name}", name, type, properties, **more)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class World:
    """One unit in one project, and the verbs on it."""

    gcp: Running
    adapter: type[GcpProvider] = GcpProvider
    project: str = PROJECT
    unit_name: str = field(default_factory=lambda: f"df-shop-web-{uuid4().hex[:6]}-gcp-0-0")
    unit: CompiledUnit | None = None
    ticks: list[tuple[str | None, str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = self.adapter(self.gcp.url)
        self.scope = Scope(self.provider.type, self.project, "europe-west1", "gcp-test")
        self.before = set(self.gcp.left())

    def compile(self, *resources: ResourceSpec) -> CompiledUnit:
        """A unit of these."""
        return self.provider.compile(
            UnitSpec(str(uuid4()), f"{self.provider.type}/0.0", self.unit_name, self.scope, resources, {"Team": "the Shop"})
        )

    def do(self, verb: str, *, root: Any = None, **fields: Any) -> list[Outcome]:
        """One operation under its own token."""
        work = Work(fields.pop("token", str(uuid4())), self.scope, "d", self.unit_name, **fields)
        session = self.provider.open(root or self.gcp.credential, work)
        found: list[Outcome] = getattr(self.provider, verb)(session, work, lambda *tick: self.ticks.append(tick))
        return found

    def apply(self, *resources: ResourceSpec, **fields: Any) -> dict[str, Outcome]:
        """Make the unit what is declared; outcomes by name."""
        wanted = self.compile(*resources)
        outcomes = self.do("apply", unit=wanted, previous=self.unit, **fields)
        self.unit = wanted
        return {o.urn.rpartition(":")[2]: o for o in outcomes}

    def drift(self) -> dict[str, Any]:
        """Name → paths that differ, or presence, of what is not as declared; read with a credential for reading."""
        assert self.unit is not None
        plan = planning.plan(self.unit, {})
        targets = [Target(d.resource.urn, d.resource.type, d.id) for d in plan.declared]
        session = self.provider.open_reader(self.gcp.credential, self.scope, [t.type for t in targets])
        found = {}
        for d, seen in zip(plan.declared, self.provider.observe(session, self.scope, targets), strict=True):
            if seen.presence is not Presence.PRESENT:
                found[d.resource.name] = seen.presence
            elif paths := differing(d.desired, seen.properties, d.of.set_paths):
                found[d.resource.name] = paths
        return found

    def target(self, outcome: Outcome, *paths: str) -> Target:
        """A resource to be put right, references resolved."""
        assert self.unit is not None
        one = next(d for d in planning.plan(self.unit, {}).declared if d.resource.urn == outcome.urn)
        return Target(outcome.urn, one.resource.type, one.id, one.desired, paths)

    def left(self) -> list[str]:
        """What has come to the project since."""
        return sorted(set(self.gcp.left()) - self.before)

    def refused(self, verb: str = "apply", **fields: Any) -> Failure:
        """The failure of an operation."""
        with pytest.raises(ProviderFailure) as failed:
            self.do(verb, **fields)
        return failed.value.failure


def queue(name: str = "q", **properties: Any) -> ResourceSpec:
    """A queue."""
    return resource(name, "Queue", {"visibilityTimeout": 30, **properties})
