"""Applying a unit: what it shall be, what it would change, and what became of its resources."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.units import AttributeChange, Became, Change, CompiledUnit, Outcome

from deployforge_terraform import deployed, values
from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.errors import failed
from deployforge_terraform.journal import Journal
from deployforge_terraform.plans import Plan, Planned, State
from deployforge_terraform.undoing import undone
from deployforge_terraform.workspace import Workspace

_BECAME: Final[Mapping[str, Became]] = {
    "add": Became.CREATED, "modify": Became.UPDATED, "replace": Became.UPDATED, "import": Became.ADOPTED,
    "remove": Became.DELETED,
}  # fmt: skip


def apply(session: TerraformSession, workspace: Workspace, unit: CompiledUnit, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.apply."""
    journal = Journal(workspace, work.token)
    wanted = deployed.configuration(unit, work.inputs, work.secrets)
    before = State()
    try:
        workspace.write(wanted)
        if work.adopt or journal.record.running or journal.record.made or _sparable(work, unit):
            before = workspace.state()
        imports = _imports(unit, work, before) | journal.lost(unit, before, tick)
        spared = _spared(work, unit, before)
        if imports or spared:
            workspace.write(wanted.importing(imports).sparing(spared))
        plan = workspace.plan()
        _no_more_than_approved(plan, workspace, unit, work, journal.record.actions)
        journal.plan(plan, unit, wanted)
        if plan.worth_applying:
            workspace.apply(tick, journal.completed)
        return _outcomes(workspace, unit, work, journal)
    except ProviderFailure as failure:
        raise undone(session, workspace, work, failure.failure, before, journal, tick) from failure


def _no_more_than_approved(
    plan: Plan, workspace: Workspace, unit: CompiledUnit, work: Work, begun: Mapping[str, str]
) -> None:
    """Raises ProviderFailure before a resource, or a part of a module, is replaced that nobody approved to be. `begun` is
    what an earlier attempt at this operation meant to do: what it made half is made again."""
    if work.replaces is None:
        return
    for change in plan.effective:
        urn = replaced(change, workspace, unit)
        if urn is not None and urn not in work.replaces and begun.get(change.address) != "add":
            hint = "plan again: what was not known then is known now"
            raise failed("MORE_WOULD_CHANGE", f"{change.address} would be replaced, which the plan does not say", hint, urn)


def replaced(change: Planned, workspace: Workspace, unit: CompiledUnit) -> str | None:
    """The URN of a declared resource of which a change ends what there was: it is replaced, or a part of a module is
    replaced or deleted."""
    urn = workspace.urn(change.address)
    address = "" if urn is None else workspace.address(urn)
    inside = address in unit.template["addresses"] and address != change.address
    return urn if change.action == "replace" or (change.action == "remove" and inside) else None


def _imports(unit: CompiledUnit, work: Work, state: State) -> dict[str, str]:
    where = {r.urn: r.logical_id for r in unit.resources}
    return {where[u]: id for u, id in work.adopt.items() if u in where and where[u] not in state.resources}


def _spared(work: Work, unit: CompiledUnit, state: State) -> list[str]:
    """What the unit declares no more and must not be deleted."""
    return sorted(a for a in _sparable(work, unit) if state.within(a))


def _sparable(work: Work, unit: CompiledUnit) -> set[str]:
    if work.previous is None:
        return set()
    named = {r.logical_id for r in work.previous.resources if r.urn in work.retain}
    return (named | set(work.previous.template["retain"])) - set(unit.template["addresses"])


def _outcomes(workspace: Workspace, unit: CompiledUnit, work: Work, journal: Journal) -> list[Outcome]:
    state = workspace.state()
    desired = deployed.resolved(unit, work.inputs, state)
    modules = {r.logical_id: desired[r.urn] for r in unit.resources if r.logical_id.startswith("module.")}
    journal.record = replace(journal.record, modules=modules, made={}, begun=(), running=False)
    journal.keep()
    found = []
    for r in unit.resources:
        id = deployed.physical_id(workspace.name, r.logical_id, deployed.id_of(r.logical_id, state))
        became = became_of(r.logical_id, journal.record.actions)
        if r.urn in work.adopt and became in (Became.UNCHANGED, Became.UPDATED):
            became = Became.ADOPTED
        found.append(Outcome(r.urn, id, deployed.attributes(r.logical_id, state), became))
    here = set(unit.template["addresses"])
    gone = {u for a, u in deployed.addresses(work.previous).items() if a not in here and u not in {o.urn for o in found}}
    return found + [Outcome(urn, "", {}, Became.DELETED) for urn in sorted(gone)]


def became_of(address: str, actions: Mapping[str, str]) -> Became:
    """What the actions on a resource, or on those of a module, make of it."""
    if address in actions:
        return _BECAME[actions[address]]
    inside = {_BECAME[a] for inner, a in actions.items() if inner.startswith((f"{address}.", f"{address}["))}
    if not inside:
        return Became.UNCHANGED
    return inside.pop() if len(inside) == 1 and inside <= {Became.CREATED, Became.ADOPTED} else Became.UPDATED


def preview(workspace: Workspace, unit: CompiledUnit, work: Work) -> list[Change]:
    """See CloudProvider.preview."""
    wanted = deployed.configuration(unit, work.inputs, work.secrets)
    workspace.write(wanted)
    state = workspace.state() if work.adopt or _sparable(work, unit) else State()
    imports, spared = _imports(unit, work, state), _spared(work, unit, state)
    if imports or spared:
        workspace.write(wanted.importing(imports).sparing(spared))
    plan = workspace.plan(lock=False)
    found: dict[str, Change] = {}
    for change in plan.effective:
        urn = workspace.urn(change.address)
        if urn is None:
            continue
        known = found.get(urn)
        inside = f"{change.address.removeprefix(workspace.address(urn)).lstrip('.')}."
        details = tuple(differences(change, "" if inside == "." else inside))
        # A module is one resource of ours: whatever happens in it modifies it, and what ends in it was replaced.
        action = change.action if known is None or known.action == change.action else "modify"
        if replaced(change, workspace, unit) or (known is not None and known.action == "replace"):
            action = "replace"
        found[urn] = Change(urn, action, (known.attributes if known else ()) + details)
    return list(found.values())


def differences(change: Planned, prefix: str = "") -> list[AttributeChange]:
    """Per attribute: before and after, without what is secret."""
    before = change.before if isinstance(change.before, Mapping) else {}
    after = change.after if isinstance(change.after, Mapping) else {}
    unknown = change.after_unknown if isinstance(change.after_unknown, Mapping) else {}
    found = []
    for name in sorted(set(before) | set(after) | set(unknown)):
        secret = values.hidden(change.before_sensitive, name) or values.hidden(change.after_sensitive, name)
        open_yet = name not in after and values.hidden(unknown, name)
        if before.get(name) != after.get(name) or open_yet:
            shown = (None, None) if secret else (before.get(name), after.get(name))
            found.append(AttributeChange(f"{prefix}{name}", *shown, unknown=open_yet, sensitive=secret))
    return found
