"""Clouds' change events: what changed is looked at at once, and who did it is remembered for whatever is found."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from deployforge_chassis.facts import Effects

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.ports import Deed
from deployforge_drift_detector.domain.cloud_events import CloudChange
from deployforge_drift_detector.domain.desired import Desired

_WAITING_AT_MOST: Final = 10_000
#: Events older than this tell of what a scan has seen since; clouds repeat undelivered ones for a day.
_OLD: Final = timedelta(minutes=30)


class TooMany(Exception):
    """So many resources wait for their scan that the sender must come again later."""


class Intake:
    """Takes events from many threads; one thread asks for the scans, those of some tenths of a second together."""

    def __init__(self, app: DriftDetector) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._waiting: dict[str, Deed] = {}

    def take(self, changes: Sequence[CloudChange]) -> int:
        """Note what changed; how many resources of ours that is. What is noted is lost with the process: the next scan
        finds it all the same. Raises TooMany, and then nothing is noted.
        """
        now = self._app.clock.now()
        found = [
            Deed(one.urn, one.deployment_id, change.actor, min(change.at, now))
            for change in changes
            if now - change.at <= _OLD
            for one in self._app.desired.held_under(change.names)
            if _is_in(one, change.account)
        ]
        with self._lock:
            if len(self._waiting) + len(found) > _WAITING_AT_MOST:
                raise TooMany
            for deed in found:
                known = self._waiting.get(deed.urn)
                if known is None or known.at <= deed.at:
                    self._waiting[deed.urn] = deed
        return len({deed.urn for deed in found})

    def tick(self) -> int:
        """Ask for the scans of what waits; how many that were."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        by_shard: dict[str, tuple[str, ...]] = defaultdict(tuple)
        for urn in waiting:
            if (one := self._app.desired.get(urn)) is not None:
                by_shard[one.shard] += (urn,)
        if not by_shard:
            return 0
        try:
            done = Effects(writes=tuple(self._app.stores.deeds.put([deed for deed in waiting.values() if deed.actor.name])))
            return len(self._app.request_scans(dict(by_shard), "event", done))
        except Exception:
            with self._lock:
                self._waiting = {**waiting, **self._waiting}
            raise


def _is_in(one: Desired, account: str) -> bool:
    """Of the account that the event names, where it names one: equal names are common among accounts."""
    return not account or account.lower() in one.shard.lower().split(":") or account.lower() in one.physical_id.lower()
