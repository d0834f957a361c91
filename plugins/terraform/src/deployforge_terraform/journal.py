"""What an operation does to a unit, kept so that the same operation, begun again, knows."""

from dataclasses import replace

from deployforge_mcal.domain.units import CompiledUnit

from deployforge_terraform.events import Tick
from deployforge_terraform.plans import Plan, State
from deployforge_terraform.workspace import Configuration, Workspace


class Journal:
    """The record of one unit, as one operation writes it."""

    def __init__(self, workspace: Workspace, token: str) -> None:
        self._workspace = workspace
        found = workspace.records.get(workspace.name)
        self.before = found
        self.record = found if found.token == token else replace(found, token=token, actions={}, made={}, begun=())

    def plan(self, plan: Plan, unit: CompiledUnit | None = None, wanted: Configuration | None = None) -> None:
        """Note what is about to be done; what an earlier attempt did stays."""
        actions = {c.address: c.action for c in plan.effective} | dict(self.record.actions)
        self.record = replace(self.record, actions=actions)
        if unit is not None and wanted is not None:
            names = tuple(sorted(wanted.variables))
            self.record = replace(self.record, config=wanted.config, files=wanted.files, variables=names)
        self.keep()

    def keep(self) -> None:
        """Store the record."""
        self._workspace.records.put(self._workspace.name, self.record)

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
        """What was being made when the program was killed: nobody can know whether it exists. What it began in the
        twentieth of a second between two looks at its output (`process.run`) is not among it."""
        return [address for address in self.record.begun if address not in state.resources]

    def lost(self, state: State, tick: Tick) -> dict[str, str]:
        """address → id of what an earlier attempt made and the state does not know: a killed program stores nothing."""
        for address in self.unclear(state):
            tick(None, "UNKNOWN", f"{address} was being made when the program was killed; look for a second one")
        return {a: id for a, id in self.record.made.items() if id and a not in state.resources}
