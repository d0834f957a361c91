"""What is wrong with one resource: everything about a drift that does not depend on when it was seen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from deployforge_chassis.canonical import digest, dumps

from deployforge_drift_detector.domain.compare import Difference, differences
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.levels import Kind, Severity
from deployforge_drift_detector.domain.rules import hiding, hiding_all
from deployforge_drift_detector.domain.severity import Judged, judge, judge_missing, raised_by_impact, worst

TOO_LONG: Final = "$tooLong"
"""The only field of an object that stands for a value which does not fit into a fact."""
_LONGEST: Final = 65_536
"""Bytes of one value."""
_TOGETHER: Final = 262_144
"""Bytes of all values of a drift; where they are more, none may have more than _SHORT."""
_SHORT: Final = 512


@dataclass(frozen=True)
class Attribute:
    """One attribute that is not as desired."""

    path: str
    expected_json: str
    """A long value is `{"$tooLong": {"bytes": …, "digest": …}}`, here and below."""
    actual_json: str
    """Empty when it is gone."""
    severity: Severity
    rule: str
    good_at: datetime | None = None
    """When it was last seen to be as desired; None where no scan has seen that, or the last one could not look."""


@dataclass(frozen=True)
class Finding:
    """A drift without its time and place."""

    kind: Kind
    severity: Severity
    rule: str
    attributes: tuple[Attribute, ...]
    fingerprint: str
    """Equal fingerprints are the same drift."""


@dataclass(frozen=True)
class Hidden:
    """A difference that an ignore rule hides."""

    rule: str
    """See IgnoreRule.id."""
    path: str
    """Empty for a resource that is missing."""


@dataclass(frozen=True)
class Sifted:
    """What is wrong with a resource, and what would be were it not ignored."""

    finding: Finding | None
    hidden: tuple[Hidden, ...] = ()


def find_changed(desired: Desired, observed: dict[str, Any], now: datetime) -> Finding | None:
    """What is wrong with a resource that exists; None when nothing is."""
    return sift_changed(desired, observed, now).finding


def sift_changed(desired: Desired, observed: dict[str, Any], now: datetime) -> Sifted:
    """The same, with what is hidden."""
    ignore, attributes, hidden = desired.ignoring(now), list[Attribute](), list[Hidden]()
    for difference in differences(desired.properties, observed, desired.set_paths):
        if (rule := hiding(ignore, desired.resource, difference)) is not None:
            hidden.append(Hidden(rule.id, difference.path))
        else:
            attributes.append(_attribute(desired, difference))
    if not attributes:
        return Sifted(None, tuple(hidden))
    worst_of = worst(Judged(found.severity, found.rule) for found in attributes)
    return Sifted(_finding(Kind.CHANGED, worst_of, _bounded(attributes)), tuple(hidden))


def find_missing(desired: Desired, now: datetime) -> Finding | None:
    """What is wrong with a resource that is gone; None when a rule ignores everything (`**`) about it."""
    return sift_missing(desired, now).finding


def sift_missing(desired: Desired, now: datetime) -> Sifted:
    """The same, with what is hidden."""
    if (rule := hiding_all(desired.ignoring(now), desired.resource)) is not None:
        return Sifted(None, (Hidden(rule.id, ""),))
    return Sifted(_missing(desired))


def _missing(desired: Desired) -> Finding:
    judged = judge_missing(desired.resource, criticality=desired.criticality, rules=desired.severity, policy=desired.policy)
    return _finding(Kind.MISSING, judged, ())


def dated(finding: Finding, before: Finding | None, good_at: datetime | None) -> Finding:
    """The finding with the time at which each attribute was last as desired: what differed `before` keeps its own, all else
    was at `good_at`.
    """
    known = {one.path: one.good_at for one in before.attributes} if before is not None else {}
    attributes = tuple(replace(one, good_at=known.get(one.path, good_at)) for one in finding.attributes)
    return replace(finding, attributes=attributes)


def weighed(finding: Finding, downstream: Collection[str]) -> Finding:
    """The finding with its severity raised by the criticalities of what lies downstream. The fingerprint stays: what is
    downstream changes without the drift changing.
    """
    judged = raised_by_impact(Judged(finding.severity, finding.rule), downstream)
    return replace(finding, severity=judged.level, rule=judged.rule)


def _attribute(desired: Desired, difference: Difference) -> Attribute:
    judged = judge(
        desired.type, desired.resource, difference, criticality=desired.criticality, rules=desired.severity,
        policy=desired.policy,
    )  # fmt: skip
    actual = "" if difference.gone else dumps(difference.actual)
    return Attribute(difference.path, dumps(difference.expected), actual, judged.level, judged.rule)


def _bounded(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """With values that a broker takes. Whoever changes a value writes how long it is; no fact may grow with it."""
    bounded = [replace(a, expected_json=_cut(a.expected_json, _LONGEST), actual_json=_cut(a.actual_json, _LONGEST))
               for a in attributes]  # fmt: skip
    if sum(_size(a.expected_json) + _size(a.actual_json) for a in bounded) <= _TOGETHER:
        return tuple(bounded)
    return tuple(
        replace(a, expected_json=_cut(a.expected_json, _SHORT), actual_json=_cut(a.actual_json, _SHORT)) for a in bounded
    )


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest // 4 or (size := _size(text)) <= longest or text.startswith(f'{{"{TOO_LONG}"'):
        return text
    return dumps({TOO_LONG: {"bytes": size, "digest": digest(text)}})


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _finding(kind: Kind, judged: Judged, attributes: tuple[Attribute, ...]) -> Finding:
    said = [[a.path, a.expected_json, a.actual_json, str(a.severity)] for a in attributes]
    return Finding(kind, judged.level, judged.rule, attributes, digest(dumps([str(kind), str(judged.level), said])))
