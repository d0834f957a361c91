"""After the stack has settled: proving by reading that the unit is what it shall be, or what it was."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.aws import deployed, reading, recreation, repair
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.adapters.aws.stacks import Settled, Stack
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Became, CompiledUnit, Outcome

_BECAME: Final[Mapping[str, Became]] = {
    "add": Became.CREATED, "modify": Became.UPDATED, "replace": Became.UPDATED, "import": Became.ADOPTED,
}  # fmt: skip


def settle(session: AwsSession, stack: Stack, unit: CompiledUnit, work: Work, tick: Tick) -> dict[str, Became]:
    """A stack may be complete while something of it is not as declared (it vanished, was changed by hand, or was
    never set). Reading finds it, and it is put right. What became of whom."""
    targets = deployed.targets(session, stack, unit, work.inputs, work.scope)
    missing, _ = repair.states(session, work.scope, targets)
    became: dict[str, Became] = {}
    if missing:
        again = Work(**{**vars(work), "token": f"{work.token}-again", "targets": tuple(missing)})
        for outcome in recreation.recreate(session, again, tick):
            became[outcome.urn] = outcome.status
        targets = deployed.targets(session, stack, unit, work.inputs, work.scope)
    _, wrong = repair.states(session, work.scope, targets)
    for target, _ in wrong:
        repair.correct(session, target, tick)
    return became


def cleaned_up(session: AwsSession, stack: Stack, work: Work, settled: Settled, tick: Tick) -> Failure:
    """Clean up after a failed change, and say whether all is as before; only what was read is claimed."""
    failure = settled.failure
    assert failure is not None
    restored = False
    now = stack.describe()
    if now is None:
        restored = True
    elif now["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        restored = stack.delete(f"{work.token}-clear") is None and stack.describe() is None
    elif work.previous is None:
        restored = failure.restored
    elif not now["StackStatus"].endswith("_FAILED"):
        targets = deployed.targets(session, stack, work.previous, work.previous_inputs, work.scope)
        _, wrong = repair.states(session, work.scope, targets)
        for target, _ in wrong:
            repair.correct(session, target, tick)
        missing, wrong = repair.states(session, work.scope, targets)
        restored = not missing and not wrong
    return Failure(failure.code, failure.message, failure.hint, failure.urn, failure.retryable, restored)


def outcomes_of(
    session: AwsSession, stack: Stack, unit: CompiledUnit, work: Work, changes: Mapping[str, str],
    repaired: Mapping[str, Became],
) -> list[Outcome]:  # fmt: skip
    """Every resource of the unit with what became of it."""
    targets = deployed.targets(session, stack, unit, work.inputs, work.scope)
    logical = {urn: name for name, urn in deployed.urns(stack.template()).items()}
    seen = {o.urn: o for o in reading.observe(session, work.scope, targets)}
    outcomes = []
    for target in targets:
        became = repaired.get(target.urn) or _BECAME.get(changes.get(logical[target.urn], ""), Became.UNCHANGED)
        if target.urn in work.adopt and became in (Became.UNCHANGED, Became.UPDATED):
            became = Became.ADOPTED
        outcomes.append(Outcome(target.urn, target.physical_id, seen[target.urn].attributes, became))
    return outcomes


def spare(stack: Stack, work: Work, template: dict[str, Any], logical_ids: Sequence[str]) -> None:
    """Mark resources to be retained. A policy alone is no change to CloudFormation; metadata is."""
    for logical in logical_ids:
        entry = template["Resources"][logical]
        template["Resources"][logical] = {
            **entry, "DeletionPolicy": "Retain", "Metadata": {**entry.get("Metadata", {}), "retained": "true"},
        }  # fmt: skip
    described = stack.describe() or {}
    previous = [{"ParameterKey": p["ParameterKey"], "UsePreviousValue": True} for p in described.get("Parameters", ())]
    settled = stack.deploy(
        f"{work.token}-retain", deployed.body(template), previous, described.get("Tags", []), resumed=work.resumed
    )
    if settled.failure is not None:
        raise ProviderFailure(settled.failure)
