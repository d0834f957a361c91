"""What an operation does to a unit, kept so that the same operation, begun again, knows."""

from collections.abc import Mapping
from dataclasses import replace

from deployforge_mcal.domain.units import CompiledUnit

from deployforge_terraform.events import Tick, within
from deployforge_terraform.plans import Plan, State
from deployforge_terraform.workspace import Configuration, Workspace


class Journal:
    """The record of one unit, as one operation writes it."""

    def __init__(self, workspace: Workspace, token: str) -> None:
        self._workspace = workspace
        found = workspace.records.get(workspace.name)
        self.before = found
        blank = replace(found, token=token, actions={}, made={}, begun=(), running=False)
        self.record = found if found.token == token else blank

    def plan(self, plan: Plan, unit: CompiledUnit | None = None, wanted: Configuration | None = None) -> None:
        """Note what is about to be done; what an earlier attempt did stays."""
        actions = {c.address: c.action for c in plan.effective} | dict(self.record.actions)
        self.record = replace(self.record, actions=actions, running=plan.worth_applying)
        if unit is not None and wanted is not None:
            names = tuple(sorted(wanted.variables))
            self.record = replace(self.record, config=wanted.config, files=wanted.files, variables=names)
        self.keep()

    def keep(self) -> None:
        """Store the record."""
        self._workspace.records.put(self._workspace.name, self.record)

    def ended(self) -> None:
        """The program has ended and all that it said was read."""
        self.record = replace(self.record, running=False)
        self.keep()

    def completed(self, address: str, action: str, id: str) -> None:
        """Something was begun (`starting create`), done, or `errored`."""
        begun = tuple(a for a in self.record.begun if a != address)
        if action == "starting create":
            self.record = replace(self.record, begun=(*begun, address))
        elif action == "create":
            self.record = replace(self.record, begun=begun, made={**self.record.made, address: id})
        elif address in self.record.begun:
            self.record = replace(self.record, begun=begun)
        else:
            return
        self.keep()

    def unclear(self, state: State) -> list[str]:
        """What was being made when the program was killed: nobody can know whether it exists."""
        return [address for address in self.record.begun if address not in state.resources]

    def lost(self, unit: CompiledUnit, state: State, tick: Tick) -> dict[str, str]:
        """address → id of what an earlier attempt made and the state does not know: a killed program stores nothing. What
        it may have begun unseen counts as begun from now on."""
        for address in self.unclear(state):
            tick(None, "UNKNOWN", f"{address} was being made when the program was killed; look for a second one")
        unseen = self._unseen(unit, state)
        for address in unseen:
            said = f"{address} may have been begun just before the program was killed; look for a second one"
            tick(None, "UNKNOWN", said)
        self.record = replace(self.record, begun=(*self.record.begun, *unseen), running=False)
        return {a: id for a, id in self.record.made.items() if id and a not in state.resources}

    def _unseen(self, unit: CompiledUnit, state: State) -> list[str]:
        """What a killed program may have begun after the last look at its output (`process.run`): whatever it was to make,
        is not known to have been begun, and had nothing left to wait for."""
        record = self.record
        if not record.running or (record.made and all(address in state.resources for address in record.made)):
            return []  # It was not killed: what it made it has stored.
        known = {*record.made, *record.begun, *state.resources}
        waiting = (a for a, action in record.actions.items() if action == "add" and a not in known)
        return sorted(a for a in waiting if all(_done(need, record.made, state) for need in _needs(unit, a)))


def _needs(unit: CompiledUnit, address: str) -> list[str]:
    """Addresses of what a resource waits for; of one inside a module, what the module does."""
    place = {r.name: r.logical_id for r in unit.resources}
    mine = (r for r in unit.resources if within(address, r.logical_id))
    return [place[name] for r in mine for name in r.depends_on if name in place]


def _done(address: str, made: Mapping[str, str], state: State) -> bool:
    return bool(state.within(address)) or any(within(one, address) for one in made)
