"""Putting living resources right and vanished ones back, by redeploying them; and proving by reading that they are."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deployforge_mcal.adapters.azure import applying, planning, reading
from deployforge_mcal.adapters.azure.models import model
from deployforge_mcal.adapters.azure.planning import Declared, Plan, undeclared
from deployforge_mcal.adapters.azure.reading import recent
from deployforge_mcal.adapters.azure.rollout import Rollout, deployment_name
from deployforge_mcal.adapters.azure.session import AzureSession, Unreadable
from deployforge_mcal.adapters.bodies import Native
from deployforge_mcal.adapters.paths import overlap
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.references import escaped
from deployforge_mcal.domain.secrets import marks
from deployforge_mcal.domain.units import Became, CompiledUnit, Outcome, Target


def correct(session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.correct."""
    wrong: dict[str, list[str]] = {}
    live: dict[str, Native] = {}
    for target in work.targets:
        live[target.urn] = _present(session, target)
        # What cannot be read is put back only where it is asked for by name.
        told = [path for path, _ in marks(target.desired) if path in target.paths]
        if paths := [*_wrong(target, live[target.urn]), *told]:
            _changeable(target, paths)
            wrong[target.urn] = paths
            tick(target.urn, "CORRECTING", ", ".join(paths))
    if wrong:
        live |= _redeployed(session, work, wrong, live, tick)
    status = {t.urn: Became.CORRECTED if t.urn in wrong else Became.UNCHANGED for t in work.targets}
    return [
        Outcome(t.urn, t.physical_id, model(t.type).attributes(t.physical_id, live[t.urn]), status[t.urn])
        for t in work.targets
    ]


def _redeployed(
    session: AzureSession, work: Work, wrong: Mapping[str, list[str]], live: Mapping[str, Native], tick: Tick
) -> dict[str, Native]:
    """Deploy what is wrong as it shall be, and read it again."""
    targets = [t for t in work.targets if t.urn in wrong]
    tags = {t.physical_id.lower(): undeclared(live[t.urn][""].get("tags") or {}, t.desired) for t in targets}
    plan = planning.plan(_as_targeted(work, targets), work.inputs, tags).only(wrong)
    rollout = Rollout(session, deployment_name(work.unit_name, work.token), tick)
    if not work.resumed or rollout.found() is None:
        rollout.begin(plan, {})
    recent.add(plan.ids.values())
    if (failure := rollout.wait(plan)) is not None:
        raise ProviderFailure(failure)
    applying.exact(session, plan, tick)
    found = {}
    for target in targets:
        found[target.urn] = _present(session, target)
        if left := _wrong(target, found[target.urn]):
            said = f"Azure accepted {', '.join(left)} but it did not change"
            raise ProviderFailure(Failure("NOT_AS_DESIRED", said, None, target.urn))
        tick(target.urn, "CORRECTED", None)
    return found


def _as_targeted(work: Work, targets: list[Target]) -> CompiledUnit:
    """The unit with the desired values of the targets, which are resolved, in place of those that it was compiled with."""
    if work.unit is None:
        raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", "the operation names no template that was compiled here"))
    desired: dict[str, Mapping[str, Any]] = {t.urn: t.desired for t in targets}
    resources = tuple(
        replace(r, desired={**r.desired, **escaped(desired[r.urn])}) if r.urn in desired else r for r in work.unit.resources
    )
    if missing := set(desired) - {r.urn for r in resources}:
        said = f"{', '.join(sorted(missing))} do not belong to unit {work.unit_name}"
        raise ProviderFailure(Failure("NOT_FOUND", said, "apply the deployment again"))
    return replace(work.unit, resources=resources)


def _wrong(target: Target, native: Native) -> list[str]:
    of = model(target.type)
    paths = differing(target.desired, of.live(native), of.set_paths)
    if not target.paths:
        return paths
    return [p for p in paths if any(overlap(p, t) for t in target.paths)]


def _changeable(target: Target, paths: list[str]) -> None:
    fixed = [p for p in paths if p.partition(".")[0] in model(target.type).create_only_paths]
    if fixed:
        said = f"{', '.join(fixed)} cannot be changed on a live resource"
        raise ProviderFailure(Failure("REPLACEMENT_NEEDED", said, "apply a change, or recreate it", target.urn))


def _present(session: AzureSession, target: Target) -> Native:
    recent.add([target.physical_id])
    found = reading.read(session, {target.physical_id: model(target.type)})[target.physical_id]
    if found is None:
        said = f"{target.physical_id} does not exist"
        raise ProviderFailure(Failure("NOT_FOUND", said, "it was deleted; recreate it", target.urn))
    if isinstance(found, Unreadable):
        raise ProviderFailure(Failure("NOT_READABLE", found.reason, None, target.urn, retryable=True))
    return found


def recreate(session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.recreate. Names follow from declarations, so that what comes back has the id that it had."""
    whole = planning.for_work(work)
    wanted = {t.urn for t in work.targets}
    if missing := wanted - {d.resource.urn for d in whole.declared}:
        said = f"{', '.join(sorted(missing))} do not belong to unit {work.unit_name}"
        raise ProviderFailure(Failure("NOT_FOUND", said, "apply the deployment again"))
    plan = whole.only(wanted)
    rollout = Rollout(session, deployment_name(work.unit_name, work.token), tick)
    if not work.resumed or rollout.found() is None:
        recent.add(plan.ids.values())
        live = applying.readable(session, plan)
        vanished = {d.resource.urn for d in plan.declared if live[d.id] is None}
        if not vanished:
            return [applying.outcome(d, live[d.id], Became.UNCHANGED) for d in plan.declared]
        for urn in sorted(vanished):
            tick(urn, "RECREATING", None)
        became = {u: (Became.RECREATED if u in vanished else Became.UNCHANGED).value for u in wanted}
        part = plan.only(vanished)
        rollout.begin(part, {"became": became, "there": _there(session, part), "owned": []})
    note = rollout.note()
    became = note.get("became", {})
    part = plan.only({urn for urn, word in became.items() if word == Became.RECREATED})
    if (failure := rollout.wait(part)) is not None:
        raise ProviderFailure(applying.taken_back(session, part, note, failure, tick))
    live = applying.readable(session, plan)
    return [_outcome(d, live[d.id], Became(became.get(d.resource.urn, "unchanged"))) for d in plan.declared]


def _outcome(d: Declared, native: Native | Unreadable | None, became: Became) -> Outcome:
    if native is None:
        said = f"Azure has deployed {d.id} but it is not there"
        raise ProviderFailure(Failure("NOT_AS_DESIRED", said, "run it again", d.resource.urn, retryable=True))
    return applying.outcome(d, native, became)


def _there(session: AzureSession, plan: Plan) -> list[str]:
    return [p.id for p in plan.pieces if session.get(p.id, p.version) is not None]
