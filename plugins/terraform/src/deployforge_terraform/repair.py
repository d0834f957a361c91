"""Putting a unit's resources right, bringing them back, taking them in: plans cut down to the targets, held against
what they may do before they are carried out, and proved by reading afterwards."""

from collections.abc import Mapping, Sequence

from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.units import Became, CompiledUnit, Outcome, Target

from deployforge_terraform import deployed, reading, values
from deployforge_terraform.applying import became_of
from deployforge_terraform.compiler import native_type
from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.errors import failed
from deployforge_terraform.journal import Journal
from deployforge_terraform.plans import Planned, State
from deployforge_terraform.schemas import Schemas
from deployforge_terraform.workspace import Configuration, Workspace


def correct(schemas: Schemas, workspace: Workspace, unit: CompiledUnit, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.correct."""
    workspace.write(deployed.configuration(unit, work.inputs, work.secrets))
    journal = Journal(workspace, work.token)
    places = {t.urn: _place(unit, t) for t in work.targets}
    plan = workspace.plan(*(f"-target={a}" for a in places.values()))
    for target in work.targets:
        if not plan.state.within(places[target.urn]):
            said = f"{target.physical_id} does not exist"
            raise failed("NOT_FOUND", said, "it was deleted; recreate it", target.urn)
    for change in plan.effective:
        _may_correct(change, places, workspace)
    journal.plan(plan)
    if plan.worth_applying:
        workspace.apply(tick)
    return _proved(schemas, workspace, unit, work, places, journal)


def _may_correct(change: Planned, places: Mapping[str, str], workspace: Workspace) -> None:
    urn = workspace.urn(change.address)
    if urn is None or urn not in places:
        said = f"putting {', '.join(sorted(places.values()))} back would {change.action} {change.address} too"
        raise failed("MORE_WOULD_CHANGE", said, "put that back first, or both together", urn)
    inside = change.address != places[urn]
    if change.action == "replace" or (change.action in ("add", "remove") and not inside):
        said = f"{change.address} cannot be put back without being replaced"
        raise failed("REPLACEMENT_NEEDED", said, "apply a change, or recreate it", urn)


def _proved(
    schemas: Schemas, workspace: Workspace, unit: CompiledUnit, work: Work, places: Mapping[str, str], journal: Journal
) -> list[Outcome]:
    plan = workspace.plan(reading.REFRESH, lock=False)
    outcomes = []
    for target in work.targets:
        address = places[target.urn]
        sets: tuple[str, ...] = ()
        if address.startswith("module."):
            found = reading.seen_module(address, plan, journal.record)
        else:
            found = reading.seen(schemas, target.type, address, plan)
            sets = values.set_paths(schemas.of(native_type(target.type)).block)
        if left := differing(target.desired, found, sets):
            said = f"the provider reports success, but {', '.join(left)} did not change"
            raise failed("NOT_AS_DESIRED", said, None, target.urn)
        status = Became.UNCHANGED if became_of(address, journal.record.actions) is Became.UNCHANGED else Became.CORRECTED
        outcomes.append(_outcome(workspace, target.urn, address, plan.state, status))
    return outcomes


def recreate(session: TerraformSession, workspace: Workspace, unit: CompiledUnit, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.recreate."""
    wanted = deployed.configuration(unit, work.inputs, work.secrets)
    workspace.write(wanted)
    journal = Journal(workspace, work.token)
    places = {t.urn: _place(unit, t) for t in work.targets}
    before = workspace.plan(reading.REFRESH).state
    if lost := journal.lost(unit, before, tick):
        workspace.write(wanted.importing(lost))
    missing = [a for a in places.values() if not before.within(a)]
    followers = _followers(unit, missing)
    if missing:
        plan = workspace.plan(*(f"-target={a}" for a in (*missing, *followers)))
        for change in plan.effective:
            _may_recreate(change, missing, followers, workspace)
        journal.plan(plan, unit, wanted)
        try:
            workspace.apply(tick, journal.completed)
            journal.ended()
        except ProviderFailure as failure:
            journal.ended()
            _taken_back(session, workspace, before, tick)
            raise failure
    state = workspace.state() if missing else before
    outcomes = []
    for r in unit.resources:
        became = became_of(r.logical_id, journal.record.actions)
        if r.urn in places:
            status = Became.UNCHANGED if became is Became.UNCHANGED else Became.RECREATED
            outcomes.append(_outcome(workspace, r.urn, r.logical_id, state, status))
        elif became is not Became.UNCHANGED:
            outcomes.append(_outcome(workspace, r.urn, r.logical_id, state, Became.UPDATED))
    return outcomes


def _may_recreate(change: Planned, missing: Sequence[str], followers: Sequence[str], workspace: Workspace) -> None:
    urn = workspace.urn(change.address)
    place = workspace.address(urn) if urn is not None else ""
    if place in missing and change.action in ("add", "import"):
        return
    if place in followers and change.action in ("modify", "replace"):
        return
    said = f"bringing {', '.join(missing)} back would {change.action} {change.address} too"
    raise failed("MORE_WOULD_CHANGE", said, "put that right first, or both together", urn)


def _followers(unit: CompiledUnit, missing: Sequence[str]) -> list[str]:
    """Resources that refer to missing ones, directly or through others."""
    place = {r.name: r.logical_id for r in unit.resources}
    found: list[str] = []
    grown = True
    while grown:
        grown = False
        for r in unit.resources:
            needs = {place[n] for n in r.depends_on if n in place}
            if r.logical_id not in (*missing, *found) and needs & {*missing, *found}:
                found.append(r.logical_id)
                grown = True
    return found


def _taken_back(session: TerraformSession, workspace: Workspace, before: State, tick: Tick) -> None:
    """Delete what a failed recreation made, unless something else would go with it."""
    made = sorted(set(workspace.state().resources) - set(before.resources))
    if not made:
        return
    try:
        plan = workspace.plan("-destroy", *(f"-target={a}" for a in made))
        if {c.address for c in plan.effective} <= set(made):
            workspace.apply(tick)
    except ProviderFailure as error:
        tick(None, "ROLLBACK_FAILED", session.scrubbed(str(error)))


def adopt(workspace: Workspace, unit: CompiledUnit, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.adopt."""
    places = {r.urn: r.logical_id for r in unit.resources if r.urn in work.adopt}
    wanted = deployed.configuration(unit, work.inputs, work.secrets)
    workspace.write(wanted)
    before = workspace.state()
    ids = {places[urn]: work.adopt[urn] for urn in places if not before.within(places[urn])}
    workspace.write(_untouched(wanted, ids).importing(ids))
    if ids:
        plan = workspace.plan(*(f"-target={a}" for a in ids))
        for change in plan.effective:
            if change.address not in ids or change.actions != ("no-op",):
                said = f"taking {', '.join(sorted(ids))} in would {change.action} {change.address} too"
                raise failed("MORE_WOULD_CHANGE", said, None, workspace.urn(change.address))
        try:
            workspace.apply(tick)
        except ProviderFailure:
            workspace.forget(sorted(set(workspace.state().resources) & set(ids)))
            raise
    state = workspace.state()
    return [_outcome(workspace, urn, address, state, Became.ADOPTED) for urn, address in places.items()]


def _untouched(wanted: Configuration, addresses: Mapping[str, str]) -> Configuration:
    """The configuration with nothing enforced on these resources."""
    resources = {
        type: {
            name: {**entry, "lifecycle": {"ignore_changes": "all"}} if f"{type}.{name}" in addresses else entry
            for name, entry in some.items()
        }
        for type, some in wanted.config.get("resource", {}).items()
    }
    return Configuration({**wanted.config, "resource": resources}, wanted.files, wanted.variables)


def _place(unit: CompiledUnit, target: Target) -> str:
    found = next((r.logical_id for r in unit.resources if r.urn == target.urn), None)
    if found is None:
        raise failed(
            "NOT_FOUND", f"the unit declares no such resource: {target.physical_id}", "apply the deployment", target.urn
        )
    return found


def _outcome(workspace: Workspace, urn: str, address: str, state: State, status: Became) -> Outcome:
    id = deployed.physical_id(workspace.name, address, deployed.id_of(address, state))
    return Outcome(urn, id, deployed.attributes(address, state), status)
