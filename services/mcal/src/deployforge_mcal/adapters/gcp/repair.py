"""Putting living resources right and vanished ones back, by deploying their unit again with everything else held still;
and proving by reading that they are.

Terraform would put back whatever differs in the unit. Nobody asked for that: an approved change of another resource has to
stay. So in the blueprint of a repair every other resource ignores all its changes, and one that is not there is left out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from deployforge_mcal.adapters.bodies import Native
from deployforge_mcal.adapters.gcp import applying, opinion, planning, reading
from deployforge_mcal.adapters.gcp.engine import Engine
from deployforge_mcal.adapters.gcp.errors import failure_of
from deployforge_mcal.adapters.gcp.models import model
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.reading import recent
from deployforge_mcal.adapters.gcp.rollout import Rollout, previewed
from deployforge_mcal.adapters.gcp.session import GcpSession, Unreadable
from deployforge_mcal.adapters.paths import overlap
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.secrets import marks
from deployforge_mcal.domain.units import Became, Outcome, Target

Put = Callable[[GcpSession, Work, Plan, Mapping[str, list[str]], Tick], None]


def deployed(session: GcpSession, work: Work, plan: Plan, wrong: Mapping[str, list[str]], tick: Tick) -> None:
    """Deploy a unit with what is wrong put right, and everything else held still."""
    rollout = Rollout(session, work.unit_name, work.token, tick)
    if not (work.resumed and rollout.mine()):
        held = _held(session, plan, set(wrong))
        if asked := opinion.unsure(work.targets, wrong):
            told = previewed(session, work.unit_name, work.token, plan, **held)
            opinion.heeded(told, plan, wrong, asked, tick)
        rollout.begin(plan, {}, **held)
    recent.add(p.full for p in plan.of(wrong))
    if (failure := rollout.wait(plan)) is not None:
        raise ProviderFailure(failure)


def correct(session: GcpSession, work: Work, tick: Tick, put: Put = deployed) -> list[Outcome]:
    """See CloudProvider.correct; `put` is how the engine of the unit puts right what is wrong."""
    live: dict[str, Native] = {}
    wrong: dict[str, list[str]] = {}
    for target in work.targets:
        live[target.urn] = _present(session, target)
        paths = _wrong(target, live[target.urn])
        if paths or work.resumed:
            _changeable(target, paths)
            wrong[target.urn] = paths
            tick(target.urn, "CORRECTING", ", ".join(paths))
    if wrong:
        targets = [t for t in work.targets if t.urn in wrong]
        plan = planning.plan(planning.targeted(work, {t.urn: t.desired for t in targets}), work.inputs)
        put(session, work, plan, wrong, tick)
        live |= _proved(session, plan, targets, tick)
    status = {t.urn: Became.CORRECTED if t.urn in wrong else Became.UNCHANGED for t in work.targets}
    return [
        Outcome(t.urn, t.physical_id, model(t.type).attributes(t.physical_id, live[t.urn]), status[t.urn])
        for t in work.targets
    ]


def _proved(session: GcpSession, plan: Plan, targets: Collection[Target], tick: Tick) -> dict[str, Native]:
    """Set what no engine knows of, remove what is too much, and read everything again."""
    mine = [d for d in plan.declared if d.resource.urn in {t.urn for t in targets}]
    applying.settle(session, [d for d in mine if _sets_secret(d.resource.urn, targets)], tick)
    applying.exact(session, mine, reading.read(session, {d.id: d.of for d in mine}), tick)
    found = {}
    for target in targets:
        found[target.urn] = _present(session, target)
        if left := [p for p in _wrong(target, found[target.urn]) if not _is_secret(target, p)]:
            said = f"Google accepted {', '.join(left)} but it did not change"
            raise ProviderFailure(Failure("NOT_AS_DESIRED", said, None, target.urn))
        tick(target.urn, "CORRECTED", None)
    return found


def _held(session: GcpSession, plan: Plan, urns: Collection[str]) -> dict[str, Any]:
    """How everything but some resources is left as it is."""
    others = [p for p in plan.pieces if p.urn not in urns]
    there = session.each([p.full for p in others], session.get)
    for piece in others:
        seen = there[piece.full]
        if isinstance(seen, Unreadable):
            raise ProviderFailure(Failure("NOT_READABLE", seen.reason, None, piece.urn, retryable=True))
    return {
        "still": {p.address for p in others if there[p.full] is not None},
        "without": {p.address for p in others if there[p.full] is None},
    }


def _is_secret(target: Target, path: str) -> bool:
    return path in {p for p, _ in marks(target.desired)}


def _sets_secret(urn: str, targets: Collection[Target]) -> bool:
    """Whether a target is about a secret: one cannot see whether that is wrong, only that it was asked for."""
    return any(t.urn == urn and any(not t.paths or p in t.paths for p, _ in marks(t.desired)) for t in targets)


def _wrong(target: Target, native: Native) -> list[str]:
    of = model(target.type)
    paths = differing(target.desired, of.live(native), of.set_paths)
    found = [p for p in paths if not target.paths or any(overlap(p, t) for t in target.paths)]
    return found + [p for p, _ in marks(target.desired) if p in target.paths]


def _changeable(target: Target, paths: list[str]) -> None:
    fixed = [p for p in paths if p.partition(".")[0] in model(target.type).create_only_paths]
    if fixed:
        said = f"{', '.join(fixed)} cannot be changed on a live resource"
        raise ProviderFailure(Failure("REPLACEMENT_NEEDED", said, "apply a change, or recreate it", target.urn))


def _present(session: GcpSession, target: Target) -> Native:
    recent.add([target.physical_id])
    found = reading.read(session, {target.physical_id: model(target.type)})[target.physical_id]
    if found is None:
        said = f"{relative(target.physical_id)} does not exist"
        raise ProviderFailure(Failure("NOT_FOUND", said, "it was deleted; recreate it", target.urn))
    if isinstance(found, Unreadable):
        raise ProviderFailure(Failure("NOT_READABLE", found.reason, None, target.urn, retryable=True))
    return found


def recreate(engine: Engine, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.recreate. Names follow from declarations, so that what comes back has the name that it had."""
    plan = planning.for_work(work)
    wanted = {t.urn for t in work.targets}
    if missing := wanted - {d.resource.urn for d in plan.declared}:
        said = f"{', '.join(sorted(missing))} do not belong to unit {work.unit_name}"
        raise ProviderFailure(Failure("NOT_FOUND", said, "apply the deployment again"))
    mine = replace(plan, declared=tuple(d for d in plan.declared if d.resource.urn in wanted))
    rollout = engine.rollout(session, work.unit_name, work.token, tick)
    if not (work.resumed and rollout.mine()):
        recent.add(d.id for d in mine.declared)
        live = applying.readable(session, mine)
        vanished = {d.resource.urn for d in mine.declared if live[d.id] is None}
        if not vanished:
            return [applying.outcome(d, live[d.id], Became.UNCHANGED) for d in mine.declared]
        for urn in sorted(vanished):
            tick(urn, "RECREATING", None)
        became = {u: (Became.RECREATED if u in vanished else Became.UNCHANGED).value for u in wanted}
        there = [p.address for p in plan.of(vanished) if session.get(p.full) is not None]
        held = _held(session, plan, vanished)
        engine.missed(session, rollout.name, [p.address for p in plan.of(vanished) if p.address not in there])
        rollout.begin(plan, {"became": became, "there": there}, **held)
    note = rollout.note() or {}
    back = {urn for urn, word in note.get("became", {}).items() if word == Became.RECREATED.value}
    recent.add(p.full for p in plan.of(back))
    if (failure := rollout.wait(plan)) is not None:
        raise ProviderFailure(_taken_back(engine, session, work, plan, back, note, failure))
    applying.settle(session, [d for d in mine.declared if d.resource.urn in back and d.secret], tick)
    live = applying.readable(session, mine)
    for d in mine.declared:
        if live[d.id] is None:
            said = f"Infrastructure Manager has deployed {relative(d.id)} but it is not there"
            raise ProviderFailure(Failure("NOT_AS_DESIRED", said, "run it again", d.resource.urn, retryable=True))
    words = note.get("became", {})
    return [applying.outcome(d, live[d.id], Became(words.get(d.resource.urn, "unchanged"))) for d in mine.declared]


def _taken_back(
    engine: Engine,
    session: GcpSession,
    work: Work,
    plan: Plan,
    back: Collection[str],
    note: Mapping[str, Any],
    failure: Failure,
) -> Failure:
    """Remove what a failed repair has made of vanished resources, so that all is as it was found."""
    rollout = engine.rollout(session, work.unit_name, work.token, lambda *_: None)
    made = [p for p in reversed(plan.of(back)) if p.of.apart and p.address not in note.get("there", ())]
    try:
        for piece in made:
            session.delete(piece.full)
        engine.let_go(session, rollout.name, [p.address for p in made])
        left = session.each([p.full for p in made], session.get)
    except Exception as error:
        also = failure_of(error).failure
        return replace(failure, message=f"{failure.message}; putting it back failed too: {also.message}")
    return replace(failure, restored=all(seen is None for seen in left.values()))
