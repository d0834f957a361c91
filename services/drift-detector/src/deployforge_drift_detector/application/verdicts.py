"""What one observation means: refused, not checked, as desired, or drift. Pure but for its memo."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployforge_chassis.canonical import digest

from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.ports import Changing, CheckState
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.finding import Finding, find_changed, find_missing
from deployforge_drift_detector.domain.rules import IgnoreRule


class Refused(Exception):
    """An observation that cannot be what it says; the others of its batch are judged all the same."""

    def __init__(self, urn: str, reason: str) -> None:
        super().__init__(f"{urn}: {reason}")
        self.urn, self.reason = urn, reason


@dataclass(frozen=True)
class Verdict:
    """About one resource."""

    state: CheckState
    reason: str = ""
    finding: Finding | None = None
    look_again: bool = False
    """It changed in a way that nobody has told us about yet."""


_MemoKey = tuple[int, tuple[IgnoreRule, ...], str, str]


class Verdicts:
    """Gives verdicts. One that was given for the same desired version, rules and observation digest is given again
    without comparing: exact, since nothing else goes into it.
    """

    def __init__(self, *, remember: bool = True) -> None:
        self._memo: dict[str, tuple[_MemoKey, Finding | None]] = {}
        self._remember = remember
        self.reused = 0
        self.compared = 0

    def of(
        self, batch: ObservationBatch, seen: Observation, desired: Desired | None, changing: Changing | None, now: datetime
    ) -> Verdict:  # fmt: skip
        """The verdict. Raises Refused."""
        desired = trusted(batch, seen, desired)
        if seen.presence in ("NOT_CHECKED", "UNKNOWN"):
            return _not_checked(seen.reason or "mcal did not say whether it is there")
        if changing is not None and seen.urn in changing.urns:
            return _not_checked("it is inside a running execution")
        if seen.generation < desired.generation:
            return _not_checked("observed before its last change")
        if seen.generation > desired.generation and not _left_so(batch, changing):
            return _not_checked("changed, and what is desired now is not known yet", look_again=True)
        finding = self._finding(seen, desired, now)
        return Verdict(CheckState.CHECKED if finding is None else CheckState.DRIFTED, finding=finding)

    def forget(self, urn: str) -> None:
        """The resource is not desired any more."""
        self._memo.pop(urn, None)

    def _finding(self, seen: Observation, desired: Desired, now: datetime) -> Finding | None:
        key = (desired.version, desired.ignoring(now), seen.presence, seen.digest)
        known = self._memo.get(seen.urn)
        if known is not None and known[0] == key:
            self.reused += 1
            return known[1]
        self.compared += 1
        if seen.presence == "MISSING":
            finding = find_missing(desired, now)
        else:
            finding = find_changed(desired, _properties(seen), now)
        if self._remember:
            self._memo[seen.urn] = (key, finding)
        return finding


def trusted(batch: ObservationBatch, seen: Observation, desired: Desired | None) -> Desired:
    """The desired state of what was observed. Raises Refused where the observation cannot be of it."""
    if desired is None:
        raise Refused(seen.urn, "no such resource is desired")
    if seen.deployment_id != desired.deployment_id:
        raise Refused(seen.urn, "it belongs to another deployment")
    if batch.shard != desired.shard:
        raise Refused(seen.urn, "it belongs to another scan shard")
    if seen.presence == "PRESENT" and digest(seen.properties_json) != seen.digest:
        raise Refused(seen.urn, "the digest is not that of the properties")
    return desired


def _properties(seen: Observation) -> dict[str, Any]:
    try:
        properties = json.loads(seen.properties_json)
    except ValueError:
        raise Refused(seen.urn, "the properties are no JSON") from None
    if not isinstance(properties, dict):
        raise Refused(seen.urn, "the properties are no object")
    return properties


def _left_so(batch: ObservationBatch, changing: Changing | None) -> bool:
    """An execution changed it and ended without a new desired state: what is there now is what counts."""
    since = changing.unverified_since if changing is not None else None
    return since is not None and batch.observed_at > since


def _not_checked(reason: str, *, look_again: bool = False) -> Verdict:
    return Verdict(CheckState.NOT_CHECKED, reason[:300], look_again=look_again)
