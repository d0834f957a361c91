"""The desired state of everything in memory, with the indexes that judging and scheduling need.

Scheduling looks at it several times a second, and mass drift asks about every resource: neither may cost a walk over all
of them.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from deployforge_drift_detector.adapters.needs import Needs
from deployforge_drift_detector.domain.cloud_events import spelling
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.graph import Reached
from deployforge_drift_detector.domain.priority import Kind, Wishes

T = TypeVar("T")


class DesiredMap:
    """See ports.DesiredStates. Written by one thread, read by several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_urn: dict[str, Desired] = {}
        self._of_deployment: dict[UUID, dict[str, Desired]] = defaultdict(dict)
        self._of_shard: dict[str, dict[str, Desired]] = defaultdict(dict)
        self._held_under: dict[str, tuple[str, ...]] = {}
        self._revisions: Counter[str] = Counter()
        self._wishes: dict[str, Counter[int]] = defaultdict(Counter)
        self._needs = Needs(self._holders)
        self._kinds: dict[str, Counter[Kind]] = defaultdict(Counter)

    def put(self, desired: Desired) -> bool:
        """Keep it unless a newer version is known; whether it was kept."""
        with self._lock:
            known = self._by_urn.get(desired.urn)
            if known is not None and known.version > desired.version:
                return False
            if known is not None:
                self._unlink(known)
            # `get` takes no lock: a resource that is replaced must never seem to be gone.
            self._by_urn[desired.urn] = desired
            self._link(desired)
            return True

    def drop(self, urn: str) -> bool:
        """It is not desired any more; whether it was."""
        with self._lock:
            known = self._by_urn.get(urn)
            if known is None:
                return False
            self._unlink(known)
            del self._by_urn[urn]
            return True

    def _link(self, one: Desired) -> None:
        self._of_deployment[one.deployment_id][one.urn] = one
        self._of_shard[one.shard][one.urn] = one
        if name := _spelt(one):
            self._held_under[name] = (*self._held_under.get(name, ()), one.urn)
        self._revisions[one.shard] += 1
        self._wishes[one.shard][one.every_seconds] += 1
        self._needs.link(one)
        self._kinds[one.shard][one.type, one.criticality] += 1

    def _unlink(self, one: Desired) -> None:
        del self._of_deployment[one.deployment_id][one.urn]
        if not self._of_deployment[one.deployment_id]:
            del self._of_deployment[one.deployment_id]
        del self._of_shard[one.shard][one.urn]
        self._needs.unlink(one)
        if name := _spelt(one):
            self._held_under[name] = tuple(urn for urn in self._held_under[name] if urn != one.urn)
            if not self._held_under[name]:
                del self._held_under[name]
        self._revisions[one.shard] += 1
        wishes, kinds = self._wishes[one.shard], self._kinds[one.shard]
        _less(wishes, one.every_seconds)
        _less(kinds, (one.type, one.criticality))
        if not wishes:
            del self._wishes[one.shard], self._kinds[one.shard], self._of_shard[one.shard]

    def get(self, urn: str) -> Desired | None:
        return self._by_urn.get(urn)

    def of_deployment(self, deployment_id: UUID) -> Sequence[Desired]:
        with self._lock:
            return list(self._of_deployment.get(deployment_id, {}).values())

    def held_under(self, names: Collection[str]) -> Sequence[Desired]:
        with self._lock:
            urns = {urn for name in names for urn in self._held_under.get(name, ())}
            return [self._by_urn[urn] for urn in sorted(urns)]

    def _holders(self, namespace: str, name: str) -> Sequence[str]:
        return [urn for urn in self._held_under.get(name, ()) if self._by_urn[urn].namespace == namespace]

    def of_shard(self, shard: str) -> tuple[int, Sequence[Desired]]:
        with self._lock:
            return self._revisions[shard], list(self._of_shard.get(shard, {}).values())

    def revision(self, shard: str) -> int:
        return self._revisions[shard]

    def named(self, namespace: str, name: str) -> Sequence[Desired]:
        with self._lock:
            return [one for one in self._by_urn.values() if _is_named(one, namespace, name)]

    def reach(self, urn: str) -> Reached:
        with self._lock:
            return self._needs.reach(urn)

    def shards(self) -> Mapping[str, Wishes]:
        with self._lock:
            return {shard: Wishes(list(wishes), list(self._kinds[shard])) for shard, wishes in self._wishes.items()}

    def __len__(self) -> int:
        return len(self._by_urn)


def _spelt(one: Desired) -> str:
    """Its physical id as `spelling` has it; of a million resources most are spelt so already, and are kept once."""
    name = spelling(one.physical_id)
    return one.physical_id if name == one.physical_id else name


def _less(counter: Counter[T], one: T) -> None:
    counter[one] -= 1
    if not counter[one]:
        del counter[one]


def _is_named(one: Desired, namespace: str, name: str) -> bool:
    return namespace in ("", one.namespace) and name in ("", one.name)
