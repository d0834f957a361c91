"""Live resources: what the providers say now, by a plan that only refreshes. Nothing is changed, nothing is locked."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.normalise import NotCanonical
from deployforge_mcal.domain.units import Observed, Presence, Target

from deployforge_terraform import deployed, modules, values
from deployforge_terraform.compiler import native_type
from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.options import Options
from deployforge_terraform.plans import Plan
from deployforge_terraform.records import Record, Records
from deployforge_terraform.schemas import Schemas, UnknownType, required
from deployforge_terraform.workspace import Configuration, Workspace, opened

#: What does not change what is remembered and looks at every resource in the cloud.
REFRESH: Final = "-refresh-only"


def observe(schemas: Schemas, options: Options, session: TerraformSession, targets: Sequence[Target]) -> list[Observed]:
    """See CloudProvider.observe."""
    by_workspace: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        by_workspace[deployed.parse(target.physical_id)[0]].append(target)
    seen: dict[str, Observed] = {}
    for name, some in by_workspace.items():
        seen.update((o.urn, o) for o in _of_workspace(schemas, options, session, name, some))
    return [seen[t.urn] for t in targets]


def _of_workspace(
    schemas: Schemas, options: Options, session: TerraformSession, name: str, targets: Sequence[Target]
) -> list[Observed]:
    if not name:
        return [
            Observed(t.urn, Presence.NOT_CHECKED, t.physical_id, reason="its physical id is not known") for t in targets
        ]
    try:
        with Records(session) as records:
            there, record = records.exists(name), records.get(name)
        if not there:
            return [Observed(t.urn, Presence.MISSING, t.physical_id) for t in targets]
        with opened(schemas.cli(), options, session, name, {}) as workspace:
            workspace.write(_reading(schemas, record))
            plan = workspace.plan(REFRESH, lock=False)
    except ProviderFailure as failure:
        reason = session.scrubbed(str(failure))
        return [Observed(t.urn, Presence.NOT_CHECKED, t.physical_id, reason=reason) for t in targets]
    return [_observed(schemas, name, t, plan, record) for t in targets]


def _reading(schemas: Schemas, record: Record) -> Configuration:
    """The unit's own configuration where it has modules, whose providers are set up in it; their variables that are not
    recorded are empty. Otherwise providers alone: what is declared has no part in reading."""
    if record.modules:
        return Configuration(record.config, record.files, dict.fromkeys(record.variables, ""))
    return Configuration({"terraform": required(schemas.sources()) if not record.config else record.config["terraform"]})


def _observed(schemas: Schemas, name: str, target: Target, plan: Plan, record: Record) -> Observed:
    address = deployed.parse(target.physical_id)[1]
    if not plan.state.within(address):
        return Observed(target.urn, Presence.MISSING, target.physical_id)
    told = deployed.attributes(address, plan.state)
    try:
        found = (
            seen_module(address, plan, record)
            if address.startswith("module.")
            else seen(schemas, target.type, address, plan)
        )
    except (UnknownType, NotCanonical, ProviderFailure) as error:
        return Observed(target.urn, Presence.NOT_CHECKED, target.physical_id, {}, told, str(error))
    id = deployed.physical_id(name, address, deployed.id_of(address, plan.state))
    return Observed(target.urn, Presence.PRESENT, id, found, told)


def seen(schemas: Schemas, type: str, address: str, plan: Plan) -> dict[str, Any]:
    """The comparable values of a resource. Raises UnknownType, NotCanonical, ProviderFailure."""
    held = plan.state.resources[address]
    return values.compared(schemas.of(native_type(type)).block, held.values, held.sensitive)


def seen_module(address: str, plan: Plan, record: Record) -> dict[str, Any]:
    """What was last applied of a module, and what in it was changed outside since."""
    changed = [d.address.removeprefix(f"{address}.") for d in plan.drift if d.address.startswith(f"{address}.")]
    return {**record.modules.get(address, {}), "drifted": sorted(changed) or modules.IN_STEP}


def present(workspace: Workspace, configuration: Configuration) -> Plan:
    """What a unit is now, for whoever changes it next."""
    workspace.write(configuration)
    return workspace.plan(REFRESH)
