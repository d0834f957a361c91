"""What is remembered: states, histories, the inventory."""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2

from deployforge_client.errors import Unreachable
from deployforge_client.naming import Ref, point, reference
from deployforge_client.stubs import FILE_SECONDS, RECONNECT_PAUSE_SECONDS, RECONNECT_SECONDS, Stubs


class States(Stubs):
    """See DeployForge."""

    def state(
        self, deployment: str, version: int = 0, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> state_pb2.GetResponse:
        """The state of a deployment at a version (0: the newest), or as of a time, by what was known at a time."""
        at = point(version, as_of, known_at)
        request = state_pb2.GetRequest(deployment=reference(deployment), version=version)
        if at.HasField("as_of"):
            request.as_of.CopyFrom(at.as_of)
        if at.HasField("known_at"):
            request.known_at.CopyFrom(at.known_at)
        return self._call.unary(self._state.Get, request)

    def history(self, deployment: str, *, size: int = 100, cursor: str = "") -> state_pb2.HistoryResponse:
        """Versions, newest first, and where a rollback would go."""
        return self._call.unary(
            self._state.History,
            state_pb2.HistoryRequest(
                deployment=reference(deployment), page=common_pb2.PageRequest(size=size, cursor=cursor)
            ),
        )

    def resource_history(
        self, deployment: str, resource: str, *, size: int = 100, cursor: str = ""
    ) -> state_pb2.ResourceHistoryResponse:
        """What happened to one resource, newest first."""
        return self._call.unary(
            self._state.ResourceHistory,
            state_pb2.ResourceHistoryRequest(
                deployment=reference(deployment), resource=resource, page=common_pb2.PageRequest(size=size, cursor=cursor)
            ),
        )

    def diff(
        self, deployment: str, before: int | state_pb2.Point, after: int | state_pb2.Point = 0
    ) -> state_pb2.DiffResponse:
        """What changed from one point to another; a number is a version (0: the newest), see also `point`."""
        request = state_pb2.DiffRequest(deployment=reference(deployment))
        getattr(request, "from").CopyFrom(point(before) if isinstance(before, int) else before)
        request.to.CopyFrom(point(after) if isinstance(after, int) else after)
        return self._call.unary(self._state.Diff, request)

    def graph(self, deployment: str) -> state_pb2.GraphResponse:
        """The dependency graph of the newest version."""
        return self._call.unary(self._state.Graph, state_pb2.GraphRequest(deployment=reference(deployment)))

    def inventory(
        self,
        deployment: Ref | None = None,
        *,
        size: int = 100,
        cursor: str = "",
        sort: str = "",
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        **filters: str,
    ) -> state_pb2.InventoryListResponse:
        """Resources of all deployments that the caller may read, and what is nobody's, sorted by urn (default), changed
        or type. Filters: type, provider, location, drift, criticality, state, tag.

        Goes on until the page is full or there is no more: single answers may be shorter.
        """
        request = state_pb2.InventoryListRequest(deployment=deployment, sort=sort)
        for name, value in filters.items():
            setattr(request, name, value)
        at = point(0, as_of, known_at)
        for name in ("as_of", "known_at"):
            if at.HasField(name):
                getattr(request, name).CopyFrom(getattr(at, name))
        found = state_pb2.InventoryListResponse(next_cursor=cursor)
        while True:
            request.page.CopyFrom(common_pb2.PageRequest(size=size - len(found.items), cursor=found.next_cursor))
            answer = self._call.unary(self._inventory.List, request)
            found.items.extend(answer.items)
            found.next_cursor = answer.next_cursor
            if not found.next_cursor or len(found.items) >= size:
                return found

    def inventory_counts(self, deployment: Ref | None = None, **filters: str) -> state_pb2.InventoryCountResponse:
        """How many resources there are of each value of each facet; filters as for `inventory`."""
        return self._call.unary(self._inventory.Count, state_pb2.InventoryCountRequest(deployment=deployment, **filters))

    def watch_state(
        self, *, deployment: str = "", namespace: str = "", cursor: str = "", from_start: bool = False
    ) -> Iterator[state_pb2.WatchResponse]:
        """New versions, passed reports and drift, as they become known: each once, in order, from `cursor` on.

        A control plane that goes away is asked again for `RECONNECT_SECONDS`, from the last cursor.
        """
        where = reference(deployment) if deployment else Ref(namespace=namespace)
        gone_since: float | None = None
        while True:
            request = state_pb2.WatchRequest(deployment=where, cursor=cursor, from_start=from_start and not cursor)
            try:
                for told in self._call.stream(self._state.Watch, request):
                    gone_since, cursor = None, told.cursor
                    yield told
                return
            except Unreachable:
                gone_since = gone_since or time.monotonic()
                if time.monotonic() - gone_since > RECONNECT_SECONDS:
                    raise
                time.sleep(RECONNECT_PAUSE_SECONDS)

    def export_state(self, deployment: str) -> Iterator[bytes]:
        """The file with the whole history of a deployment, in parts."""
        request = state_pb2.ExportRequest(deployment=reference(deployment))
        for part in self._call.stream(self._state.Export, request, FILE_SECONDS):
            yield part.data

    def import_state(self, parts: Iterable[bytes], signer: str = "") -> state_pb2.ImportResponse:
        """Take over a history, all of it or nothing; `signer` is the fingerprint of who must have signed it."""
        first = iter((state_pb2.ImportRequest(signer=signer),))
        requests = chain(first, (state_pb2.ImportRequest(data=part) for part in parts))
        return self._call.unary(self._state.Import, requests, FILE_SECONDS)

    def rebuild_state(self) -> str:
        """Ask for the state manager's read models to be derived again from its log; the id of the rebuild."""
        return self._call.unary(self._state.Rebuild, state_pb2.RebuildRequest()).rebuild_id

    def rebuild_status(self) -> state_pb2.RebuildStatusResponse:
        """How far the newest rebuild is."""
        return self._call.unary(self._state.RebuildStatus, state_pb2.RebuildStatusRequest())
