"""`Inventory`: what is asked over all deployments."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import grpc
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_chassis.grpc_server import principal
from deployforge_chassis.identity import CONTROL_PLANE

from deployforge_state_manager.application.ports import BadFilter, Filters, InventoryReader, PastInventoryReader
from deployforge_state_manager.entrypoints import messages

_INVENTORY: Final = "/deployforge.state_manager.v1.Inventory/"

RULES: Final[Mapping[str, frozenset[str]]] = {
    _INVENTORY + method: frozenset({CONTROL_PLANE}) for method in ("List", "Count")
}
STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {BadFilter: grpc.StatusCode.INVALID_ARGUMENT}

#: How the API says what the inventory has.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "drift": {"in-sync": "in-sync", "drifted": "drifted", "missing": "missing", "unknown": ""},
    "state": {"managed": "managed", "missing": "missing", "unmanaged": "unmanaged"},
}


class InventoryApi(state_pb2_grpc.InventoryServicer):
    """Now, and at any time."""

    def __init__(self, reader: InventoryReader, past: PastInventoryReader) -> None:
        self._reader, self._past = reader, past

    def List(self, request: pb.InventoryListRequest, context: grpc.ServicerContext) -> pb.InventoryListResponse:
        filters, at, page = _filters(request), messages.point(request, 0), request.page
        if at.timed:
            if filters.state == "unmanaged" or request.sort not in ("", "urn"):
                raise BadFilter("the past has what was managed, sorted by urn: leave the state and the sorting out")
            rows, cursor = self._past.page(at, filters, _reach(context), page.size, page.cursor)
        else:
            rows, cursor = self._reader.page(filters, _reach(context), page.size, page.cursor, request.sort)
        return pb.InventoryListResponse(items=[messages.item(row) for row in rows], next_cursor=cursor)

    def Count(self, request: pb.InventoryCountRequest, context: grpc.ServicerContext) -> pb.InventoryCountResponse:
        counts = self._reader.count(_filters(request), _reach(context))
        return pb.InventoryCountResponse(
            total=counts.total,
            exact=counts.exact,
            facets=[
                pb.Facet(
                    name=name,
                    values=[
                        pb.FacetValue(value=value or ("unknown" if name == "drift" else ""), count=n)
                        for value, n in values.items()
                    ],
                )
                for name, values in counts.facets.items()
            ],
        )


def _reach(context: grpc.ServicerContext) -> Sequence[str] | None:
    """The namespaces that the caller may see; None means all."""
    who = principal(context)
    return None if who is None or "*" in who.namespaces else who.namespaces


def _filters(request: Any) -> Filters:
    return Filters(
        namespace=request.deployment.namespace, name=request.deployment.name, type=request.type or None,
        provider=request.provider or None, location=request.location or None, drift=_word("drift", request.drift),
        criticality=request.criticality or None, state=_word("state", request.state), tag=request.tag,
    )  # fmt: skip


def _word(filter: str, said: str) -> str | None:
    if not said:
        return None
    if said not in _WORDS[filter]:
        raise BadFilter(f"{filter} is one of {', '.join(_WORDS[filter])}, not {said!r}")
    return _WORDS[filter][said]
