"""The stories: for each class, how drift of that kind comes about, with much in common between classes, and noise.

What is told is made up. A model that is trained on it knows the stories and not the world; records of real drift that
people have labelled are worth more, and `deployforge drift train` takes them.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from deployforge_anomalies.features import CLASSES, Features
from deployforge_anomalies.records import LabelledRecord, write

from deployforge_drift_detector.domain.actor import NOBODY, Actor
from deployforge_drift_detector.domain.surroundings import Around
from deployforge_drift_detector.testing.catalogue import DECAYING, EXPOSING, ORDINARY, RENEWED, SCALING, Knob
from deployforge_drift_detector.testing.worlds import ALONE, Resource

SEED: Final = 20_261_128
SCENARIOS: Final = 200
"""Of each class."""
_MISLABELLED: Final = 0.02
_ACTOR_TOLD: Final = 0.4
_AT_MOST: Final = 6
"""Records of one scenario."""
_ALL: Final = (*ORDINARY, *EXPOSING, *SCALING, *RENEWED, *DECAYING)
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0

Story = Callable[[Random], Iterator[Features | None]]


def labelled(seed: int = SEED, scenarios: int = SCENARIOS) -> Iterator[LabelledRecord]:
    """The same records for the same seed and number of scenarios a class."""
    for label, story in STORIES.items():
        for number in range(scenarios):
            name = f"{label} {number}"
            chance = Random(f"{seed} {name}")  # noqa: S311
            said = chance.choice(CLASSES) if chance.random() < _MISLABELLED else label
            told = [features for features in story(chance) if features is not None]
            for features in told[:_AT_MOST]:
                yield LabelledRecord(name, said, features)


def _unauthorised(chance: Random) -> Iterator[Features | None]:
    kinds = _weighted(chance, (ORDINARY, 70), (SCALING, 12), (DECAYING, 8), (RENEWED, 5), (EXPOSING, 5))
    it = _resource(chance, kinds)
    someone = _told(chance, "person", stranger=chance.random() < 0.6)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if chance.random() < 0.55:
            it.until((19, 31), weekend=chance.random() < 0.4)
        else:
            it.until((8, 18))
        for _ in range(chance.choice((1, 1, 1, 2))):
            yield it.drifts(_changed(it, chance, 1.5, gone=0.1), _coincidence(chance), someone)
            it.passes(chance.expovariate(1 / (10 * _MINUTE)))
        it.healed(_spread(chance, 20 * _MINUTE, 1.2))


def _conflict(chance: Random) -> Iterator[Features | None]:
    kinds = _weighted(chance, (ORDINARY, 50), (SCALING, 22), (DECAYING, 15), (EXPOSING, 10), (RENEWED, 3))
    it = _resource(chance, kinds)
    program, every = _told(chance, "automation"), _spread(chance, 15 * _MINUTE, 1.4)
    values, other = _changed(it, chance, 0.6), _changed(it, chance, 0.6)
    for turn in range(chance.randrange(3, 8)):
        found = it.drifts(values if turn % 3 != 2 or chance.random() < 0.7 else other, _coincidence(chance), program)
        # Nobody could tell by the first.
        yield found if turn else None
        it.healed(_spread(chance, 2 * _MINUTE, 0.8))
        it.passes(every * chance.uniform(0.7, 1.4))


def _decay(chance: Random) -> Iterator[Features | None]:
    it = _resource(chance, _weighted(chance, (DECAYING, 70), (ORDINARY, 25), (RENEWED, 5)), history=0.5)
    values: dict[str, Any] = {}
    way = chance.choice((-1, 1))
    for _ in range(chance.randrange(2, 7)):
        it.passes(_spread(chance, 9 * _DAY, 0.8))
        knob = chance.choice(it.knobs)
        if knob.ways == "number":
            step = 1 + way * chance.uniform(0.05, 0.25)
            values[knob.path] = max(1, round(values.get(knob.path, it.wanted[knob.path]) * step))
        else:
            values[knob.path] = None if chance.random() < 0.55 else _value(knob, it.wanted[knob.path], chance, 0.2)
        who = _told(chance, chance.choice(("person", "automation")), share=0.15)
        yield it.drifts(values, _coincidence(chance), who)
        if chance.random() < 0.3:
            it.healed(_spread(chance, 4 * _DAY, 0.8))
            values = {}


def _provider(chance: Random) -> Iterator[Features | None]:
    it = _resource(chance, _weighted(chance, (RENEWED, 65), (ORDINARY, 20), (EXPOSING, 8), (DECAYING, 7)))
    them = _told(chance, "provider")
    many = chance.random() < 0.7
    for _ in range(chance.choice((1, 1, 2))):
        it.until(chance.choice(((0, 6), (0, 24))))
        alike = int(_spread(chance, 12, 1.2)) if many else 0
        around = Around(min(alike, chance.randrange(6)), alike, min(alike, int(chance.expovariate(0.15))))
        retired = many and chance.random() < 0.06
        yield it.drifts(None if retired else _changed(it, chance, 0.5, gone=0.05), around if many else ALONE, them)
        it.healed(_spread(chance, 2 * _HOUR, 1.5))


def _scaling(chance: Random) -> Iterator[Features | None]:
    it = _resource(chance, _weighted(chance, (SCALING, 88), (ORDINARY, 12)), history=0.8)
    scaler = _told(chance, "automation")
    for _ in range(chance.randrange(1, 5)):
        it.until((6, 23), weekend=None if chance.random() < 0.5 else False)
        for _ in range(chance.choice((1, 2, 3))):
            removed = chance.random() < 0.04
            yield it.drifts(None if removed else _changed(it, chance, 0.5), _coincidence(chance, 0.4), scaler)
            it.passes(_spread(chance, 10 * _MINUTE, 0.9))
        it.healed(_spread(chance, 30 * _MINUTE, 1.0))


def _exposure(chance: Random) -> Iterator[Features | None]:
    it = _resource(chance, EXPOSING)
    someone = _told(chance, "person" if chance.random() < 0.6 else "automation", stranger=chance.random() < 0.4)
    for _ in range(chance.choice((1, 1, 2))):
        it.until((0, 24))
        plain = chance.random() < 0.75
        values = _changed(it, chance, 1.0)
        for knob in it.knobs:
            if knob.path in values:
                values[knob.path] = _exposing(knob, it.wanted[knob.path], plain)
        yield it.drifts(values, _coincidence(chance), someone)
        it.healed(_spread(chance, 15 * _MINUTE, 1.2))


def _deletion(chance: Random) -> Iterator[Features | None]:
    it = _resource(chance, _ALL)
    kind = chance.choice(("person", "automation", "person", "provider"))
    it.until((0, 24))
    others = int(_spread(chance, 4, 1.0)) if chance.random() < 0.4 else 0
    around = Around(others, chance.randrange(others + 1), int(chance.random() < 0.1))
    yield it.drifts(None, around, _told(chance, kind, stranger=chance.random() < 0.5))
    it.healed(_spread(chance, 20 * _MINUTE, 1.0))
    if chance.random() < 0.25:
        it.passes(_spread(chance, _DAY, 1.5))
        yield it.drifts(None, _coincidence(chance), _told(chance, kind))


def _unknown(chance: Random) -> Iterator[Features | None]:
    it = _resource(chance, _ALL, others=_ALL)
    for _ in range(chance.choice((1, 2, 3))):
        it.passes(_spread(chance, _DAY, 2.0))
        alike = int(chance.expovariate(0.5))
        yield it.drifts(_changed(it, chance, 1.0, gone=0.15), Around(int(chance.expovariate(0.6)), alike, int(alike / 2)))
        if chance.random() < 0.6:
            it.healed(_spread(chance, _HOUR, 1.8))


STORIES: Final[Mapping[str, Story]] = {
    "unauthorised change": _unauthorised,
    "automation conflict": _conflict,
    "configuration decay": _decay,
    "provider-side change": _provider,
    "scaling activity": _scaling,
    "security exposure": _exposure,
    "deletion": _deletion,
    "unknown": _unknown,
}
"""By class, in the order of CLASSES."""


def _resource(
    chance: Random, kinds: tuple[Knob, ...], *, others: tuple[Knob, ...] = ORDINARY, history: float = 0.65
) -> Resource:
    """A resource with one knob of these kinds and perhaps others of its own, and perhaps a past of ordinary drift."""
    first = chance.choice(kinds)
    near = [knob for knob in (*kinds, *others) if knob.type == first.type and knob.path != first.path]
    it = Resource(chance, (first, *chance.sample(near, min(len(near), chance.randrange(3)))))
    if chance.random() < history:
        every, office = _spread(chance, 3 * _DAY, 1.0), chance.random() < 0.6
        usual = _told(chance, chance.choice(("person", "automation")))
        for _ in range(min(40, int(_spread(chance, 8, 0.9)))):
            it.passes(_spread(chance, every, 0.6))
            if office:
                it.until((8, 18), weekend=False)
            it.drifted(_changed(it, chance, 0.4), usual)
            it.healed(_spread(chance, 30 * _MINUTE, 1.0))
    return it


def _changed(it: Resource, chance: Random, unrest: float, *, gone: float = 0.0) -> dict[str, Any]:
    """Values for some knobs, the first most often."""
    chosen = [knob for n, knob in enumerate(it.knobs) if chance.random() < (0.9 if n == 0 else 0.2)] or [it.knobs[-1]]
    return {
        knob.path: None if chance.random() < gone else _value(knob, it.wanted[knob.path], chance, unrest) for knob in chosen
    }


def _value(knob: Knob, expected: Any, chance: Random, unrest: float) -> Any:
    match knob.ways:
        case "number":
            return max(0, round(expected * chance.lognormvariate(0, unrest)) + chance.choice((-1, 1)))
        case "switch":
            return False
        case "rules":
            return [*expected, {"port": chance.randrange(1, 9_000), "cidr": f"10.{chance.randrange(250)}.0.0/16"}]
        case _:
            return f"v{chance.randrange(40, 90)}"


def _exposing(knob: Knob, expected: Any, plain: bool) -> Any:
    """What opens something; where it is not plain, in a way that no severity rule names."""
    if knob.ways == "rules":
        return [*expected, {"port": 22, "cidr": "0.0.0.0/0" if plain else "10.0.0.0/8"}]
    if knob.ways == "switch":
        return False if plain else "provider-managed"
    return True if plain else "limited"


def _told(chance: Random, kind: str, *, stranger: bool = False, share: float = _ACTOR_TOLD) -> Actor:
    """Who did it; most clouds do not tell, or not in time."""
    if chance.random() >= share:
        return NOBODY
    return Actor(f"{kind} {chance.randrange(1_000) if stranger else 0}", kind)


def _coincidence(chance: Random, share: float = 0.25) -> Around:
    if chance.random() >= share:
        return ALONE
    alike = chance.randrange(3)
    return Around(chance.randrange(1, 6), alike, min(alike, chance.randrange(2)))


def _spread(chance: Random, middle: float, unrest: float) -> float:
    return middle * chance.lognormvariate(0, unrest)


def _weighted(chance: Random, *choices: tuple[tuple[Knob, ...], int]) -> tuple[Knob, ...]:
    return chance.choices([kinds for kinds, _ in choices], [weight for _, weight in choices])[0]


if __name__ == "__main__":
    write(labelled(), Path(sys.argv[1]))
