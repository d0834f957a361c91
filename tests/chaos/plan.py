"""What a run will do: commands of clients and faults, all drawn from one seed, so that a run can be planned again.

Faults are planned by commands, not by the clock: fault 3 fires when command 500 is reached, however fast this machine
is, and no command beyond the next fault is sent before this one has fired. So every fault falls into the work.
"""

import random
import uuid
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deployforge_chassis.identity import CONTROL_PLANE, MCAL, SERVICES, STATE_MANAGER
from deployforge_local.processes import member_name

Kind = Literal["submit", "change", "repeat", "wrong", "reject", "cancel", "approve", "apply", "drift", "delete", "scan"]
FaultKind = Literal["kill", "stop", "restart", "kill-broker", "restart-database", "cut"]

NAMESPACE: Final = "chaos"

MIX: Final[Mapping[Kind, int]] = {
    "submit": 340, "change": 120, "repeat": 200, "wrong": 140, "reject": 40, "cancel": 40, "approve": 10,
    "apply": 20, "drift": 60, "delete": 5, "scan": 25,
}  # fmt: skip
"""Commands of each kind in a thousand. Most are submissions that wait for people; the few that reach the cloud cost as
much as all the others."""

#: So many commands lie between one and another that is about what it made, so that it has mostly come about.
_LATER: Final[Mapping[Kind, int]] = {"repeat": 1, "change": 40, "reject": 150, "cancel": 20, "approve": 150}
_AFTER_APPLY: Final = 120

#: One fault of each of these per dozen.
_DOZEN: Final[Sequence[tuple[FaultKind, str]]] = (
    ("kill", ""), ("kill", ""), ("kill", ""), ("stop", ""), ("stop", ""), ("restart", ""), ("restart", ""),
    ("kill-broker", "kafka"), ("restart-database", "postgres"), ("cut", "kafka"), ("cut", "postgres"), ("cut", "peer"),
)  # fmt: skip
_PEERS: Final = (CONTROL_PLANE, STATE_MANAGER, MCAL)
"""Whom others call all the time, so that a cut is noticed."""
_SHORTEST_SECONDS, _LONGEST_SECONDS = 3.0, 20.0


@dataclass(frozen=True)
class Command:
    """One thing that a client does."""

    number: int
    kind: Kind
    deployment: str
    """Its name; empty for a scan of everything that was applied."""
    request_id: str
    """The request that it makes or is about."""
    variant: int = 30
    """A value of the manifest, or what a resource is changed to."""
    healing: bool = False
    """Of an applied deployment: whether drift is put back."""


@dataclass(frozen=True)
class PlannedFault:
    """One thing that goes wrong."""

    number: int
    at_command: int
    kind: FaultKind
    target: str
    """The process; of a cut, who is cut off (empty: everybody)."""
    link: str = ""
    """Of a cut: from what."""
    mode: Literal["reset", "silence"] = "reset"
    seconds: float = 0.0
    """How long it lasts, where that is ours to say."""


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    seed: int
    commands: Sequence[Command]
    faults: Sequence[PlannedFault]


def plan(seed: int, commands: int, faults: int, replicas: int) -> Plan:
    """The same for the same arguments."""
    rng = random.Random(seed)
    return Plan(seed, _commands(rng, commands), _faults(rng, faults, commands, replicas))


class _Past:
    """What was planned so far, and what may still be said about it."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.waiting: list[Command] = []
        self.applied: list[Command] = []

    def earlier(self, number: int, distance: int) -> Command | None:
        return self._one_of(self.waiting, number - distance)

    def target(self, number: int) -> Command | None:
        return self._one_of(self.applied, number - _AFTER_APPLY)

    def _one_of(self, commands: Sequence[Command], upto: int) -> Command | None:
        known = bisect_right(commands, upto, key=lambda c: c.number)
        return commands[self._rng.randrange(known)] if known else None


def _commands(rng: random.Random, count: int) -> list[Command]:
    past, made = _Past(rng), []
    for number in range(1, count + 1):
        kind = rng.choices(list(MIX), list(MIX.values()))[0]
        # The first come to something at once, so that there is a cloud to be changed.
        made.append(_command(rng, past, number, "apply" if number <= max(2, count // 250) else kind))
    return made


def _command(rng: random.Random, past: _Past, number: int, kind: Kind) -> Command:
    request_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    variant = rng.randrange(31, 600)
    match kind:
        case "apply":
            new = Command(number, kind, f"a-{number}", request_id, variant, healing=rng.random() < 0.7)
            past.applied.append(new)
            return new
        case "drift" | "delete" | "scan":
            if target := past.target(number):
                return Command(number, kind, target.deployment, request_id, variant)
        case "change" | "repeat" | "reject" | "cancel" | "approve":
            if about := past.earlier(number, _LATER[kind]):
                return _about(past, number, kind, about, request_id, variant)
        case "wrong":
            return Command(number, kind, f"w-{number}", request_id, variant)
    new = Command(number, "submit", f"s-{number}", request_id, variant)
    past.waiting.append(new)
    return new


def _about(past: _Past, number: int, kind: Kind, about: Command, request_id: str, variant: int) -> Command:
    if kind == "change":
        new = Command(number, kind, about.deployment, request_id, variant)
        past.waiting.append(new)
        return new
    if kind != "repeat":
        # Each of these decides: nothing further is planned about the same request.
        past.waiting.remove(about)
    return Command(number, kind, about.deployment, about.request_id, about.variant)


def _faults(rng: random.Random, count: int, commands: int, replicas: int) -> list[PlannedFault]:
    dozens: list[tuple[FaultKind, str]] = []
    while len(dozens) < count:
        dozen = list(_DOZEN)
        rng.shuffle(dozen)
        dozens += dozen
    step = commands / (count + 1)
    return [
        _fault(rng, number, int(step * (number + rng.uniform(-0.3, 0.3))), kind, what, replicas)
        for number, (kind, what) in enumerate(dozens[:count], 1)
    ]


def _fault(rng: random.Random, number: int, at: int, kind: FaultKind, what: str, replicas: int) -> PlannedFault:
    process = member_name(rng.choice(SERVICES), rng.randint(1, replicas))
    seconds = round(rng.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS), 1)
    if kind != "cut":
        return PlannedFault(number, at, kind, what or process, seconds=seconds if kind == "stop" else 0.0)
    mode: Literal["reset", "silence"] = rng.choice(("reset", "silence"))
    if what == "peer":
        link = member_name(rng.choice(_PEERS), rng.randint(1, replicas))
        return PlannedFault(number, at, kind, "", link, mode, seconds)
    return PlannedFault(number, at, kind, process, what, mode, seconds)
