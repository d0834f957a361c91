"""Making a unit what it shall be, and putting it back when that fails."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from deployforge_mcal.adapters.azure import membership, planning, reading
from deployforge_mcal.adapters.azure.errors import failure_of
from deployforge_mcal.adapters.azure.placing import same
from deployforge_mcal.adapters.azure.planning import Declared, Plan, undeclared
from deployforge_mcal.adapters.azure.reading import recent
from deployforge_mcal.adapters.azure.rollout import Rollout, deployment_name
from deployforge_mcal.adapters.azure.session import AzureSession, Unreadable
from deployforge_mcal.adapters.bodies import Native
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Became, Outcome

#: Suffix of the deployment that puts a unit back.
_BACK: Final = "-back"
Live = Mapping[str, Native | Unreadable | None]


def apply(session: AzureSession, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.apply."""
    wanted = planning.for_work(work)
    rollout = Rollout(session, deployment_name(work.unit_name, work.token), tick)
    begun = rollout.found() if work.resumed else None
    if begun is None:
        live = readable(session, wanted)
        _approved(session, work, wanted, live)
        before = membership.owned(session, work.unit_name)
        note = _note(session, work, wanted, live, before)
        _replace(session, work, wanted, live, tick)
        wanted = planning.for_work(work, _tags(work, wanted, live))
        _begin(rollout, wanted, note)
    note = rollout.note()
    recent.add(wanted.ids.values())
    if (failure := rollout.wait(wanted)) is not None:
        raise ProviderFailure(restored(session, work, wanted, note, failure, tick))
    return _concluded(session, work, wanted, note, tick)


def _begin(rollout: Rollout, wanted: Plan, note: Mapping[str, Any]) -> None:
    try:
        rollout.begin(wanted, note)
    except Exception as error:
        failure = failure_of(error).failure
        if failure.retryable:
            raise
        # Refused before anything was begun.
        raise ProviderFailure(replace(failure, restored=True)) from error


def readable(session: AzureSession, wanted: Plan) -> Live:
    """What of the plan exists. Raises ProviderFailure when that cannot be told."""
    live = reading.read(session, {d.id: d.of for d in wanted.declared})
    for d in wanted.declared:
        found = live[d.id]
        if isinstance(found, Unreadable):
            raise ProviderFailure(Failure("NOT_READABLE", found.reason, None, d.resource.urn, retryable=True))
    return live


def differs(d: Declared, native: Native) -> list[str]:
    """The enforced paths on which a living resource is not as declared."""
    return differing(d.desired, d.of.live(native), d.of.set_paths)


def _note(session: AzureSession, work: Work, wanted: Plan, live: Live, before: list[str]) -> dict[str, Any]:
    """What was there before: per resource what becomes of it, and the native resources that existed."""
    became = {}
    for d in wanted.declared:
        native = live[d.id]
        if native is None or isinstance(native, Unreadable):
            became[d.resource.urn] = Became.CREATED.value
        else:
            became[d.resource.urn] = (Became.UPDATED if differs(d, native) else Became.UNCHANGED).value
    owned = {id.lower() for id in before}
    there = [p.id for p in wanted.pieces if p.key in owned or _exists(session, live, p)]
    return {"became": became, "there": there, "owned": before}


def _exists(session: AzureSession, live: Live, piece: planning.Piece) -> bool:
    if piece.main:
        return live.get(piece.id) is not None
    return session.get(piece.id, piece.version) is not None


def _tags(work: Work, wanted: Plan, live: Live) -> dict[str, dict[str, str]]:
    """Tags that others put on living resources: a deployment would take them away."""
    earlier = {r.urn: r.desired for r in work.previous.resources} if work.previous is not None else {}
    found = {}
    for d in wanted.declared:
        native = live[d.id]
        if native is not None and not isinstance(native, Unreadable):
            found[d.id.lower()] = undeclared(native[""].get("tags") or {}, d.desired, earlier.get(d.resource.urn, {}))
    return found


def _approved(session: AzureSession, work: Work, wanted: Plan, live: Live) -> None:
    """Whatever is replaced was planned so. Azure itself replaces nothing: it refuses what it cannot change, so that what
    is known here is all that there is. Raises ProviderFailure before anything is changed."""
    if work.replaces is None:
        return
    earlier = planning.plan(work.previous, work.previous_inputs).declared if work.previous is not None else ()
    moved = {d.resource.urn: d for d in earlier}
    for d in wanted.declared:
        urn, before = d.resource.urn, moved.get(d.resource.urn)
        if urn in work.replaces:
            continue
        if before is not None and not same(before.id, d.id) and reading.read(session, {before.id: before.of})[before.id]:
            raise _unapproved(urn, f"{before.id} would be replaced by {d.id}")
        if paths := _fixed(d, live[d.id]):
            raise _unapproved(urn, f"{d.id} would be replaced, because of {', '.join(paths)}")


def _unapproved(urn: str, said: str) -> ProviderFailure:
    hint = "plan again and have that approved, or leave it as it is"
    return ProviderFailure(Failure("MORE_WOULD_CHANGE", said, hint, urn, restored=True))


def _fixed(d: Declared, native: Native | Unreadable | None) -> list[str]:
    """Paths on which a living resource differs and that Azure does not change; what is not there at all can be added."""
    if native is None or isinstance(native, Unreadable):
        return []
    set_once = set(d.of.create_only_paths) & d.of.live(native).keys()
    return [p for p in differs(d, native) if p.partition(".")[0] in set_once]


def _replace(session: AzureSession, work: Work, wanted: Plan, live: Live, tick: Tick) -> None:
    """What cannot be changed in place and has a fixed name makes room for its successor."""
    for d in wanted.declared:
        if fixed := _fixed(d, live[d.id]):
            tick(d.resource.urn, "REPLACING", ", ".join(fixed))
            session.delete(d.id)


def _concluded(session: AzureSession, work: Work, wanted: Plan, note: Mapping[str, Any], tick: Tick) -> list[Outcome]:
    """Remove what the unit no longer has, and tell what became of everything."""
    exact(session, wanted, tick)
    gone = {r.urn: r for r in work.previous.resources} if work.previous is not None else {}
    for d in wanted.declared:
        gone.pop(d.resource.urn, None)
    earlier = planning.plan(work.previous, work.previous_inputs) if work.previous is not None else None
    kept = (
        {d.id for d in earlier.declared if d.resource.urn in gone and (d.resource.urn in work.retain or d.retain)}
        if earlier
        else set()
    )
    urns = {p.key: p.urn for p in earlier.pieces} if earlier else {}
    # In the order in which they need each other, as far as it is known; what is older than that goes last.
    known = earlier.ids if earlier else {}
    owned = {str(id).lower(): str(id) for id in note.get("owned", ())}
    mine = [p.id for p in earlier.pieces if p.key in owned or p.urn in gone] if earlier else []
    leftover = [*(id for low, id in owned.items() if low not in known), *mine]
    membership.remove(session, [id for id in leftover if id.lower() not in wanted.ids], {*wanted.ids, *kept}, tick, urns)
    live = readable(session, wanted)
    outcomes = [outcome(d, live[d.id], Became(note["became"].get(d.resource.urn, "updated"))) for d in wanted.declared]
    ids = {d.resource.urn: d.id for d in earlier.declared} if earlier else {}
    return outcomes + [
        Outcome(urn, ids[urn], {}, Became.UNCHANGED) if ids.get(urn) in kept else Outcome(urn, "", {}, Became.DELETED)
        for urn in sorted(gone)
    ]


def exact(session: AzureSession, wanted: Plan, tick: Tick) -> None:
    """Parts that are too much: an incremental deployment takes nothing away."""
    for d in wanted.declared:
        if d.of.kind is None:
            continue
        native = d.of.read(session, d.id)
        if native is None:
            continue
        for part in d.of.kind.extras(native, d.of.native_of(d.desired, {})):
            tick(d.resource.urn, "DELETING", part)
            session.delete(d.of.part_id(d.id, part))


def outcome(d: Declared, native: Native | Unreadable | None, became: Became) -> Outcome:
    """What became of a declaration."""
    seen = None if isinstance(native, Unreadable) else native
    return Outcome(d.resource.urn, d.id, d.of.attributes(d.id, seen), became)


def restored(
    session: AzureSession, work: Work, wanted: Plan, note: Mapping[str, Any], failure: Failure, tick: Tick
) -> Failure:
    """Put the unit back after a failed deployment. The failure, with `restored` if reading has shown that it is so."""
    tick(None, "ROLLING_BACK", failure.message)
    there = {id.lower() for id in note.get("there", ())}
    try:
        if work.previous is not None:
            earlier = planning.plan(work.previous, work.previous_inputs)
            back = Rollout(session, deployment_name(work.unit_name, work.token, _BACK), tick)
            if back.found() is None:
                back.begin(earlier, {"became": {}, "there": [], "owned": []})
            if (again := back.wait(earlier)) is not None:
                return replace(failure, message=f"{failure.message}; putting it back failed too: {again.message}")
            keep = {*earlier.ids, *there}
            exact(session, earlier, tick)
        else:
            earlier, keep = None, there
        urns = {p.key: p.urn for p in wanted.pieces}
        membership.remove(session, wanted.ids.values(), keep, tick, urns)
        proved = _proved(session, wanted, earlier, keep)
    except Exception as error:
        also = failure_of(error).failure
        return replace(failure, message=f"{failure.message}; putting it back failed too: {also.message}")
    return replace(failure, restored=proved)


def taken_back(session: AzureSession, plan: Plan, note: Mapping[str, Any], failure: Failure, tick: Tick) -> Failure:
    """Remove what a failed deployment has made of vanished resources, so that all is as it was found."""
    keep = {id.lower() for id in note.get("there", ())}
    try:
        membership.remove(session, plan.ids.values(), keep, tick, {p.key: p.urn for p in plan.pieces})
        return replace(failure, restored=_proved(session, plan, None, keep))
    except Exception as error:
        also = failure_of(error).failure
        return replace(failure, message=f"{failure.message}; putting it back failed too: {also.message}")


def _proved(session: AzureSession, wanted: Plan, earlier: Plan | None, keep: set[str]) -> bool:
    """By reading: what was made is gone, what was there is as it was."""
    live = reading.read(session, {d.id: d.of for d in wanted.declared if d.id.lower() not in keep})
    if any(native is not None for native in live.values()):
        return False
    if earlier is None:
        return True
    live = reading.read(session, {d.id: d.of for d in earlier.declared})
    for d in earlier.declared:
        native = live[d.id]
        if native is None or isinstance(native, Unreadable) or differs(d, native):
            return False
    return True
