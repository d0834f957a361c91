"""One resource of a scenario: it drifts, is healed, and what is usual of it is learned as the service learns it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from deployforge_anomalies.features import Features

from deployforge_drift_detector.application.learning import change_of
from deployforge_drift_detector.domain.actor import NOBODY, Actor
from deployforge_drift_detector.domain.baseline import Baseline, Change
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.features import features
from deployforge_drift_detector.domain.finding import Finding, find_changed, find_missing, weighed
from deployforge_drift_detector.domain.surroundings import Around
from deployforge_drift_detector.testing.catalogue import Knob

BEGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
ALONE: Final = Around()


class Resource:
    """Its time only goes forward."""

    def __init__(self, chance: Random, knobs: Sequence[Knob]) -> None:
        self.chance, self.knobs = chance, tuple(knobs)
        self.usual = Baseline()
        self.now = BEGIN + timedelta(seconds=chance.randrange(7 * 86_400))
        self.open = False
        self._dependants = ("normal",) * int(chance.expovariate(0.5))
        self.wanted = {knob.path: knob.expected(chance) for knob in self.knobs}
        self._desired = Desired(
            urn="urn:df:scenario:one:it", deployment_id=UUID(int=1), namespace="scenario", name="one", version=1,
            desired_version=1, shard="", every_seconds=60, resource="it", type=knobs[0].type, physical_id="it",
            criticality="high" if chance.random() < 0.15 else "normal", generation=1, properties=_nested(self.wanted),
        )  # fmt: skip

    def passes(self, seconds: float) -> None:
        """So much time, in whole seconds: other machines' logarithms may differ in the last bit, and nothing else shall."""
        self.now += timedelta(seconds=max(1, round(seconds)))

    def until(self, hours: tuple[int, int], *, weekend: bool | None = None) -> None:
        """Go on to an hour of the day within these, on a weekday or a weekend where that is said."""
        self.now += timedelta(days=1)
        while weekend is not None and (self.now.weekday() >= 5) != weekend:
            self.now += timedelta(days=1)
        hour = self.chance.randrange(*hours) % 24
        self.now = self.now.replace(hour=hour, minute=self.chance.randrange(60), second=self.chance.randrange(60))

    def drifts(self, found: Mapping[str, Any] | None, around: Around = ALONE, actor: Actor = NOBODY) -> Features | None:
        """To these values by path, `None` in place of all: it is gone. None where that is no drift, or no other."""
        finding = self._found(found)
        if finding is None:
            return None
        finding = weighed(finding, self._dependants)
        change = self._change(finding, actor)
        told = features(finding, change, self.usual, around, again=self.open, downstream=len(self._dependants), actor=actor)
        self.usual, self.open = self.usual.then(change), True
        return told

    def drifted(self, found: Mapping[str, Any], actor: Actor) -> None:
        """The same in its past, of which nobody is told."""
        if (finding := self._found(found)) is not None:
            self.usual, self.open = self.usual.then(self._change(finding, actor)), True

    def _found(self, found: Mapping[str, Any] | None) -> Finding | None:
        if found is None:
            finding = find_missing(self._desired, self.now)
        else:
            finding = find_changed(self._desired, _nested({**self.wanted, **found}), self.now)
        same = finding is not None and self.open and self.usual.episodes[-1].fingerprint == finding.fingerprint
        return None if same else finding

    def _change(self, finding: Finding, actor: Actor) -> Change:
        return self.usual.news(replace(change_of(finding, self.now), actor=actor.name))

    def healed(self, after_seconds: float) -> None:
        """It is as desired again after that time."""
        self.passes(after_seconds)
        self.usual, self.open = self.usual.over(self.now), False


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`{"tags.env": 1}` as `{"tags": {"env": 1}}`; a value of None is left out."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *way, last = path.split(".")
        place = tree
        for part in way:
            place = place.setdefault(part, {})
        if value is not None:
            place[last] = value
    return tree
