"""What ignore rules hide of the resources of a shard: found where a body is read and differs, so no other check pays."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.finding import Hidden

_KEPT: Final = 64
"""Of one resource, the newest; a rule for a tag that is another every day would fill it for ever."""


@dataclass(frozen=True)
class Hiding:
    """A rule hides a difference of a resource."""

    deployment_id: UUID
    urn: str
    rule: str
    path: str
    since: datetime
    ended: datetime | None = None
    """When it was first seen that it does so no more."""


class HidingBook:
    """Of one shard. Used by one thread; falsy while nothing is hidden and nothing was."""

    def __init__(self) -> None:
        self._of: dict[str, dict[Hidden, Hiding]] = {}
        self.unsaved: set[str] = set()
        """URNs of which something changed."""

    def __bool__(self) -> bool:
        return bool(self._of)

    def restore(self, some: Iterable[Hiding]) -> None:
        """What an earlier process knew."""
        for one in some:
            self._of.setdefault(one.urn, {})[Hidden(one.rule, one.path)] = one

    def keep(self, urns: Collection[str]) -> None:
        """Only these are left."""
        self._of = {urn: some for urn, some in self._of.items() if urn in urns}
        self.unsaved &= self._of.keys()

    def seen(self, desired: Desired, hidden: Collection[Hidden], at: datetime) -> None:
        """This is hidden of a resource now, and nothing else."""
        before = self._of.get(desired.urn, {})
        if not before and not hidden:
            return
        rules = {rule.id for rule in desired.ignore}
        now = {key: _then(one, key in hidden, at) for key, one in before.items() if key.rule in rules}
        now |= {
            key: Hiding(desired.deployment_id, desired.urn, key.rule, key.path, at)
            for key in hidden
            if key not in now or now[key].ended is not None
        }
        if len(now) > _KEPT:
            kept = sorted(now, key=lambda key: (now[key].ended is None, now[key].since))[-_KEPT:]
            now = {key: now[key] for key in kept}
        if now != before:
            self._of[desired.urn] = now
            self.unsaved.add(desired.urn)

    def changed(self) -> Mapping[str, Collection[Hiding]]:
        """urn → all that is to be kept of it, of those of which something changed."""
        return {urn: list(self._of[urn].values()) for urn in self.unsaved}


def _then(one: Hiding, hidden: bool, at: datetime) -> Hiding:
    return one if hidden or one.ended is not None else replace(one, ended=at)
