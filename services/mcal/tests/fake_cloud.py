"""A cloud in memory that keeps every promise of CloudProvider; units are dictionaries, resources are counted."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure, Tick, Work
from deployforge_mcal.domain import references
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure, Grant
from deployforge_mcal.domain.secrets import is_mark
from deployforge_mcal.domain.units import (
    Became,
    Change,
    CompiledResource,
    CompiledUnit,
    Observed,
    Outcome,
    Presence,
    Problem,
    ResourceSpec,
    Scope,
    Target,
    UnitSpec,
)  # fmt: skip

REFUSED = "refused"
ECHO = "echo"
FIXED = "cidr"


@dataclass(frozen=True)
class FakeSession:
    """A credential that opens everything."""

    grant: Grant


@dataclass
class FakeCloud:
    """Any type and property goes; a property `refused` fails in the cloud, a changed `cidr` replaces. With `echo` the
    cloud repeats all that it was given: `failure`, `error` or `attributes` say where. Secrets are never given back."""

    type: str = "aws"
    live: dict[str, dict[str, Any]] = field(default_factory=dict)
    """physical id → properties."""
    units: dict[str, dict[str, str]] = field(default_factory=dict)
    """unit name → urn → physical id."""
    done: dict[str, Any] = field(default_factory=dict)
    """token → what the first call answered."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    """physical id → properties with the values of secrets."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def types(self) -> tuple[TypeDoc, ...]:
        return (TypeDoc("Queue", "a queue", (), ("id",), {"aws": "full"}),)

    def native_types(self) -> tuple[str, ...]:
        return ("AWS::SQS::Queue",)

    def listable(self) -> tuple[str, ...]:
        return ("Queue",)

    def native_type(self, type: str) -> str:
        return "AWS::SQS::Queue"

    def list_ids(self, session: Any, type: str) -> list[str]:
        return list(self.live)

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        return [Problem(f"{s.name}.type", "no such type") for s in specs if s.type == "Nothing"]

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        if problems := self.check(spec.resources):
            raise InvalidUnit(problems)
        names = {r.name for r in spec.resources}
        outside = {str(ref) for r in spec.resources for ref in references.of(dict(r.properties)) if ref.name not in names}
        resources = tuple(
            CompiledResource(r.urn, r.name, r.type, f"Fake::{r.type}", r.name, dict(r.properties), (FIXED,), (), ())
            for r in spec.resources
        )
        hidden = {str(ref): "Secret" for r in spec.resources for _, ref in references.secrets(r.properties)}
        return CompiledUnit(
            spec.deployment_id, spec.unit_id, spec.unit_name, spec.scope, {}, resources, {o: o for o in outside}, {}, hidden
        )

    def open(self, root: Mapping[str, Any], work: Work) -> FakeSession:
        return self._session(work.token, read_only=False)

    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> FakeSession:
        return self._session("read", read_only=True)

    def _session(self, name: str, *, read_only: bool) -> FakeSession:
        until = datetime.now(UTC) + timedelta(minutes=15)
        return FakeSession(Grant("aws-test", name, ("fake:Do",), ("*",), read_only, until))

    def preview(self, session: FakeSession, work: Work) -> list[Change]:
        held = self.units.get(work.unit_name, {})
        assert work.unit is not None
        return [Change(r.urn, "modify" if r.urn in held else "add") for r in work.unit.resources]

    def apply(self, session: FakeSession, work: Work, tick: Tick) -> list[Outcome]:
        return self._once("apply", work, lambda: self._apply(work, tick))

    def _apply(self, work: Work, tick: Tick) -> list[Outcome]:
        assert work.unit is not None
        held = self.units.get(work.unit_name, {})
        for r in work.unit.resources:
            if REFUSED in r.desired:
                raise ProviderFailure(Failure("RESOURCE_FAILED", "refused", None, r.urn, restored=True))
        outcomes, now = [], {}
        for r in work.unit.resources:
            desired = references.substitute(dict(r.desired), work.inputs)
            id = held.get(r.urn)
            replaced = id is not None and self.live.get(id, {}).get(FIXED) != desired.get(FIXED)
            changed = id is not None and bool(differing(desired, self.live.get(id, {}), ()))
            became = Became.CREATED if id is None else Became.UPDATED if changed else Became.UNCHANGED
            if id is None or replaced or id not in self.live:
                self.live.pop(id or "", None)
                id = work.adopt.get(r.urn) or f"id-{next(self._numbers)}"
            self.live[id] = {**desired}
            self.given[id] = work.secrets.filled(desired)
            now[r.urn] = id
            said = {"id": id, **self._echo(r.urn, desired.get(ECHO), f"got {self.given[id]}", tick)}
            outcomes.append(Outcome(r.urn, id, said, became))
        for urn in held.keys() - now.keys():
            self.live.pop(held[urn], None)
            outcomes.append(Outcome(urn, "", {}, Became.DELETED))
        self.units[work.unit_name] = now
        return outcomes

    def _echo(self, urn: str, where: Any, said: str, tick: Tick) -> dict[str, str]:
        if where is None:
            return {}
        tick(urn, "CREATING", said)
        if where == "failure":
            raise ProviderFailure(Failure("RESOURCE_FAILED", said, said, urn, restored=True))
        if where == "error":
            raise RuntimeError(said)
        return {"said": said}

    def adopt(self, session: FakeSession, work: Work, tick: Tick) -> list[Outcome]:
        self.units.setdefault(work.unit_name, {}).update(work.adopt)
        return [Outcome(urn, id, {"id": id}, Became.ADOPTED) for urn, id in work.adopt.items()]

    def destroy(self, session: FakeSession, work: Work, tick: Tick) -> list[Outcome]:
        return self._once("destroy", work, lambda: self._destroy(work))

    def _destroy(self, work: Work) -> list[Outcome]:
        held = self.units.pop(work.unit_name, {})
        outcomes = []
        for urn, id in held.items():
            if urn not in work.retain:
                self.live.pop(id, None)
            status = Became.UNCHANGED if urn in work.retain else Became.DELETED
            outcomes.append(Outcome(urn, id if urn in work.retain else "", {}, status))
        return outcomes

    def observe(self, session: FakeSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        return [
            Observed(t.urn, Presence.PRESENT, t.physical_id, self._shown(t.physical_id), {"id": t.physical_id})
            if t.physical_id in self.live
            else Observed(t.urn, Presence.MISSING, t.physical_id)
            for t in targets
        ]

    def _shown(self, id: str) -> dict[str, Any]:
        return {name: value for name, value in self.live[id].items() if not is_mark(value)}

    def correct(self, session: FakeSession, work: Work, tick: Tick) -> list[Outcome]:
        return self._once("correct", work, lambda: [self._correct(t) for t in work.targets])

    def _correct(self, target: Target) -> Outcome:
        if target.physical_id not in self.live:
            raise ProviderFailure(Failure("NOT_FOUND", f"{target.physical_id} does not exist", None, target.urn))
        self.live[target.physical_id].update(target.desired)
        return Outcome(target.urn, target.physical_id, {"id": target.physical_id}, Became.CORRECTED)

    def recreate(self, session: FakeSession, work: Work, tick: Tick) -> list[Outcome]:
        return self._once("recreate", work, lambda: [self._recreate(work, t) for t in work.targets])

    def _recreate(self, work: Work, target: Target) -> Outcome:
        held = self.units[work.unit_name]
        if held[target.urn] in self.live:
            return Outcome(target.urn, held[target.urn], {"id": held[target.urn]}, Became.UNCHANGED)
        held[target.urn] = f"id-{next(self._numbers)}"
        self.live[held[target.urn]] = dict(target.desired)
        return Outcome(target.urn, held[target.urn], {"id": held[target.urn]}, Became.RECREATED)

    def _once(self, verb: str, work: Work, act: Any) -> list[Outcome]:
        self.calls.append((verb, work.token))
        if work.token not in self.done:
            self.done[work.token] = act()
        found: list[Outcome] = self.done[work.token]
        return found
