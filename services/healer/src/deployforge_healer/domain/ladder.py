"""Which remedy is next: a pure choice from what is known, within what policy allows.

Everything the choice depends on is in `Inputs`, which are stored with the decision: choosing again from them gives
the same answer (`replay`).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from deployforge_healer.domain.policy import LEVELS, Policy

CHANGED, MISSING = "changed", "missing"
CORRECT, ROLLBACK, RECREATE, ALERT = "correct", "rollback", "recreate", "alert"

#: `retry` belongs to failed operations. Nothing can be corrected where nothing is.
LADDERS = {CHANGED: (CORRECT, ROLLBACK, RECREATE, ALERT), MISSING: (RECREATE, ROLLBACK, ALERT)}
ATTEMPTS_PER_RUNG = 2

#: What came of a remedy.
PENDING, SUCCEEDED, FAILED, REFUSED = "pending", "succeeded", "failed", "refused"

_BACKOFF_SECONDS = 5.0
#: Who waits for others is woken when one of them ends; this is for when nobody wakes him.
_LOOK_AGAIN_SECONDS = 30


@dataclass(frozen=True)
class Tried:
    """A remedy that was tried."""

    remedy: str
    outcome: str
    at: datetime


@dataclass(frozen=True)
class Inputs:
    """All that the choice depends on."""

    incident_id: str
    kind: str
    severity: int
    tried: tuple[Tried, ...]
    healed_at: tuple[datetime, ...]
    """When the same attributes of the same resource were healed before."""
    healings_last_hour: int
    """Of the deployment."""
    open_healings: int
    """Other incidents of the deployment that are being healed now."""
    resources: int
    paused: bool
    policy: Policy
    now: datetime
    drifted_lately: int = 0
    """Resources of the deployment, this one too, of which an incident began within the policy's time for mass changes."""


@dataclass(frozen=True)
class Alternative:
    """A remedy that was considered."""

    remedy: str
    allowed: bool
    reason: str


@dataclass(frozen=True)
class Remedy:
    """Propose this."""

    remedy: str
    rung: int
    attempt: int
    reason: str
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Not now; decide again at `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Escalate:
    """People must look."""

    cause: str
    reason: str
    alternatives: tuple[Alternative, ...] = ()


Choice = Remedy | Wait | Escalate

_INPUTS = TypeAdapter(Inputs)


def choose(inputs: Inputs) -> Choice:
    """The next remedy, a pause, or the end of what may be done without people."""
    policy = inputs.policy
    if policy.mode == "off":
        return Escalate("mode", "healing mode is off", _alternatives(inputs, None))
    if stop := _mass_change(inputs) or _flapping(inputs):
        return stop
    if wait := _not_now(inputs):
        return wait
    rungs = LADDERS[inputs.kind]
    for rung, remedy in enumerate(rungs):
        if remedy == ALERT:
            break
        attempts = sum(1 for t in inputs.tried if t.remedy == remedy)
        if remedy not in policy.ladder or attempts >= ATTEMPTS_PER_RUNG or _refused(inputs, remedy):
            continue
        if pause := _backoff(inputs):
            return pause
        reason = f"first rung of the ladder with attempts left, attempt {attempts + 1} of {ATTEMPTS_PER_RUNG}"
        if people := _people(inputs, remedy):
            reason = f"{reason}; people approve it, since {people}"
        return Remedy(remedy, rung, attempts + 1, reason, _alternatives(inputs, remedy))
    return Escalate("ladder-exhausted", "no allowed remedy is left", _alternatives(inputs, None))


def replay(inputs_json: str) -> Choice:
    """The choice again, from its stored inputs."""
    return choose(_INPUTS.validate_json(inputs_json))


def _mass_change(inputs: Inputs) -> Escalate | None:
    """The breaker: when everything is gone at once, somebody is moving house, an account was closed, or somebody lies. To
    make all of it anew is never what is wanted, and what was begun before so many were seen is within the other limits.
    """
    policy, drifted = inputs.policy, inputs.drifted_lately
    if not policy.mass_count or drifted < policy.mass_count or drifted * 100 < inputs.resources * policy.mass_percent:
        return None
    of = f" of {inputs.resources}" if inputs.resources else ""
    reason = f"{drifted}{of} resources drifted within {policy.mass_within_seconds / 60:g} minutes: nothing is healed"
    return Escalate("mass-change", reason, _alternatives(inputs, None))


def _flapping(inputs: Inputs) -> Escalate | None:
    policy = inputs.policy
    since = inputs.now - timedelta(seconds=policy.flap_within_seconds)
    recent = sum(1 for at in inputs.healed_at if at >= since)
    if policy.flap_count and recent >= policy.flap_count:
        minutes = policy.flap_within_seconds / 60
        reason = f"the same attributes were healed {recent} times within {minutes:g} minutes"
        return Escalate("flapping", reason, _alternatives(inputs, None))
    return None


def _not_now(inputs: Inputs) -> Wait | None:
    policy, now = inputs.policy, inputs.now
    if inputs.paused:
        return Wait(_look_again(now), "healing is paused")
    if opens := policy.opens(now):
        return Wait(opens, "outside the healing windows")
    if inputs.healings_last_hour >= policy.per_hour:
        reason = f"{inputs.healings_last_hour} remedies within the hour, {policy.per_hour} allowed"
        return Wait(_look_again(now), reason)
    if inputs.open_healings >= _width(inputs):
        reason = f"{inputs.open_healings} resources are being healed, {_width(inputs)} allowed together"
        return Wait(_look_again(now), reason)
    return None


def _look_again(now: datetime) -> datetime:
    """The next of the moments at which everybody looks again: decisions about one incident meet there and are one."""
    seconds = int(now.timestamp()) // _LOOK_AGAIN_SECONDS * _LOOK_AGAIN_SECONDS + _LOOK_AGAIN_SECONDS
    return datetime.fromtimestamp(seconds, now.tzinfo)


def _refused(inputs: Inputs, remedy: str) -> bool:
    return any(t.remedy == remedy and t.outcome == REFUSED for t in inputs.tried)


def _people(inputs: Inputs, remedy: str) -> str:
    """Why the control plane will ask people about this remedy; empty when it will not."""
    policy = inputs.policy
    if policy.mode != "auto":
        return f"the healing mode is {policy.mode}"
    if inputs.severity > policy.max_severity:
        return f"a {LEVELS[inputs.severity]} drift is above {LEVELS[policy.max_severity]}"
    if remedy == RECREATE and inputs.kind != MISSING:
        return "a resource that exists would be recreated"
    return ""


def _width(inputs: Inputs) -> int:
    """How many resources may be healed together; a percentage never means less than one."""
    policy = inputs.policy
    if not policy.max_percent or not inputs.resources:
        return policy.max_resources
    return min(policy.max_resources, max(1, inputs.resources * policy.max_percent // 100))


def _backoff(inputs: Inputs) -> Wait | None:
    """Pause after a failed attempt: doubling, with a jitter that follows from the incident's id."""
    failed = [t for t in inputs.tried if t.outcome == FAILED]
    if not failed:
        return None
    jitter = int.from_bytes(hashlib.sha256(f"{inputs.incident_id}{len(failed)}".encode()).digest()[:2], "big") / 65536
    until = failed[-1].at + timedelta(seconds=_BACKOFF_SECONDS * 2 ** (len(failed) - 1) * (0.5 + jitter / 2))
    return Wait(until, f"after {len(failed)} failed attempts") if inputs.now < until else None


def _alternatives(inputs: Inputs, chosen: str | None) -> tuple[Alternative, ...]:
    found = []
    for remedy in (CORRECT, ROLLBACK, RECREATE, ALERT):
        attempts = sum(1 for t in inputs.tried if t.remedy == remedy)
        if inputs.policy.mode == "off":
            allowed, reason = False, "healing mode is off"
        elif remedy not in LADDERS[inputs.kind]:
            allowed, reason = False, f"does not apply to a resource that is {inputs.kind}"
        elif remedy not in inputs.policy.ladder and remedy != ALERT:
            allowed, reason = False, "not in the policy's ladder"
        elif _refused(inputs, remedy):
            allowed, reason = False, "it was refused"
        elif attempts >= ATTEMPTS_PER_RUNG:
            allowed, reason = False, f"tried {attempts} times"
        elif remedy == chosen:
            allowed, reason = True, "chosen: the first allowed rung"
        else:
            allowed, reason = True, "a later rung of the ladder"
        found.append(Alternative(remedy, allowed, reason))
    return tuple(found)


def inputs_json(inputs: Inputs) -> str:
    """Stored beside the decision."""
    return _INPUTS.dump_json(inputs).decode()
