"""A unit as it is deployed: which stack resource is which declaration, and what its references stand for now."""

import json
from collections.abc import Mapping
from typing import Any

from deployforge_mcal.adapters.aws import reading
from deployforge_mcal.adapters.aws.compiler import URN_TAG
from deployforge_mcal.adapters.aws.kinds.base import as_list
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.adapters.aws.stacks import Stack
from deployforge_mcal.application.ports import SecretValues
from deployforge_mcal.domain.units import CompiledUnit, Scope, Target


def urns(template: Mapping[str, Any]) -> dict[str, str]:
    """logical id → urn."""
    return {
        logical: entry["Metadata"][URN_TAG]
        for logical, entry in template.get("Resources", {}).items()
        if URN_TAG in entry.get("Metadata", {})
    }


def renamed(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A template under other logical ids, references included."""

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            if set(value) == {"Ref"} and value["Ref"] in names:
                return {"Ref": names[value["Ref"]]}
            if set(value) == {"Fn::GetAtt"} and value["Fn::GetAtt"][0] in names:
                return {"Fn::GetAtt": [names[value["Fn::GetAtt"][0]], *value["Fn::GetAtt"][1:]]}
            return {k: walk(v) for k, v in value.items()}
        return [walk(v) for v in value] if isinstance(value, list) else value

    entries = {}
    for logical, entry in template["Resources"].items():
        moved = walk(entry)
        if "DependsOn" in moved:
            needs = moved["DependsOn"] if isinstance(moved["DependsOn"], list) else [moved["DependsOn"]]
            moved["DependsOn"] = [names.get(n, n) for n in needs]
        entries[names.get(logical, logical)] = moved
    return {**template, "Resources": entries}


def for_stack(unit: CompiledUnit, current: Mapping[str, Any] | None) -> dict[str, Any]:
    """The unit's template with the logical ids that its resources have in the stack: one that was recreated has
    another than at first."""
    now = {urn: logical for logical, urn in urns(current or {}).items()}
    names = {r.logical_id: now[r.urn] for r in unit.resources if r.urn in now and now[r.urn] != r.logical_id}
    return renamed(unit.template, names)


def parameters(unit: CompiledUnit, inputs: Mapping[str, str], secrets: SecretValues) -> list[dict[str, str]]:
    """Values of references to other units, and of secrets: they go into the call and nowhere else."""
    given = {parameter: inputs.get(reference, "") for reference, parameter in unit.inputs.items()}
    given |= {parameter: secrets.value(marked) for marked, parameter in unit.secrets.items()}
    return [{"ParameterKey": parameter, "ParameterValue": value} for parameter, value in given.items()]


def stack_tags(unit: CompiledUnit) -> list[dict[str, str]]:
    """Tags of the stack itself; CloudFormation hands them down to what it makes."""
    return as_list({**unit.tags, "deployforge:deployment": unit.deployment_id})


def body(template: Mapping[str, Any]) -> str:
    """As it is sent."""
    return json.dumps(template, separators=(",", ":"), sort_keys=True)


def targets(session: AwsSession, stack: Stack, unit: CompiledUnit, inputs: Mapping[str, str], scope: Scope) -> list[Target]:
    """The unit's resources with their physical ids and with references resolved, as far as they can be."""
    held = stack.resources()
    logical = {urn: name for name, urn in urns(stack.template()).items()}
    ids = {r.urn: held[logical[r.urn]][0] for r in unit.resources if logical.get(r.urn) in held}
    known: dict[str, str] = dict(inputs)
    for r in unit.resources:
        if r.urn in ids:
            of = model(r.type)
            for name, value in reading.attributes_now(session, of, ids[r.urn], scope).items():
                known[f"{r.name}.{name}"] = value
    found = []
    for r in unit.resources:
        if r.urn in ids:
            of = model(r.type)
            desired = of.filled(r.desired, known)
            found.append(Target(r.urn, r.type, of.identified(ids[r.urn], desired), desired))
    return found
