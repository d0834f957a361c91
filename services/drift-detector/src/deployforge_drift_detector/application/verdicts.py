"""What one observation means: refused, not checked, as desired, or drift. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from deployforge_chassis import packed

from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.ports import Changing, CheckState
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.finding import Finding, Hidden, Sifted, sift_changed, sift_missing

#: Whole numbers of any size stay exact, which no faster reader of JSON does.
_DECODER: Final = msgspec.json.Decoder()


class Refused(Exception):
    """An observation that is not of any resource that is desired here; the others of its batch are judged all the same."""

    def __init__(self, urn: str, reason: str) -> None:
        super().__init__(f"{urn}: {reason}")
        self.urn, self.reason = urn, reason


@dataclass(frozen=True)
class Verdict:
    """About one resource."""

    state: CheckState
    reason: str = ""
    finding: Finding | None = None
    hidden: tuple[Hidden, ...] = ()
    """What ignore rules hide."""
    look_again: bool = False
    """It changed in a way that nobody has told us about yet."""
    doubted: bool = False
    """It does not count before a second read."""
    refused: bool = False
    """What was observed cannot be used. The resource is ours, so its coverage says so."""


class Unusable(Exception):
    """The properties of an observation cannot be compared."""


def verdict(
    batch: ObservationBatch, seen: Observation, desired: Desired | None, changing: Changing | None, now: datetime
) -> Verdict:  # fmt: skip
    """The verdict on an observation. Raises Refused."""
    desired = trusted(seen, desired)
    if seen.presence in ("NOT_CHECKED", "UNKNOWN"):
        return _not_checked(seen.reason or "mcal did not say whether it is there")
    if changing is not None and seen.urn in changing.urns:
        return _not_checked("it is inside a running execution")
    if seen.generation < desired.generation:
        return _not_checked("observed before its last change")
    if seen.generation > desired.generation and not _left_so(batch, changing):
        return _not_checked("changed, and what is desired now is not known yet", look_again=True)
    try:
        found = sift_missing(desired, now) if seen.presence == "MISSING" else _compared(seen, desired, now)
    except Unusable as unusable:
        return _not_checked(str(unusable), refused=True)
    # A reason beside something that was seen: which of its values nobody could look at.
    state = CheckState.CHECKED if found.finding is None else CheckState.DRIFTED
    return Verdict(state, _said(seen.reason or ""), found.finding, found.hidden)


def properties(body: bytes, digest: bytes) -> dict[str, Any]:
    """What a body says. Raises Unusable.

    Text that looks like JSON may still hold what has no spelling: NaN, half a surrogate, ten thousand brackets.
    """
    if packed.digest(body) != digest:
        raise Unusable("the digest is not that of the properties")
    try:
        value = _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unusable("the properties are no JSON") from None
    if not isinstance(value, dict):
        raise Unusable("the properties are no object")
    return value


def trusted(seen: Observation, desired: Desired | None) -> Desired:
    """The desired state of what was observed. Raises Refused where the observation cannot be of it."""
    if desired is None:
        raise Refused(seen.urn, "no such resource is desired")
    if seen.deployment_id != desired.deployment_id:
        raise Refused(seen.urn, "it belongs to another deployment")
    return desired


def _compared(seen: Observation, desired: Desired, now: datetime) -> Sifted:
    observed = properties(seen.properties_json, seen.digest)
    try:
        return sift_changed(desired, observed, now)
    except (ValueError, RecursionError):
        raise Unusable("the properties are no JSON") from None


def _left_so(batch: ObservationBatch, changing: Changing | None) -> bool:
    """An execution changed it and ended without a new desired state: what is there now is what counts."""
    since = changing.unverified_since if changing is not None else None
    return since is not None and batch.observed_at > since


def _not_checked(reason: str, *, look_again: bool = False, refused: bool = False) -> Verdict:
    return Verdict(CheckState.NOT_CHECKED, _said(reason), look_again=look_again, refused=refused)


def _said(reason: str) -> str:
    # The database knows no character 0.
    return reason[:300].replace("\x00", " ")
