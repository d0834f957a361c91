"""A provider on a back end, for the contract to run on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from deployforge_mcal.application.ports import CloudProvider, Work
from deployforge_mcal.domain.units import CompiledUnit, Observed, Outcome, ResourceSpec, Scope, Target, UnitSpec
from deployforge_mcal.testing import SCHEME


def provider_stage(scheme: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a fixture that gives a `Stage`, and have the contract run on it. `scheme` is the name of the
    provider's entry point. The function may ask for other fixtures, and yield, but has no parameters of its own."""

    def decorate(function: Callable[..., Any]) -> Any:
        setattr(function, SCHEME, scheme)
        return pytest.fixture(function)

    return decorate


@dataclass
class Stage:
    """A provider on a back end, with ways to act behind its back. One per test; its unit is destroyed afterwards."""

    provider: CloudProvider
    root: Mapping[str, Any]
    """The root credential."""
    scope: Scope
    type: str
    """A type as it is declared: `Queue`, `tf/local_file`."""
    number: str
    """A property of that type that holds a whole number, is not secret and can be changed in place."""
    refused: Mapping[str, Any]
    """Properties that compile and that the back end refuses."""
    tamper: Callable[[str, int], object]
    """Give the resource of this physical id another number, past the provider."""
    vanish: Callable[[str], object]
    """Delete the resource of this physical id, past the provider."""
    scale: int = 1
    """What the numbers of the suite, 1 to 17, are multiplied by where the property has a least value."""
    unit_name: str = field(default_factory=lambda: f"df-contract-{uuid4().hex[:8]}")
    deployment_id: str = field(default_factory=lambda: str(uuid4()))

    def spec(self, *resources: ResourceSpec) -> UnitSpec:
        """A unit of these declarations."""
        return UnitSpec(self.deployment_id, f"{self.scope.provider_type}/0.0", self.unit_name, self.scope, resources)

    def resource(self, name: str, properties: Mapping[str, Any], **more: Any) -> ResourceSpec:
        """One declaration."""
        return ResourceSpec(f"urn:df:s:w:{name}", name, self.type, properties, **more)

    def unit(self, **numbers: int | Mapping[str, Any]) -> CompiledUnit:
        """Resources by name, with their number or all their properties."""
        given = {n: {self.number: p * self.scale} if isinstance(p, int) else p for n, p in numbers.items()}
        return self.provider.compile(self.spec(*(self.resource(n, p) for n, p in given.items())))

    def work(self, token: str = "", **fields: Any) -> Work:
        """One operation."""
        return Work(token or str(uuid4()), self.scope, self.deployment_id, self.unit_name, **fields)

    def do(self, verb: str, **fields: Any) -> list[Outcome]:
        """Do one operation with a credential of its own."""
        work = self.work(**fields)
        session = self.provider.open(self.root, work)
        found: list[Outcome] = getattr(self.provider, verb)(session, work, lambda *_: None)
        return found

    def see(self, outcome: Outcome) -> Observed:
        """A resource as it is, read with a credential that can do nothing else."""
        target = Target(outcome.urn, self.type, outcome.physical_id)
        reader = self.provider.open_reader(self.root, self.scope, [self.type])
        assert reader.grant.read_only
        return self.provider.observe(reader, self.scope, [target])[0]

    def number_of(self, outcome: Outcome) -> Any:
        """The number that a resource has, as the suite speaks of it."""
        found = self.see(outcome).properties.get(self.number)
        return found / self.scale if isinstance(found, int) else found

    def target(self, outcome: Outcome, number: int, *paths: str) -> Target:
        """A resource to be put right."""
        return Target(outcome.urn, self.type, outcome.physical_id, {self.number: number * self.scale}, paths)

    def close(self) -> None:
        """Leave nothing behind."""
        self.do("destroy")
