"""A compiled unit as configuration, and what the program knows of it as resources of ours."""

from collections.abc import Mapping
from typing import Any

from deployforge_mcal.application.ports import SecretValues
from deployforge_mcal.domain import references
from deployforge_mcal.domain.units import CompiledUnit

from deployforge_terraform import values
from deployforge_terraform.plans import State
from deployforge_terraform.workspace import Configuration


def configuration(unit: CompiledUnit, inputs: Mapping[str, str], secrets: SecretValues) -> Configuration:
    """What `unit` is deployed with. Raises what `secrets` raises."""
    variables = {name: inputs.get(reference, "") for reference, name in unit.inputs.items()}
    variables |= {name: secrets.value(marked) for marked, name in unit.secrets.items()}
    return Configuration(unit.template["config"], unit.template["files"], variables)


def addresses(unit: CompiledUnit | None) -> dict[str, str]:
    """address → urn."""
    return dict(unit.template["addresses"]) if unit is not None else {}


def physical_id(workspace: str, address: str, id: str) -> str:
    """What tells a resource from all others: its workspace, its place there, and its provider's id."""
    return f"{workspace}/{address}/{id}"


def parse(physical_id: str) -> tuple[str, str, str]:
    """(workspace, address, id); empty texts where it is no physical id of this adapter."""
    workspace, _, rest = physical_id.partition("/")
    address, _, id = rest.partition("/")
    return (workspace, address, id) if address else ("", "", "")


def attributes(address: str, state: State) -> dict[str, str]:
    """What references to a resource or module resolve to."""
    if address.startswith("module."):
        mine = {
            n.partition("--")[2]: v for n, v in state.outputs.items() if n.partition("--")[0] == address[len("module.") :]
        }
        return values.attributes({"id": address, **mine}, {})
    held = state.resources.get(address)
    return values.attributes(held.values, held.sensitive) if held is not None else {}


def id_of(address: str, state: State) -> str:
    """The provider's id; empty for modules."""
    held = state.resources.get(address)
    return held.id if held is not None else ""


def resolved(unit: CompiledUnit, inputs: Mapping[str, str], state: State) -> dict[str, Any]:
    """urn → desired values with references resolved, as far as they are known."""
    known: dict[str, str] = dict(inputs)
    for r in unit.resources:
        known |= {f"{r.name}.{n}": v for n, v in attributes(r.logical_id, state).items()}
    return {r.urn: references.substitute(dict(r.desired), known) for r in unit.resources}
