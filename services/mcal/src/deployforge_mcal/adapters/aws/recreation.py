"""Bringing vanished resources back into their stack.

Where the name is generated, the resource gets a new logical id: CloudFormation drops the vanished one and makes the
new one, and references in the stack follow. Where the name is fixed, a new logical id would meet its own name, so
the service's API makes it again under that name, and the stack never notices.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from deployforge_mcal.adapters.aws import deployed, reading, repair
from deployforge_mcal.adapters.aws.compiler import logical_id
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.adapters.aws.stacks import Stack
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Became, Outcome, Presence, Target


def recreate(session: AwsSession, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.recreate, for a stack that exists."""
    template = Stack(session, work.unit_name, tick, {}).template()
    names = deployed.urns(template)
    stack = Stack(session, work.unit_name, tick, names)
    logical = {urn: name for name, urn in names.items()}
    held = stack.resources()
    status: dict[str, Became] = {}
    vanished: dict[str, str] = {}
    for target in work.targets:
        name = logical.get(target.urn)
        if name is None or name not in held:
            said = f"{target.urn} does not belong to stack {work.unit_name}"
            raise ProviderFailure(Failure("NOT_FOUND", said, "apply the deployment again", target.urn))
        id = model(target.type).identified(held[name][0], target.desired)
        done = name.endswith(_mark(work.token))
        if _exists(session, work, target, id):
            status[target.urn] = Became.RECREATED if done or id != target.physical_id else Became.UNCHANGED
        elif (fixed := _fixed_name(target, template["Resources"][name])) is not None:
            properties = _resolved(session, stack, work, template["Resources"][name]["Properties"], held)
            repair.create_named(session, model(target.type), fixed, properties, target.urn, tick)
            status[target.urn] = Became.RECREATED
        else:
            vanished[name] = logical_id_after(target.urn, work.token)
            status[target.urn] = Became.RECREATED
    if vanished:
        _under_new_ids(stack, work, template, vanished)
    return _outcomes(session, stack, work, status, held, names, tick)


def logical_id_after(urn: str, token: str) -> str:
    """The logical id of a resource that an operation has recreated."""
    return logical_id(urn.rpartition(":")[2]) + _mark(token)


def _mark(token: str) -> str:
    return "R" + hashlib.sha256(token.encode()).hexdigest()[:6].upper()


def _exists(session: AwsSession, work: Work, target: Target, id: str) -> bool:
    here = Target(target.urn, target.type, id)
    seen = reading.observe(session, work.scope, [here])[0]
    if seen.presence == Presence.NOT_CHECKED:
        raise ProviderFailure(Failure("NOT_READABLE", seen.reason, None, target.urn, retryable=True))
    return seen.presence == Presence.PRESENT


def _fixed_name(target: Target, entry: Mapping[str, Any]) -> str | None:
    kind = model(target.type).kind
    if kind is None or not kind.name_property:
        return None
    name = entry["Properties"].get(kind.name_property)
    return name if isinstance(name, str) else None


def _under_new_ids(stack: Stack, work: Work, template: Mapping[str, Any], vanished: Mapping[str, str]) -> None:
    described = stack.describe() or {}
    previous = [{"ParameterKey": p["ParameterKey"], "UsePreviousValue": True} for p in described.get("Parameters", ())]
    moved = deployed.renamed(template, vanished)
    urn_of = {**deployed.urns(template), **deployed.urns(moved)}
    settled = stack.naming(urn_of).deploy(
        work.token, deployed.body(moved), previous, described.get("Tags", []), resumed=work.resumed
    )
    if settled.failure is not None:
        f = settled.failure
        restored = settled.status == "UPDATE_ROLLBACK_COMPLETE"
        raise ProviderFailure(Failure(f.code, f.message, f.hint, f.urn, f.retryable, restored))


def _resolved(session: AwsSession, stack: Stack, work: Work, properties: Any, held: Mapping[str, tuple[str, str]]) -> Any:
    """Template properties with their intrinsics replaced by what they stand for now."""
    given = {p["ParameterKey"]: p["ParameterValue"] for p in (stack.describe() or {}).get("Parameters", ())}
    # Of secrets the stack shows asterisks.
    secrets = {parameter: marked for marked, parameter in (work.unit.secrets if work.unit is not None else {}).items()}

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            if set(value) == {"Ref"}:
                name = value["Ref"]
                if name in secrets:
                    return session.secrets.value(secrets[name])
                return held[name][0] if name in held else given[name]
            if set(value) == {"Fn::GetAtt"}:
                return _attribute(session, work, held[value["Fn::GetAtt"][0]], value["Fn::GetAtt"][1])
            if set(value) == {"Fn::Join"}:
                separator, items = value["Fn::Join"]
                return separator.join(str(walk(i)) for i in items)
            return {k: walk(v) for k, v in value.items()}
        return [walk(v) for v in value] if isinstance(value, list) else value

    return walk(properties)


def _attribute(session: AwsSession, work: Work, resource: tuple[str, str], name: str) -> str:
    id, native_type = resource
    of = model("aws/" + native_type)
    values = reading.attributes_now(session, of, id, work.scope)
    says = {
        how["Fn::GetAtt"][1]: a
        for a, how in (of.kind.attributes if of.kind else {}).items()
        if isinstance(how, Mapping) and "Fn::GetAtt" in how
    }
    return values[says.get(name, name)]


def _outcomes(
    session: AwsSession, stack: Stack, work: Work, status: Mapping[str, Became],
    held: Mapping[str, tuple[str, str]], names: Mapping[str, str], tick: Tick,
) -> list[Outcome]:  # fmt: skip
    """The targets with their new ids, put right; and whoever else got a new id with them."""
    now = {urn: name for name, urn in deployed.urns(stack.template()).items()}
    after = stack.resources()
    outcomes = []
    settled = {
        t.urn: t for t in (deployed.targets(session, stack, work.unit, work.inputs, work.scope) if work.unit else ())
    }
    for target in work.targets:
        desired = settled[target.urn].desired if target.urn in settled else target.desired
        id = model(target.type).identified(after[now[target.urn]][0], desired)
        repair.correct(session, Target(target.urn, target.type, id, desired), tick)
        values = reading.attributes_now(session, model(target.type), id, work.scope)
        outcomes.append(Outcome(target.urn, id, values, status[target.urn]))
    outcomes += _followed(session, work, settled, status, tick)
    done = {o.urn for o in outcomes}
    before = {urn: held[name][0] for name, urn in names.items() if name in held}
    for urn, name in now.items():
        if urn not in done and name in after and before.get(urn) != after[name][0]:
            values = reading.attributes_now(session, model("aws/" + after[name][1]), after[name][0], work.scope)
            outcomes.append(Outcome(urn, after[name][0], values, Became.UPDATED))
    return outcomes


def _followed(
    session: AwsSession, work: Work, settled: Mapping[str, Target], status: Mapping[str, Became], tick: Tick
) -> list[Outcome]:
    """Resources that refer to a recreated one must name its new self; where the stack's update did not reach them,
    they are put right directly."""
    back = {urn.rpartition(":")[2] for urn, became in status.items() if became is Became.RECREATED}
    outcomes = []
    for r in work.unit.resources if work.unit is not None else ():
        if r.urn in settled and r.urn not in status and back & set(r.depends_on) and model(r.type).kind is not None:
            changed, live = repair.correct(session, settled[r.urn], tick)
            id = settled[r.urn].physical_id
            if changed:
                values = reading.attributes(model(r.type), id, live, work.scope)
                outcomes.append(Outcome(r.urn, id, values, Became.UPDATED))
    return outcomes
