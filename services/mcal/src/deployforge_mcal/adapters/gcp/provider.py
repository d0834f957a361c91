"""Google Cloud as a CloudProvider. The verbs are the port's; what each must leave behind is said there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.failures import failing_as
from deployforge_mcal.adapters.gcp import (
    applying,
    compiler,
    credentials,
    examining,
    planning,
    reading,
    repair,
    wiring,
)
from deployforge_mcal.adapters.gcp.engine import Engine, InfrastructureManager
from deployforge_mcal.adapters.gcp.errors import failure_of
from deployforge_mcal.adapters.gcp.kinds import KINDS
from deployforge_mcal.adapters.gcp.kinds.native import declarable
from deployforge_mcal.adapters.gcp.legacy.types import named
from deployforge_mcal.adapters.gcp.models import model
from deployforge_mcal.adapters.gcp.reading import recent
from deployforge_mcal.adapters.gcp.session import READ_PATIENCE_SECONDS, GcpSession
from deployforge_mcal.adapters.turns import TakingTurns
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure, Tick, WiringReader, Work
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.vocabulary import Level
from deployforge_mcal.domain.units import (
    Became,
    Change,
    CompiledUnit,
    Observed,
    Outcome,
    Problem,
    ResourceSpec,
    Scope,
    Target,
    UnitSpec,
)

_ACTIONS: Final = {"CREATE": "add", "UPDATE": "modify", "DELETE": "remove", "RECREATE": "replace"}
#: A verb whose errors of the cloud and of the network are ProviderFailure.
typed = failing_as(failure_of)


class GcpProvider(TakingTurns):
    """See CloudProvider. `endpoint` is an emulator's; empty means Google Cloud itself."""

    type = "gcp"
    engine: Engine = InfrastructureManager()
    tells_by_preview = True

    def __init__(self, endpoint: str = "") -> None:
        self.endpoint = endpoint

    # --- without a credential -------------------------------------------------------------------------

    def types(self) -> tuple[TypeDoc, ...]:
        """See CloudProvider."""
        there = [name for name in sorted(KINDS) if TYPES[name].on(self.type).level is not Level.NONE]
        return tuple(KINDS[name].document() for name in there)

    def native_types(self) -> tuple[str, ...]:
        """See CloudProvider: those whose REST is known, so that they can be read."""
        return declarable()

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """See CloudProvider."""
        return [p for spec in specs for p in self.refused(spec)] or compiler.check(specs)

    def refused(self, spec: ResourceSpec) -> list[Problem]:
        """Why the engine cannot have a declaration, whatever is in it."""
        if (legacy := named(spec.type)) is None:
            return []
        said = f"{legacy.name} is a type of Deployment Manager, which has ended"
        return [Problem(f"{spec.name}.type", said, f"gcp/{legacy.google}", "or engine: deployment-manager, while it lasts")]

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        """See CloudProvider."""
        if problems := [p for one in spec.resources for p in self.refused(one)]:
            raise InvalidUnit(problems)
        return compiler.compile_unit(spec)

    def wiring(self) -> Mapping[str, WiringReader]:
        """See ReadsWiring."""
        return dict.fromkeys(wiring.TYPES, wiring.parts)

    def filled(self, type: str, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """See FillsIn."""
        return model(type).filled(desired, known)

    # --- credentials ----------------------------------------------------------------------------------

    @typed
    def open(self, root: Mapping[str, Any], work: Work) -> GcpSession:
        """See CloudProvider: ten minutes of the service account that deploys."""
        return credentials.open_session(
            root, work.scope, f"df-{work.token}", endpoint=self.endpoint, read_only=False, hold=work.hold,
            secrets=work.secrets, turns=self.turns(work.scope, READ_PATIENCE_SECONDS),
        )  # fmt: skip

    @typed
    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> GcpSession:
        """See CloudProvider: ten minutes of the service account that reads."""
        turns = self.turns(scope, READ_PATIENCE_SECONDS)
        return credentials.open_session(root, scope, "df-read", endpoint=self.endpoint, read_only=True, turns=turns)

    @typed
    def examine(self, root: Mapping[str, Any], scopes: Sequence[Scope]) -> Examined:
        """See ExaminesCredentials."""
        return examining.examine(root, scopes, endpoint=self.endpoint)

    # --- reading --------------------------------------------------------------------------------------

    def observe(self, session: GcpSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """See CloudProvider."""
        return reading.observe(session, scope, targets)

    def listable(self) -> tuple[str, ...]:
        """See CloudProvider: what Cloud Asset Inventory lists and is not a part of something else."""
        return tuple(name for name, kind in KINDS.items() if kind.listed)

    def native_type(self, type: str) -> str:
        """See CloudProvider."""
        return KINDS[type].google if type in KINDS else type.rpartition("/")[2]

    @typed
    def list_ids(self, session: GcpSession, type: str) -> list[str]:
        """See CloudProvider: those of the project that lie in the region or in none."""
        return reading.listed(session, KINDS[type].of.asset)

    @typed
    def preview(self, session: GcpSession, work: Work) -> list[Change]:
        """See CloudProvider. Terraform speaks of its own resources; one of ours changes when one of its parts does."""
        plan = planning.for_work(work)
        mains = {piece.address for piece in plan.pieces if not piece.part}
        # What the values of other units were is not always known; names seldom depend on these.
        inputs = {**work.inputs, **work.previous_inputs}
        earlier = planning.plan(work.previous, inputs) if work.previous is not None else None
        found: dict[str, str] = {}
        imports = applying.adopted(session, work, plan)
        told = self.engine.previewed(session, work.unit_name, work.token, plan, earlier, imports=imports)
        for change in told.changes:
            address, action = str(change["terraform_info"]["address"]), _ACTIONS.get(str(change["intent"]))
            urn = plan.urn_of(address)
            if action is not None and urn is None and earlier is not None:
                urn = earlier.urn_of(address)
                main = address in {piece.address for piece in earlier.pieces if not piece.part}
            else:
                main = address in mains
            if action is not None and urn is not None and (main or urn not in found):
                found[urn] = action if main else "modify"
        return [Change(urn, action) for urn, action in found.items()]

    # --- changing -------------------------------------------------------------------------------------

    @typed
    def apply(self, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        if work.adopt:
            self.adopt(session, work, tick)
        return applying.apply(self.engine, session, work, tick)

    @typed
    def adopt(self, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider. A resource belongs to the unit from its next deployment on, which imports it."""
        plan = planning.for_work(work)
        outcomes = []
        for d in plan.declared:
            if d.resource.urn not in work.adopt:
                continue
            id = work.adopt[d.resource.urn]
            if id != d.id:
                said = f"{d.resource.name} was compiled for {d.id}, not for {id}"
                raise ProviderFailure(Failure("INVALID", said, "plan again", d.resource.urn, restored=True))
            native = d.of.kind.read(reading.Services(session), id)
            if native is None:
                hint = "check the id, or leave `import` out to make a new one"
                raise ProviderFailure(Failure("NOT_FOUND", f"{id} does not exist", hint, d.resource.urn, restored=True))
            tick(d.resource.urn, "ADOPTED", None)
            outcomes.append(applying.outcome(d, native, Became.ADOPTED))
        return outcomes

    @typed
    def destroy(self, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        plan = planning.plan(work.unit, work.inputs) if work.unit is not None else None
        declared = plan.declared if plan is not None else ()
        kept = {d.resource.urn for d in declared if d.retain or d.resource.urn in work.retain}
        rollout = self.engine.rollout(session, work.unit_name, work.token, tick)
        if rollout.found() is not None:
            if plan is not None and kept:
                self.engine.let_go(session, rollout.name, [piece.address for piece in plan.of(kept)])
            tick(None, "DELETING", None)
            if (failure := rollout.remove(plan)) is not None:
                raise ProviderFailure(failure)
        rollout.forget()
        recent.add(plan.fulls if plan is not None else ())
        live = reading.read(session, {d.id: d.of for d in declared if d.resource.urn in kept})
        return [
            Outcome(d.resource.urn, d.id, {}, Became.UNCHANGED)
            if live.get(d.id) is not None
            else Outcome(d.resource.urn, "", {}, Became.DELETED)
            for d in declared
        ]

    @typed
    def correct(self, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return repair.correct(session, work, tick)

    @typed
    def recreate(self, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return repair.recreate(self.engine, session, work, tick)


def from_options(options: Mapping[str, str]) -> GcpProvider:
    """The entry point: `endpoint` is an emulator's URL, empty for Google Cloud."""
    return GcpProvider(options.get("endpoint", ""))
