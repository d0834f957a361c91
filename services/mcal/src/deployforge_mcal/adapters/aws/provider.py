"""AWS as a CloudProvider. The verbs are the port's; what each must leave behind is said there."""

from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_mcal.adapters.aws import (
    compiler,
    credentials,
    deployed,
    examining,
    policies,
    readers,
    reading,
    recreation,
    repair,
    replacements,
    schemas,
    settling,
    wiring,
)
from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.readers import AwsReaders
from deployforge_mcal.adapters.aws.session import READ_PATIENCE_SECONDS, AwsSession
from deployforge_mcal.adapters.aws.stacks import Stack
from deployforge_mcal.adapters.failures import failing_as
from deployforge_mcal.adapters.turns import TakingTurns
from deployforge_mcal.application.ports import ProviderFailure, Tick, WiringReader, Work
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.operation import Failure
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

#: A verb whose errors of the cloud and of the network are ProviderFailure.
typed = failing_as(failure_of)


class AwsProvider(TakingTurns):
    """See CloudProvider. `endpoint` is an emulator's; empty means AWS itself."""

    type = "aws"

    def __init__(self, endpoint: str = "") -> None:
        self.endpoint = endpoint

    # --- without a credential -------------------------------------------------------------------------

    def types(self) -> tuple[TypeDoc, ...]:
        """See CloudProvider."""
        return tuple(model(name).documented() for name in sorted(KINDS))

    def native_types(self) -> tuple[str, ...]:
        """See CloudProvider."""
        return schemas.types()

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """See CloudProvider."""
        return compiler.check(specs)

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        """See CloudProvider."""
        return compiler.compile_unit(spec)

    def too_large(self, unit: CompiledUnit) -> bool:
        """See LimitsUnits."""
        return compiler.too_large(unit)

    def filled(self, type: str, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """See FillsIn."""
        return model(type).filled(desired, known)

    def too_many_types(self, unit: CompiledUnit) -> bool:
        """See LimitsUnits."""
        work = Work("", unit.scope, unit.deployment_id, unit.unit_name, unit=unit)
        try:
            policies.exact(credentials.operation_statements(work, emulated=bool(self.endpoint)))
        except policies.TooLong:
            return True
        return False

    def wiring(self) -> Mapping[str, WiringReader]:
        """See ReadsWiring."""
        return dict.fromkeys(wiring.TYPES, wiring.parts)

    # --- credentials ----------------------------------------------------------------------------------

    @typed
    def open(self, root: Mapping[str, Any], work: Work) -> AwsSession:
        """See CloudProvider."""
        statements = credentials.operation_statements(work, emulated=bool(self.endpoint))
        return credentials.open_session(
            root,
            work.scope,
            f"df-{work.token}",
            statements,
            endpoint=self.endpoint,
            read_only=False,
            hold=work.hold,
            secrets=work.secrets,
            turns=self.turns(work.scope, READ_PATIENCE_SECONDS),
        )

    @typed
    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> AwsReaders:
        """See CloudProvider."""

        def open_for(some: Sequence[str]) -> AwsSession:
            return credentials.open_session(
                root, scope, "df-read", credentials.read_statements(some), endpoint=self.endpoint, read_only=True,
                turns=self.turns(scope, READ_PATIENCE_SECONDS),
            )  # fmt: skip

        return readers.opened(types, open_for)

    @typed
    def examine(self, root: Mapping[str, Any], scopes: Sequence[Scope]) -> Examined:
        """See ExaminesCredentials."""
        return examining.examine(root, scopes, endpoint=self.endpoint)

    # --- reading --------------------------------------------------------------------------------------

    def observe(self, session: AwsReaders, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """See CloudProvider."""
        by_session: dict[int, list[Target]] = {}
        for target in targets:
            by_session.setdefault(id(session.of(target.type)), []).append(target)
        seen = {
            one.urn: one for some in by_session.values() for one in reading.observe(session.of(some[0].type), scope, some)
        }
        return [seen[target.urn] for target in targets]

    def listable(self) -> tuple[str, ...]:
        """See CloudProvider."""
        return tuple(name for name, kind in KINDS.items() if kind.listing is not None)

    def native_type(self, type: str) -> str:
        """See CloudProvider."""
        return model(type).native_type

    @typed
    def list_ids(self, session: AwsReaders, type: str) -> list[str]:
        """See CloudProvider."""
        return KINDS[type].list_ids(session.of(type))

    @typed
    def preview(self, session: AwsSession, work: Work) -> list[Change]:
        """See CloudProvider."""
        unit = _unit(work)
        stack = Stack(session, work.unit_name, lambda *_: None, {})
        current = stack.template() if _exists(stack) else None
        template = deployed.for_stack(unit, current)
        found = stack.preview(
            work.token,
            deployed.body(template),
            deployed.parameters(unit, work.inputs, work.secrets),
            deployed.stack_tags(unit),
        )
        names = {**deployed.urns(current or {}), **deployed.urns(template)}
        return [Change(names[logical], action) for logical, action in found.items() if logical in names]

    # --- changing -------------------------------------------------------------------------------------

    @typed
    def apply(self, session: AwsSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        unit = _unit(work)
        if work.adopt:
            self.adopt(session, work, tick)
        stack, before, template = _prepared(session, work, unit, tick)
        settled = stack.deploy(
            work.token, deployed.body(template), deployed.parameters(unit, work.inputs, work.secrets),
            deployed.stack_tags(unit), resumed=work.resumed,
            judge=lambda changes: replacements.unapproved(changes, deployed.urns(template), unit, work.replaces),
        )  # fmt: skip
        if settled.failure is not None:
            raise ProviderFailure(settling.cleaned_up(session, stack, work, settled, tick))
        repaired = settling.settle(session, stack, unit, work, tick)
        names = deployed.urns(before)
        removed = [urn for logical, urn in names.items() if settled.changes.get(logical) == "remove"]
        outcomes = settling.outcomes_of(session, stack, unit, work, settled.changes, repaired)
        here = {o.urn for o in outcomes}
        return outcomes + [Outcome(urn, "", {}, Became.DELETED) for urn in removed if urn not in here]

    @typed
    def adopt(self, session: AwsSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        unit = _unit(work)
        stack, before, template = _prepared(session, work, unit, tick)
        there = set(deployed.urns(before).values())
        logical = {urn: name for name, urn in deployed.urns(template).items()}
        wanted = {r.urn: r for r in unit.resources if r.urn in work.adopt and r.urn not in there}
        if not wanted:
            return []
        # An import may bring nothing else with it: what is there already stays exactly as it is.
        entries = {logical[urn]: template["Resources"][logical[urn]] for urn in wanted}
        merged = {**template, "Resources": {**before.get("Resources", {}), **entries}}
        imports = []
        for urn, r in wanted.items():
            keys = model(r.type).schema.identifier
            identifier = dict(zip(keys, work.adopt[urn].split("|"), strict=False))
            imports.append(
                {"ResourceType": r.native_type, "LogicalResourceId": logical[urn], "ResourceIdentifier": identifier}
            )
        settled = stack.deploy(
            f"{work.token}-import", deployed.body(merged), deployed.parameters(unit, work.inputs, work.secrets),
            (stack.describe() or {}).get("Tags", []), resumed=work.resumed, imports=imports,
        )  # fmt: skip
        if settled.failure is not None:
            raise ProviderFailure(settled.failure)
        return [
            Outcome(urn, id, reading.attributes_now(session, model(wanted[urn].type), id, work.scope), Became.ADOPTED)
            for urn, id in work.adopt.items()
            if urn in wanted
        ]

    @typed
    def destroy(self, session: AwsSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        probe = Stack(session, work.unit_name, tick, {})
        known = {r.urn for r in work.unit.resources} if work.unit is not None else set()
        if not _exists(probe):
            if probe.describe() is not None:
                probe.delete(work.token)
            return [Outcome(urn, "", {}, Became.DELETED) for urn in sorted(known)]
        template = probe.template()
        names = deployed.urns(template)
        stack = Stack(session, work.unit_name, tick, names)
        entries = template["Resources"]
        spare = [n for n, urn in names.items() if urn in work.retain and entries[n].get("DeletionPolicy") != "Retain"]
        if spare:
            settling.spare(stack, work, template, spare)
        held = stack.resources()
        if (failure := stack.delete(work.token)) is not None:
            raise ProviderFailure(failure)
        kept = {urn: held.get(n, ("", ""))[0] for n, urn in names.items() if entries[n].get("DeletionPolicy") == "Retain"}
        return [
            Outcome(urn, kept.get(urn, ""), {}, Became.UNCHANGED if urn in kept else Became.DELETED)
            for urn in sorted(known | set(names.values()))
        ]

    @typed
    def correct(self, session: AwsSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        outcomes = []
        for target in work.targets:
            changed, live = repair.correct(session, target, tick)
            values = reading.attributes(model(target.type), target.physical_id, live, work.scope)
            status = Became.CORRECTED if changed else Became.UNCHANGED
            outcomes.append(Outcome(target.urn, target.physical_id, values, status))
        return outcomes

    @typed
    def recreate(self, session: AwsSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        stack = Stack(session, work.unit_name, tick, {})
        if not _exists(stack):
            if work.unit is None:
                said = f"stack {work.unit_name} does not exist"
                raise ProviderFailure(Failure("NOT_FOUND", said, "apply the deployment again"))
            wanted = {t.urn for t in work.targets}
            made = self.apply(session, work, tick)
            return [Outcome(o.urn, o.physical_id, o.attributes, Became.RECREATED) if o.urn in wanted else o for o in made]
        return recreation.recreate(session, work, tick)


def _unit(work: Work) -> CompiledUnit:
    if work.unit is None:
        raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", "the operation names no template that was compiled here"))
    return work.unit


def _exists(stack: Stack) -> bool:
    found = stack.describe()
    shells = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
    return found is not None and found["StackStatus"] not in shells


def _prepared(
    session: AwsSession, work: Work, unit: CompiledUnit, tick: Tick
) -> tuple[Stack, dict[str, Any], dict[str, Any]]:
    """The stack, its template before (empty when it does not exist), and the one that it shall have."""
    probe = Stack(session, work.unit_name, tick, {})
    before = probe.template() if _exists(probe) else {}
    template = deployed.for_stack(unit, before)
    names = {**deployed.urns(before), **deployed.urns(template)}
    return Stack(session, work.unit_name, tick, names), before, template


def from_options(options: Mapping[str, str]) -> AwsProvider:
    """The entry point: `endpoint` is an emulator's URL, empty for AWS itself."""
    return AwsProvider(options.get("endpoint", ""))
