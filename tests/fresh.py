"""Manifests deployed on emulated clouds and read at once, as the system does it: parsed and split into units by those whose
task it is, applied and read by the adapters, compared by the drift detector. Only what carries them there is left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from deployforge_chassis import canonical
from deployforge_control_plane.domain.manifest.manifest import parse
from deployforge_drift_detector.domain.compare import differences
from deployforge_mcal.application.ports import CloudProvider, FillsIn, LimitsUnits, Work
from deployforge_mcal.application.secrets import SecretAccess, Secrets
from deployforge_mcal.domain import references
from deployforge_mcal.domain.difference import in_types_of
from deployforge_mcal.domain.secrets import marks
from deployforge_mcal.domain.topology.declared import placeholders
from deployforge_mcal.domain.units import CompiledUnit, Observed, Presence, ResourceSpec, Scope, Target, UnitSpec
from deployforge_orchestrator.domain.manifest import Manifest, Spec, read
from deployforge_orchestrator.domain.units import NO_BOUNDS, Unit, less_room, units_of

PROPERTY: Final = "fresh"
"""Of a test: what it deployed and read, for the summary of the run."""


@dataclass(frozen=True)
class Place:
    """Where resources of one type of provider go, whatever account their manifest names."""

    provider: CloudProvider
    root: Mapping[str, Any]
    account: str
    location: str = ""
    """Empty: the manifest's."""


@dataclass
class Reading:
    """What was seen of one deployment right after it was made."""

    checked: list[str] = field(default_factory=list)
    """`provider type`, one for each resource."""
    not_checked: dict[str, str] = field(default_factory=dict)
    """Type → why nobody can look at it."""
    false_drifts: dict[str, Any] = field(default_factory=dict)
    """Resource → what differs, which is nothing."""

    def told(self, template: str) -> dict[str, Any]:
        """For the summary of the run."""
        return {
            "template": template, "checked": self.checked, "not_checked": sorted(self.not_checked),
            "false_drifts": len(self.false_drifts),
        }  # fmt: skip


class _Source:
    """Gives every secret the same value."""

    def resolve(self, name: str, access: SecretAccess) -> str:
        return "correct horse battery staple"


class _Marks:
    """What was last set, in memory."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, str]] = {}

    def key(self) -> bytes:
        return b"k" * 32

    def of(self, urns: Sequence[str]) -> dict[str, dict[str, str]]:
        return {urn: self.known[urn] for urn in urns if self.known.get(urn)}

    def record(self, deployment_id: str, urn: str, desired: Mapping[str, Any]) -> list[Any]:
        self.known[urn] = dict(marks(desired))
        return []


class Fresh:
    """One deployment of a manifest."""

    def __init__(self, manifest: bytes, places: Mapping[str, Place], name: str = "") -> None:
        self._declared: Manifest = read(parse(manifest).canonical)
        self._places = places
        self._marks = _Marks()
        self._secrets = Secrets({"file": _Source()}, self._marks, lambda _: {})
        self._deployment_id = str(uuid4())
        self._known: dict[str, str] = {}
        self._made: list[tuple[CompiledUnit, dict[str, str]]] = []
        self._prefix = f"df-fresh-{name or self._deployment_id[:8]}"

    def deploy(self) -> None:
        """Apply every unit, in order."""
        specs = {spec.name: spec for spec in self._declared.specs}
        for compiled in self._planned(specs):
            place = self._places[compiled.scope.provider_type]
            inputs = {reference: self._known[reference] for reference in compiled.inputs}
            work = self._work(compiled, inputs=inputs)
            self._made.append((compiled, inputs))
            outcomes = place.provider.apply(place.provider.open(place.root, work), work, lambda *_: None)
            for outcome in outcomes:
                name = outcome.urn.rpartition(":")[2]
                self._known |= {f"{name}.{key}": value for key, value in outcome.attributes.items()}
                self._known[outcome.urn] = outcome.physical_id
            for resource in compiled.resources:
                self._marks.record(self._deployment_id, resource.urn, resource.desired)

    def read(self) -> Reading:
        """Look at all of it, and compare."""
        found = Reading()
        for compiled, _ in self._made:
            place = self._places[compiled.scope.provider_type]
            targets = [Target(r.urn, r.type, self._known[r.urn]) for r in compiled.resources]
            reader = place.provider.open_reader(place.root, compiled.scope, [t.type for t in targets])
            seen = self._secrets.observed(place.provider.observe(reader, compiled.scope, targets))
            for resource, one in zip(compiled.resources, seen, strict=True):
                if one.presence is Presence.NOT_CHECKED:
                    found.not_checked[f"{compiled.scope.provider_type} {resource.type}"] = one.reason
                    continue
                found.checked.append(f"{compiled.scope.provider_type} {resource.type.rpartition('/')[2]}")
                if wrong := list(self._differing(place.provider, resource, one)):
                    found.false_drifts[resource.name] = wrong
        return found

    def destroy(self) -> None:
        """Take everything away again."""
        for compiled, inputs in reversed(self._made):
            place = self._places[compiled.scope.provider_type]
            work = self._work(compiled, inputs=inputs)
            place.provider.destroy(place.provider.open(place.root, work), work, lambda *_: None)

    def _planned(self, specs: Mapping[str, Spec]) -> list[CompiledUnit]:
        """The units, smaller ones where a credential could not say all that one needs."""
        room = NO_BOUNDS
        while True:
            units = units_of(self._declared.specs, self._prefix, {}, room=room)
            compiled = [self._compiled(unit, specs) for unit in units]
            crowded = [unit for unit, made in zip(units, compiled, strict=True) if self._too_many_types(made)]
            if not crowded:
                return compiled
            room = less_room(room, crowded, (), specs, ())

    def _too_many_types(self, unit: CompiledUnit) -> bool:
        provider = self._places[unit.scope.provider_type].provider
        return isinstance(provider, LimitsUnits) and provider.too_many_types(unit)

    def _compiled(self, unit: Unit, specs: Mapping[str, Spec]) -> CompiledUnit:
        place = self._places[unit.scope.type]
        scope = Scope(unit.scope.type, place.account, place.location or unit.scope.location, unit.scope.credential_ref)
        resources = placeholders([_spec(specs[name]) for name in unit.resources])
        spec = UnitSpec(self._deployment_id, unit.unit_id, unit.name, scope, tuple(resources))
        return self._secrets.marked(place.provider.compile(spec))

    def _work(self, compiled: CompiledUnit, **fields: Any) -> Work:
        secrets = self._secrets.use(self._deployment_id, compiled.scope)
        return Work(
            str(uuid4()), compiled.scope, self._deployment_id, compiled.unit_name, unit=compiled, secrets=secrets, **fields
        )

    def _differing(self, provider: CloudProvider, resource: Any, seen: Observed) -> Iterator[Any]:
        if seen.presence is not Presence.PRESENT:
            yield str(seen.presence)
            return
        fill = (
            provider.filled
            if isinstance(provider, FillsIn)
            else lambda _, desired, known: references.substitute(desired, known)
        )
        desired = in_types_of(fill(resource.type, dict(resource.desired), self._known), seen.properties)
        # As both go over the wire.
        as_sent, as_seen = (json.loads(canonical.dumps(dict(one))) for one in (desired, seen.properties))
        for one in differences(as_sent, as_seen, resource.set_paths):
            yield one.path, one.expected, one.actual


def _spec(spec: Spec) -> ResourceSpec:
    return ResourceSpec(
        f"urn:df:shop:fresh:{spec.name}", spec.name, spec.type, spec.properties, spec.native, spec.initial, spec.explicit,
        spec.retain_on_delete,
    )  # fmt: skip
