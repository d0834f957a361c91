"""What each ignore rule hides now, and which hide nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from deployforge_chassis import packed

from deployforge_drift_detector.application.hiding import Hiding
from deployforge_drift_detector.application.looks import NEVER_SEEN, Look
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.rules import IgnoreRule

HIDING: Final = "hiding"
IDLE: Final = "idle"
"""It hides nothing now, and did."""
UNUSED: Final = "unused"
EXPIRED: Final = "expired"
UNSEEN: Final = "not looked at"


@dataclass(frozen=True)
class HiddenView:
    """One difference that a rule hides now."""

    resource: str
    path: str
    """Empty for a resource that is missing."""
    since: datetime
    last: datetime
    """When the resource was looked at last."""


@dataclass(frozen=True)
class RuleReport:
    """One rule of one deployment."""

    namespace: str
    name: str
    rule: IgnoreRule
    state: str
    """hiding, idle, unused, expired, not looked at."""
    concerned: int
    """Resources that it names."""
    hidden: tuple[HiddenView, ...]
    last: datetime | None
    """When it last hid anything."""


def report(
    desired: Sequence[Desired], hidings: Sequence[Hiding], looks: Mapping[str, Look], now: datetime
) -> Sequence[RuleReport]:
    """A line for every rule that names a resource, by deployment and in the order of its manifest."""
    seen = _times(desired, looks)
    by_rule: dict[tuple[str, str, str], tuple[IgnoreRule, list[Desired]]] = {}
    for one in desired:
        for rule in one.ignore:
            by_rule.setdefault((one.namespace, one.name, rule.id), (rule, []))[1].append(one)
    of: dict[tuple[str, str], list[Hiding]] = defaultdict(list)
    for hiding in hidings:
        of[hiding.rule, hiding.urn].append(hiding)
    return [
        _line(namespace, name, rule, concerned, [h for one in concerned for h in of[rule.id, one.urn]], seen, now)
        for (namespace, name, _), (rule, concerned) in sorted(by_rule.items(), key=lambda item: item[0][:2])
    ]


def _line(
    namespace: str, name: str, rule: IgnoreRule, concerned: Sequence[Desired], some: Sequence[Hiding],
    seen: Mapping[str, datetime], now: datetime,
) -> RuleReport:  # fmt: skip
    hidden = [
        HiddenView(one.urn.rpartition(":")[2], one.path, one.since, max(one.since, seen.get(one.urn, one.since)))
        for one in some
        if one.ended is None and rule.active(now)
    ]
    ended = [one.ended or seen.get(one.urn, one.since) for one in some]
    if not rule.active(now):
        state = EXPIRED
    elif hidden:
        state = HIDING
    elif some:
        state = IDLE
    else:
        state = UNUSED if any(one.urn in seen for one in concerned) else UNSEEN
    last = max([*(view.last for view in hidden), *ended], default=None)
    return RuleReport(namespace, name, rule, state, len(concerned), tuple(hidden), last)


def _times(desired: Sequence[Desired], looks: Mapping[str, Look]) -> Mapping[str, datetime]:
    """urn → when it was looked at last."""
    rows = {shard: {id: row for row, id in enumerate(look.ids.tolist())} for shard, look in looks.items()}
    found: dict[str, datetime] = {}
    for one in desired:
        row = rows.get(one.shard, {}).get(int.from_bytes(packed.key(one.deployment_id, one.urn), "little"))
        if row is not None and looks[one.shard].sequences[row] != NEVER_SEEN:
            found[one.urn] = datetime.fromtimestamp(float(looks[one.shard].times[row]), UTC)
    return found
