"""One unit and the verbs on it, for the tests of adapters that plan by themselves what a unit is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import CompiledUnit, Outcome, Presence, ResourceSpec, Scope, Target, UnitSpec


@dataclass(kw_only=True)
class UnitWorld:
    """A unit in some place of an emulated cloud. Whoever makes one says which, and sets `provider` and `scope`."""

    planning: ClassVar[Any]
    """The adapter's module of that name."""
    tags: ClassVar[Mapping[str, str]]
    provider: Any = field(init=False)
    scope: Scope = field(init=False)
    credential: Any = field(init=False)
    """The root's."""
    unit_name: str
    unit: CompiledUnit | None = None
    ticks: list[tuple[str | None, str, str | None]] = field(default_factory=list)

    def compile(self, *resources: ResourceSpec) -> CompiledUnit:
        """A unit of these."""
        unit: CompiledUnit = self.provider.compile(
            UnitSpec(str(uuid4()), f"{self.provider.type}/0.0", self.unit_name, self.scope, resources, self.tags)
        )
        return unit

    def do(self, verb: str, *, root: Any = None, **fields: Any) -> list[Outcome]:
        """One operation under its own token."""
        work = Work(fields.pop("token", str(uuid4())), self.scope, "d", self.unit_name, **fields)
        session = self.provider.open(root or self.credential, work)
        found: list[Outcome] = getattr(self.provider, verb)(session, work, lambda *tick: self.ticks.append(tick))
        return found

    def apply(self, *resources: ResourceSpec, **fields: Any) -> dict[str, Outcome]:
        """Make the unit what is declared; outcomes by name."""
        wanted = self.compile(*resources)
        outcomes = self.do("apply", unit=wanted, previous=self.unit, **fields)
        self.unit = wanted
        return {o.urn.rpartition(":")[2]: o for o in outcomes}

    def drift(self, *, scanning: bool = False) -> dict[str, Any]:
        """Name → paths that differ, or presence, of what is not as declared; read with a credential for reading, as a scan
        does or for a deployment."""
        assert self.unit is not None
        plan = self.planning.plan(self.unit, {})
        targets = [Target(d.resource.urn, d.resource.type, d.id) for d in plan.declared]
        session = self.provider.open_reader(self.credential, self.scope, [t.type for t in targets])
        session = self.provider.waiting(session) if scanning else session
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
        one = next(d for d in self.planning.plan(self.unit, {}).declared if d.resource.urn == outcome.urn)
        return Target(outcome.urn, one.resource.type, one.id, one.desired, paths)

    def refused(self, verb: str = "apply", **fields: Any) -> Failure:
        """The failure of an operation."""
        with pytest.raises(ProviderFailure) as failed:
            self.do(verb, **fields)
        return failed.value.failure
