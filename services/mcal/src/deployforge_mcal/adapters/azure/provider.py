"""Azure as a CloudProvider. The verbs are the port's; what each must leave behind is said there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.azure import (
    applying,
    compiler,
    credentials,
    examining,
    membership,
    planning,
    reading,
    repair,
    versions,
    wiring,
)
from deployforge_mcal.adapters.azure.errors import failure_of
from deployforge_mcal.adapters.azure.kinds import KINDS
from deployforge_mcal.adapters.azure.models import model
from deployforge_mcal.adapters.azure.placing import same
from deployforge_mcal.adapters.azure.rollout import Rollout, deployment_name
from deployforge_mcal.adapters.azure.session import READ_PATIENCE_SECONDS, AzureSession
from deployforge_mcal.adapters.bodies import Body
from deployforge_mcal.adapters.failures import failing_as
from deployforge_mcal.adapters.turns import TakingTurns
from deployforge_mcal.application.ports import ProviderFailure, Tick, WiringReader, Work
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

_ACTIONS: Final = {"Create": "add", "Modify": "modify", "Deploy": "modify", "Unsupported": "modify"}
#: A verb whose errors of the cloud and of the network are ProviderFailure.
typed = failing_as(failure_of)


class AzureProvider(TakingTurns):
    """See CloudProvider. `endpoint` is an emulator's; empty means Azure itself."""

    type = "azure"

    def __init__(self, endpoint: str = "") -> None:
        self.endpoint = endpoint

    # --- without a credential -------------------------------------------------------------------------

    def types(self) -> tuple[TypeDoc, ...]:
        """See CloudProvider."""
        there = [name for name in sorted(KINDS) if TYPES[name].on(self.type).level is not Level.NONE]
        return tuple(KINDS[name].document() for name in there)

    def native_types(self) -> tuple[str, ...]:
        """See CloudProvider: those whose api-version is pinned; any other can be declared with its own."""
        return tuple(sorted(versions.PINNED))

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """See CloudProvider."""
        return compiler.check(specs)

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        """See CloudProvider."""
        return compiler.compile_unit(spec)

    def filled(self, type: str, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """See FillsIn."""
        return model(type).filled(desired, known)

    def wiring(self) -> Mapping[str, WiringReader]:
        """See ReadsWiring."""
        return dict.fromkeys(wiring.TYPES, wiring.parts)

    # --- credentials ----------------------------------------------------------------------------------

    @typed
    def open(self, root: Mapping[str, Any], work: Work) -> AzureSession:
        """See CloudProvider: a token for the resource group."""
        return credentials.open_session(
            root,
            work.scope,
            f"df-{work.token}",
            endpoint=self.endpoint,
            read_only=False,
            hold=work.hold,
            secrets=work.secrets,
            turns=self.turns(work.scope, READ_PATIENCE_SECONDS),
        )

    @typed
    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> AzureSession:
        """See CloudProvider: a token for the resource group, with the role Reader where the authority narrows, and the
        actions that show what a GET does not."""
        asked = {action for type in types if type in KINDS for action in KINDS[type].actions}
        actions = sorted(action for action in asked if action.endswith("/list/action"))
        return credentials.open_session(
            root, scope, "df-read", endpoint=self.endpoint, read_only=True, actions=actions,
            turns=self.turns(scope, READ_PATIENCE_SECONDS),
        )  # fmt: skip

    @typed
    def examine(self, root: Mapping[str, Any], scopes: Sequence[Scope]) -> Examined:
        """See ExaminesCredentials."""
        return examining.examine(root, scopes, endpoint=self.endpoint)

    # --- reading --------------------------------------------------------------------------------------

    def observe(self, session: AzureSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """See CloudProvider."""
        return reading.observe(session, scope, targets)

    def listable(self) -> tuple[str, ...]:
        """See CloudProvider: what a resource group lists by itself, which children are not."""
        return tuple(name for name, kind in KINDS.items() if kind.tracked)

    def native_type(self, type: str) -> str:
        """See CloudProvider."""
        return model(type).native_type

    @typed
    def list_ids(self, session: AzureSession, type: str) -> list[str]:
        """See CloudProvider: those of the resource group."""
        listed = session.resources.resources.list_by_resource_group(
            session.place.group, filter=f"resourceType eq '{KINDS[type].native_type}'"
        )
        return [str(one.id) for one in listed]

    @typed
    def preview(self, session: AzureSession, work: Work) -> list[Change]:
        """See CloudProvider. What-if speaks of native resources; a resource changes when one of its parts does."""
        plan = planning.for_work(work)
        rollout = Rollout(session, deployment_name(work.unit_name, work.token), lambda *_: None)
        found: dict[str, str] = {}
        for change in rollout.what_if(plan):
            piece = next((p for p in plan.pieces if same(p.id, _resource_id(change))), None)
            action = _ACTIONS.get(_word(change))
            if piece is not None and action is not None and (piece.main or piece.urn not in found):
                found[piece.urn] = action if piece.main or found.get(piece.urn) else "modify"
        wanted = {d.resource.urn for d in plan.declared}
        gone = [r.urn for r in work.previous.resources if r.urn not in wanted] if work.previous is not None else []
        return [Change(urn, action) for urn, action in found.items()] + [Change(urn, "remove") for urn in gone]

    # --- changing -------------------------------------------------------------------------------------

    @typed
    def apply(self, session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        if work.adopt:
            self.adopt(session, work, tick)
        return applying.apply(session, work, tick)

    @typed
    def adopt(self, session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider. A resource belongs to the unit from its next deployment on, which has its id."""
        plan = planning.for_work(work)
        outcomes = []
        for d in plan.declared:
            if d.resource.urn not in work.adopt:
                continue
            id = work.adopt[d.resource.urn]
            if not same(id, d.id):
                said = f"{d.resource.name} was compiled for {d.id}, not for {id}"
                raise ProviderFailure(Failure("INVALID", said, "plan again", d.resource.urn, restored=True))
            native = model(d.resource.type).read(session, id)
            if native is None:
                hint = "check the id, or leave `import` out to make a new one"
                raise ProviderFailure(Failure("NOT_FOUND", f"{id} does not exist", hint, d.resource.urn, restored=True))
            tick(d.resource.urn, "ADOPTED", None)
            outcomes.append(applying.outcome(d, native, Became.ADOPTED))
        return outcomes

    @typed
    def destroy(self, session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        plan = planning.plan(work.unit, work.inputs) if work.unit is not None else None
        declared = plan.declared if plan is not None else ()
        kept = {d.resource.urn: d.id for d in declared if d.retain or d.resource.urn in work.retain}
        mine = plan.ids if plan is not None else {}
        # What the plan does not know has been left behind by earlier ones: it goes last.
        ids = {id.lower(): id for id in membership.owned(session, work.unit_name) if id.lower() not in mine} | mine
        parts = [p.id for p in plan.pieces if p.urn in kept] if plan is not None else []
        urns = {p.key: p.urn for p in plan.pieces} if plan is not None else {}
        membership.remove(session, ids.values(), [*kept.values(), *parts], tick, urns)
        membership.history(session, work.unit_name)
        live = reading.read(session, {id: d.of for d in declared for id in [kept.get(d.resource.urn)] if id})
        return [
            Outcome(d.resource.urn, d.id, {}, Became.UNCHANGED)
            if d.resource.urn in kept and live.get(d.id) is not None
            else Outcome(d.resource.urn, "", {}, Became.DELETED)
            for d in declared
        ]

    @typed
    def correct(self, session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return repair.correct(session, work, tick)

    @typed
    def recreate(self, session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return repair.recreate(session, work, tick)


def _resource_id(change: Body) -> str:
    return str(change.get("resourceId") or change.get("resource_id") or "")


def _word(change: Body) -> str:
    return str(change.get("changeType") or change.get("change_type") or "")


def from_options(options: Mapping[str, str]) -> AzureProvider:
    """The entry point: `endpoint` is an emulator's URL, empty for Azure."""
    return AzureProvider(options.get("endpoint", ""))
