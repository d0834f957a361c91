"""The way back: a unit's previous configuration again, or nothing where it is new; and the end of a unit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.application.secrets import SecretChanged, SecretUnavailable
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Became, CompiledUnit, Outcome

from deployforge_terraform import deployed
from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.errors import failed
from deployforge_terraform.journal import Journal
from deployforge_terraform.plans import State
from deployforge_terraform.workspace import Configuration, Workspace


def undone(
    session: TerraformSession, workspace: Workspace, work: Work, failure: Failure, before: State, journal: Journal,
    tick: Tick,
) -> ProviderFailure:  # fmt: skip
    """Take back what was done; `restored` is claimed after reading only."""
    if failure.code == "UNIT_BUSY":
        return ProviderFailure(failure)
    journal.ended()
    try:
        restored = _restored(session, workspace, work, before, journal, tick)
    except (ProviderFailure, SecretChanged, SecretUnavailable) as error:
        tick(None, "ROLLBACK_FAILED", session.scrubbed(str(error)))
        restored = False
    return ProviderFailure(replace(failure, restored=restored))


def _restored(
    session: TerraformSession, workspace: Workspace, work: Work, before: State, journal: Journal, tick: Tick
) -> bool:
    _recovered(workspace, work, journal, tick)
    if work.previous is None:
        workspace.write(Configuration(deployed_providers(work.unit)))
        adopted = {r.logical_id for r in work.unit.resources if r.urn in work.adopt} if work.unit is not None else set()
        unclear = journal.unclear(workspace.state())
        empty = emptied(workspace, sorted(adopted), tick)
        if empty and not unclear:
            workspace.records.remove(workspace.name)
        return empty and not unclear
    wanted = deployed.configuration(work.previous, work.previous_inputs, work.secrets)
    workspace.write(wanted)
    now = workspace.state()
    unclear = journal.unclear(now)
    # What was let go of is taken in again, not made a second time.
    known = {a: before.resources[a].id for a in work.previous.template["addresses"] if a in before.resources}
    missing = {a: id for a, id in known.items() if a not in now.resources and id and a in _let_go(journal)}
    if missing:
        workspace.write(wanted.importing(missing))
    plan = workspace.plan()
    if plan.worth_applying:
        tick(None, "ROLLING_BACK", None)
        workspace.apply(tick)
        plan = workspace.plan()
    journal.record = replace(journal.before, token=work.token, actions={}, made={}, begun=tuple(unclear), running=False)
    journal.keep()
    return not plan.effective and not unclear


def _recovered(workspace: Workspace, work: Work, journal: Journal, tick: Tick) -> None:
    """Take what a killed program made, and did not store, into the state, so that it can be taken back."""
    if not journal.record.made or work.unit is None:
        return
    wanted = deployed.configuration(work.unit, work.inputs, work.secrets)
    workspace.write(wanted)
    lost = journal.lost(work.unit, workspace.state(), lambda *_: None)
    if lost:
        workspace.write(wanted.importing(lost))
        workspace.plan(*(f"-target={address}" for address in lost))
        workspace.apply(tick)


def _let_go(journal: Journal) -> set[str]:
    return {address for address, action in journal.record.actions.items() if action == "remove"}


def deployed_providers(unit: CompiledUnit | None) -> dict[str, Any]:
    """A configuration that declares nothing but providers."""
    return {"terraform": unit.template["config"]["terraform"]} if unit is not None else {}


def emptied(workspace: Workspace, retained: Sequence[str], tick: Tick) -> bool:
    """Destroy everything but what is retained, which is forgotten; whether nothing is left."""
    state = workspace.state()
    workspace.forget([a for a in retained if state.within(a)])
    if not workspace.state().resources:
        return True
    plan = workspace.plan("-destroy")
    if plan.worth_applying:
        workspace.apply(tick)
    return not workspace.state().resources


def destroy(workspace: Workspace, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.destroy."""
    urns = {**deployed.addresses(work.previous), **deployed.addresses(work.unit)}
    if not workspace.records.exists(workspace.name):
        workspace.records.remove(workspace.name)
        return [Outcome(urn, "", {}, Became.DELETED) for urn in sorted(set(urns.values()))]
    record = workspace.records.get(workspace.name)
    unit = work.unit or work.previous
    # Modules bring the settings of their providers; resources alone need only the providers.
    modular = bool(record.modules)
    config = record.config if modular else deployed_providers(unit)
    variables = dict.fromkeys(record.variables, "")
    if modular and unit is not None:
        variables |= deployed.configuration(unit, work.inputs, work.secrets).variables
    workspace.write(Configuration(config, record.files if modular else {}, variables if modular else {}))
    state = workspace.state()
    declared = set(unit.template["retain"]) if unit is not None else set()
    retained = sorted({a for a, urn in urns.items() if urn in work.retain} | (declared & set(urns)))
    kept = {urns[a]: deployed.physical_id(workspace.name, a, deployed.id_of(a, state)) for a in retained if state.within(a)}
    kept |= {urns[a]: "" for a in retained if urns[a] not in kept and work.resumed}
    if not emptied(workspace, retained, tick):
        raise failed("NOT_AS_DESIRED", "the program reports success, and resources are left in the state")
    workspace.records.remove(workspace.name)
    return [
        Outcome(urn, kept.get(urn, ""), {}, Became.UNCHANGED if urn in kept else Became.DELETED)
        for urn in sorted(set(urns.values()))
    ]
