"""What is wrong with one resource: everything about a drift that does not depend on when it was seen."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from deployforge_chassis.canonical import digest, dumps

from deployforge_drift_detector.domain.compare import Difference, differences
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.levels import Kind, Severity
from deployforge_drift_detector.domain.rules import hiding, hiding_all
from deployforge_drift_detector.domain.severity import Judged, judge, judge_missing, raised_by_impact, worst


@dataclass(frozen=True)
class Attribute:
    """One attribute that is not as desired."""

    path: str
    expected_json: str
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
    return Sifted(_finding(Kind.CHANGED, worst_of, tuple(attributes)), tuple(hidden))


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


def _finding(kind: Kind, judged: Judged, attributes: tuple[Attribute, ...]) -> Finding:
    said = [[a.path, a.expected_json, a.actual_json, str(a.severity)] for a in attributes]
    return Finding(kind, judged.level, judged.rule, attributes, digest(dumps([str(kind), str(judged.level), said])))
