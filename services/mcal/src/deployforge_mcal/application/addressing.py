"""Gives networks their addresses, when a unit is compiled, and keeps them theirs until the cloud has nothing left."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from deployforge_chassis.facts import Write

from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.application.stores import Claims
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.topology.addressing import Claim, Rules, addressed, conflict
from deployforge_mcal.domain.topology.declared import (
    SIZES,
    SUBNET,
    NativeRanges,
    declared_overlaps,
    no_ranges,
    placeholders,
    ranges,
)
from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.units import (
    Became,
    CompiledResource,
    CompiledUnit,
    Outcome,
    Problem,
    ResourceSpec,
    Scope,
    UnitSpec,
)

Declared = tuple[str, ResourceSpec]
"""Provider type and declaration."""


class Addressing:
    """Threads and replicas may share the claims: one at a time looks at all of them and adds its own."""

    def __init__(self, claims: Claims, rules: Rules, native: NativeRanges = no_ranges) -> None:
        self._claims, self.rules, self._native = claims, rules, native

    def listed(self) -> list[Claim]:
        """All claims, by address."""
        return sorted(self._claims.all(), key=lambda one: (one.range, one.urn))

    def checked(
        self, resources: Sequence[tuple[str, ResourceSpec]]
    ) -> tuple[list[tuple[str, ResourceSpec]], list[Problem]]:
        """Declarations with ranges that can be checked, and overlaps within the manifest."""
        specs = [spec for _, spec in resources]
        stood_in = placeholders(specs)
        return [(type, spec) for (type, _), spec in zip(resources, stood_in, strict=True)], declared_overlaps(
            specs, self._native
        )

    def given(self, spec: UnitSpec) -> UnitSpec:
        """The unit with addresses, which are its own from now on. Raises InvalidUnit; then nothing is kept."""
        if not any(one.type in SIZES or self._native(one.type, one.properties) for one in spec.resources):
            return spec
        with self._claims.all_to_itself() as table:
            found = addressed(spec.resources, _place(spec.scope), table.all(), self.rules, self._native)
            if found.problems:
                raise InvalidUnit(found.problems)
            table.keep(found.claims)
        return replace(spec, resources=found.specs)

    def used(self, unit: CompiledUnit) -> None:
        """Something is about to be made with the unit's addresses. Raises ProviderFailure when another network has taken
        some of them since they were planned; then nothing was done."""
        ranged = [(r, cidr) for r in unit.resources for cidr in self._ranges(r) or ([None] if r.type in SIZES else [])]
        if not ranged:
            return
        with self._claims.all_to_itself() as table:
            held = table.all()
            for one, cidr in ranged:
                if one.type != SUBNET and cidr is not None and (other := conflict(cidr, one.urn, held, self.rules)):
                    said = f"{cidr} of {one.name} overlaps {other.cidr} of {other.who}, which came first"
                    raise ProviderFailure(Failure("ADDRESSES_TAKEN", said, "plan again", one.urn, restored=True))
            for one, cidr in ranged:
                # Some clouds give a network no addresses of its own: then it keeps what it was given here.
                mine = [c for c in held if c.urn == one.urn and cidr in (None, c.range)]
                if not mine and one.type != SUBNET and cidr is not None:
                    # Back after a rollback, when its claim had been given up.
                    mine = [replace(_place(unit.scope), urn=one.urn, asked=str(cidr), cidr=str(cidr))]
                table.keep(replace(claim, in_use=True) for claim in mine)

    def settled(self, unit: CompiledUnit | None, outcomes: Sequence[Outcome]) -> list[Write]:
        """What becomes of claims when an operation has ended well."""
        gone = [o.urn for o in outcomes if o.status is Became.DELETED]
        now = {
            r.urn: [str(cidr) for cidr in found]
            for r in (unit.resources if unit is not None else ())
            if r.urn not in gone and (found := self._ranges(r))
        }
        return [*self._claims.free(gone), *self._claims.only(now)]

    def undone(self, unit: CompiledUnit, previous: CompiledUnit | None) -> list[Write]:
        """What becomes of claims when an operation has failed and everything is as it was: what is new is only planned."""
        before = {r.urn for r in previous.resources} if previous is not None else set()
        return self._claims.unused([r.urn for r in unit.resources if r.urn not in before and self._has_addresses(r)])

    def _ranges(self, of: CompiledResource) -> tuple[IPv4Network, ...]:
        if of.type == SUBNET:
            cidr = parsed(of.desired.get("cidr"))
            return (cidr,) if cidr is not None else ()
        return ranges(of.type, of.desired, self._native)

    def _has_addresses(self, of: CompiledResource) -> bool:
        return of.type in SIZES or bool(self._ranges(of))


def _place(scope: Scope) -> Claim:
    return Claim("", "", "0.0.0.0/0", "", scope.provider_type, scope.account, scope.location)
