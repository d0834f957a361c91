"""Streams the timeline: what was there, then what happens, to as many watchers as there are threads for."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from deployforge_control_plane.application.ports import Requests, Timeline
from deployforge_control_plane.application.views import Entry, Scope

_POLL_SECONDS: Final = 0.1
"""Longest time until what another replica wrote is seen."""
_PAGE: Final = 500
NOW: Final = -1


class Watching:
    """One for the process. All watchers share one look per poll at how far the timeline has come."""

    def __init__(self, timeline: Timeline, requests: Requests) -> None:
        self._timeline, self._requests = timeline, requests
        self._changed = threading.Condition()
        self._newest, self._looked_at = 0, float("-inf")

    def wake(self) -> None:
        """Something was saved by this process."""
        with self._changed:
            self._looked_at = float("-inf")
            self._changed.notify_all()

    def watch(self, scope: Scope, after: int, until_done: bool, alive: Callable[[], bool]) -> Iterator[Entry]:
        """Entries of `scope` in order, from `after` on (NOW: from now), while `alive`.

        With `until_done` it ends after the terminal state of the scope's request, once all of it has been told.
        """
        position = self._timeline.newest() if after == NOW else max(after, 0)
        told_at = -1
        while alive():
            newest = self._horizon()
            # Known to be over before the page is read: then nothing of it can be missing from the page.
            over = until_done and newest != told_at and self._done(scope)
            if newest > position or over:
                page = self._timeline.after(position, scope, _PAGE)
                yield from page
                position = page[-1].position if page else max(position, newest)
                if len(page) == _PAGE:
                    continue
            if over:
                return
            told_at = newest
            with self._changed:
                if self._newest <= position:
                    self._changed.wait(_POLL_SECONDS)

    def _done(self, scope: Scope) -> bool:
        found = self._requests.find(UUID(scope.request_id)) if scope.request_id else None
        return found is not None and found.state.done

    def _horizon(self) -> int:
        """How far the timeline has come, at most one poll ago."""
        with self._changed:
            if time.monotonic() - self._looked_at >= _POLL_SECONDS:
                self._newest = max(self._newest, self._timeline.newest())
                self._looked_at = time.monotonic()
            return self._newest
