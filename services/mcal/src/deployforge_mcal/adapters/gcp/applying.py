"""Making a unit what it shall be, and putting it back when that fails."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from deployforge_mcal.adapters.bodies import Body, Native, get
from deployforge_mcal.adapters.declarations import OVERLAY
from deployforge_mcal.adapters.gcp import planning, reading
from deployforge_mcal.adapters.gcp.engine import Engine
from deployforge_mcal.adapters.gcp.errors import failure_of
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.adapters.gcp.planning import Declared, Plan
from deployforge_mcal.adapters.gcp.reading import Live, recent
from deployforge_mcal.adapters.gcp.rollout import Rollout
from deployforge_mcal.adapters.gcp.session import GcpSession, Unreadable
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Became, Outcome

#: Tells the change that puts a unit back from the one that failed.
_BACK: Final = "-back"


def apply(engine: Engine, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
    """See CloudProvider.apply."""
    wanted = planning.for_work(work)
    rollout = engine.rollout(session, work.unit_name, work.token, tick)
    if not (work.resumed and rollout.mine()):
        live = readable(session, wanted)
        note = (rollout.note() if work.resumed else None) or _note(session, work, wanted, live, rollout)
        imports = dict(note["imports"])
        _approved(engine, session, work, wanted, note)
        released = _let_go(session, wanted, live)
        try:
            if note["kept"]:
                engine.let_go(session, rollout.name, note["kept"])
            rollout.begin(wanted, note, imports=imports)
        except Exception as error:
            failure = failure_of(error).failure
            # Refused before anything was begun.
            untouched = not (failure.retryable or released)
            raise ProviderFailure(replace(failure, restored=True) if untouched else failure) from error
    note = rollout.note() or {}
    recent.add(wanted.fulls)
    if (failed := rollout.wait(wanted)) is not None:
        raise ProviderFailure(restored(engine, session, work, wanted, note, failed, tick))
    return _concluded(session, work, wanted, note, tick)


def _let_go(session: GcpSession, wanted: Plan, live: Live) -> bool:
    """Living resources let go of what Terraform takes away from them; whether any had to."""
    seen = [(d, native) for d in wanted.declared if isinstance(native := live[d.id], Mapping)]
    return True in [d.of.kind.release(session, d.id, native, d.native) for d, native in seen]


def readable(session: GcpSession, wanted: Plan) -> Live:
    """What of the plan exists. Raises ProviderFailure when that cannot be told."""
    live = _ours(session, wanted.declared)
    for d in wanted.declared:
        found = live[d.id]
        if isinstance(found, Unreadable):
            raise ProviderFailure(Failure("NOT_READABLE", found.reason, None, d.resource.urn, retryable=True))
    return live


def _ours(session: GcpSession, declared: Sequence[Declared]) -> Live:
    """Live resources; what somebody else has under a name that is one in the world is not there."""
    live = reading.read(session, {d.id: d.of for d in declared})
    foreign = {
        d.id
        for d in declared
        if d.of.kind.worldwide and isinstance(seen := live[d.id], Unreadable) and seen.code == "ACCESS_DENIED"
    }
    return {id: None if id in foreign else found for id, found in live.items()}


def differs(d: Declared, native: Native) -> list[str]:
    """The enforced paths on which a living resource is not as declared."""
    return differing(d.desired, d.of.live(native), d.of.set_paths)


def _note(session: GcpSession, work: Work, wanted: Plan, live: Live, rollout: Rollout) -> dict[str, Any]:
    """What was there before: per resource what becomes of it, what existed, what Terraform takes over and lets go."""
    became, secrets = {}, []
    for d in wanted.declared:
        native = live[d.id]
        if native is None or isinstance(native, Unreadable):
            became[d.resource.urn] = Became.CREATED.value
        else:
            became[d.resource.urn] = (Became.UPDATED if differs(d, native) else Became.UNCHANGED).value
        if d.secret and not _has_value(d, native):
            secrets.append(d.resource.urn)
            if became[d.resource.urn] == Became.UNCHANGED:
                became[d.resource.urn] = Became.UPDATED.value
    return {
        "became": became, "secrets": secrets, "new": rollout.found() is None,
        "imports": adopted(session, work, wanted), "kept": _kept(work, wanted),
    }  # fmt: skip


def _approved(engine: Engine, session: GcpSession, work: Work, wanted: Plan, note: Mapping[str, Any]) -> None:
    """What this adapter knows to be replaced was planned so. Of further arguments, and of what it takes over, only
    Terraform knows, and is asked. Raises ProviderFailure."""
    changed = {urn for urn, word in note["became"].items() if word == Became.UPDATED.value}
    unsure = [d for d in wanted.declared if d.resource.urn in changed and (OVERLAY in d.desired or d.of.kind.native)]
    if work.replaces is None or not (unsure or work.adopt):
        return
    told = engine.previewed(session, work.unit_name, work.token, wanted, None, imports=note["imports"])
    for change in told.changes:
        urn = wanted.urn_of(str(change["terraform_info"]["address"]))
        if change["intent"] == "RECREATE" and urn is not None and urn not in work.replaces:
            because = f", because of {paths}" if (paths := told.paths(change)) else ""
            said = f"Terraform would replace it{because}"
            hint = "plan again and have that approved, or leave the argument as it is"
            raise ProviderFailure(Failure("MORE_WOULD_CHANGE", said, hint, urn, restored=True))


def _has_value(d: Declared, native: Native | Unreadable | None) -> bool:
    """Whether the value of a living resource's secret is the one that it shall have."""
    body: Body = {} if native is None or isinstance(native, Unreadable) else native[""]
    same = get(body, f"{d.of.kind.of.labels}.{planning.VALUE_LABEL}") == d.secret
    return same and d.of.kind.holds(d.id, {"": body}, d.native)


def _lost(d: Declared, native: Native | Unreadable | None) -> bool:
    """Whether a living resource has let go of a secret that it shall have."""
    return isinstance(native, Mapping) and not d.of.kind.holds(d.id, native, d.native)


def adopted(session: GcpSession, work: Work, wanted: Plan) -> dict[str, str]:
    """Address → what Terraform imports for it: of what is adopted, the parts that exist."""
    mine = [p for p in wanted.of(work.adopt) if p.of.apart]
    there = session.each([p.full for p in mine], session.get)
    return {p.address: relative(p.full) for p in mine if isinstance(there[p.full], Mapping)}


def _kept(work: Work, wanted: Plan) -> list[str]:
    """Addresses of what the unit no longer has and that shall live on."""
    if work.previous is None:
        return []
    earlier, mine = planning.plan(work.previous, work.previous_inputs), {d.resource.urn for d in wanted.declared}
    gone = {d.resource.urn for d in earlier.declared if d.retain or d.resource.urn in work.retain} - mine
    return [piece.address for piece in earlier.of(gone)]


def _concluded(session: GcpSession, work: Work, wanted: Plan, note: Mapping[str, Any], tick: Tick) -> list[Outcome]:
    """Set secrets, remove what is too much, and tell what became of everything."""
    settle(session, [d for d in wanted.declared if d.resource.urn in note.get("secrets", ())], tick)
    live = readable(session, wanted)
    if exact(session, wanted.declared, live, tick):
        live = readable(session, wanted)
    for d in wanted.declared:
        if live[d.id] is None:
            said = f"Infrastructure Manager has deployed {relative(d.id)} but it is not there"
            raise ProviderFailure(Failure("NOT_AS_DESIRED", said, "run it again", d.resource.urn, retryable=True))
    outcomes = [outcome(d, live[d.id], Became(note["became"].get(d.resource.urn, "updated"))) for d in wanted.declared]
    if work.previous is None:
        return outcomes
    earlier, mine = planning.plan(work.previous, work.previous_inputs), {d.resource.urn for d in wanted.declared}
    recent.add(earlier.fulls)
    return outcomes + [
        Outcome(d.resource.urn, d.id, {}, Became.UNCHANGED)
        if d.retain or d.resource.urn in work.retain
        else Outcome(d.resource.urn, "", {}, Became.DELETED)
        for d in sorted(earlier.declared, key=lambda d: d.resource.urn)
        if d.resource.urn not in mine
    ]


def settle(session: GcpSession, declared: Sequence[Declared], tick: Tick) -> None:
    """Give secrets their values; these go into this call and nowhere else."""
    for d in declared:
        tick(d.resource.urn, "SETTING_VALUE", None)
        direct = {part: session.secrets.filled(d.native[part]) for part in d.of.kind.direct if part in d.native}
        d.of.kind.settle(session, d.id, direct)


def exact(session: GcpSession, declared: Sequence[Declared], live: Live, tick: Tick) -> bool:
    """Remove parts that nobody declared: Terraform knows nothing of these. Whether there were any."""
    found = False
    for d in declared:
        native = live[d.id]
        if native is None or isinstance(native, Unreadable):
            continue
        for full in d.of.kind.extras(d.id, native, d.native, d.desired):
            tick(d.resource.urn, "DELETING", relative(full))
            session.delete(full)
            recent.add([full, d.id])
            found = True
    return found


def outcome(d: Declared, native: Native | Unreadable | None, became: Became) -> Outcome:
    """What became of a declaration."""
    seen = None if isinstance(native, Unreadable) else native
    return Outcome(d.resource.urn, d.id, d.of.attributes(d.id, seen), became)


def restored(
    engine: Engine, session: GcpSession, work: Work, wanted: Plan, note: Mapping[str, Any], failure: Failure, tick: Tick
) -> Failure:
    """Put the unit back after a failed change. The failure, with `restored` if reading has shown that it is so."""
    tick(None, "ROLLING_BACK", failure.message)
    back = engine.rollout(session, work.unit_name, work.token, tick, _BACK)
    try:
        if note.get("imports"):
            engine.let_go(session, back.name, list(note["imports"]))
        if note.get("new"):
            earlier, again = None, back.remove(wanted)
        else:
            earlier = _earlier(work)
            kept = {p.address: relative(p.full) for p in earlier.pieces if p.of.apart and p.address in note.get("kept", ())}
            if not back.mine():
                back.begin(earlier, {"back": True}, imports=kept)
            again = back.wait(earlier)
        if again is not None:
            return replace(failure, message=f"{failure.message}; putting it back failed too: {again.message}")
        if earlier is None:
            back.forget()
        else:
            before = reading.read(session, {d.id: d.of for d in earlier.declared})
            settle(session, [d for d in earlier.declared if _lost(d, before[d.id])], tick)
        proved = _proved(session, wanted, earlier, note)
    except Exception as error:
        also = failure_of(error).failure
        return replace(failure, message=f"{failure.message}; putting it back failed too: {also.message}")
    return replace(failure, restored=proved)


def _earlier(work: Work) -> Plan:
    if work.previous is None:
        raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", f"nobody has told what {work.unit_name} was before"))
    return planning.plan(work.previous, work.previous_inputs)


def _proved(session: GcpSession, wanted: Plan, earlier: Plan | None, note: Mapping[str, Any]) -> bool:
    """By reading: what was made is gone, what was there is as it was."""
    there = {urn for urn, word in note.get("became", {}).items() if word != Became.CREATED.value}
    before = earlier.fulls if earlier is not None else frozenset()
    made = [d for d in wanted.declared if d.id not in before and d.resource.urn not in there]
    if any(native is not None for native in _ours(session, made).values()):
        return False
    if earlier is None:
        return True
    live = reading.read(session, {d.id: d.of for d in earlier.declared})
    for d in earlier.declared:
        native = live[d.id]
        if native is None or isinstance(native, Unreadable) or differs(d, native):
            return False
    return True
