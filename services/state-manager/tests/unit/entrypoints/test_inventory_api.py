"""The inventory's API: filters in words, counts, the past."""

from datetime import UTC, datetime
from typing import Any

import pytest
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge_chassis.identity import CONTROL_PLANE
from deployforge_chassis.principal import Principal
from deployforge_state_manager.adapters.past import PostgresPastInventoryReader
from deployforge_state_manager.application.ports import BadCursor, BadFilter
from deployforge_state_manager.entrypoints import inventory_api
from deployforge_state_manager.entrypoints.inventory_api import RULES, InventoryApi

from ...conftest import Memory, urn

CONTEXT: Any = None
WEBSHOP = common_pb2.DeploymentRef(namespace="storefront", name="webshop")


@pytest.fixture
def api(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> InventoryApi:
    monkeypatch.setattr(inventory_api, "principal", lambda context: None)
    memory.executed({name: {} for name in ("jobs", "net")}, effective_at=datetime(2026, 1, 1, tzinfo=UTC))
    memory.executed({"mail": {"type": "Topic", "desired_json": '{"tags":{"env":"x","Owner":"me"}}'}})
    memory.hear("drift-detector.drift", "DriftDetected", urn=urn("net"), kind="MISSING")
    return InventoryApi(memory.inventory, PostgresPastInventoryReader(memory.app.database))


def _urns(api: InventoryApi, **filters: Any) -> list[str]:
    found = api.List(pb.InventoryListRequest(deployment=WEBSHOP, **filters), CONTEXT)
    return [item.urn.rsplit(":", 1)[-1] for item in found.items]


def test_pages(api: InventoryApi) -> None:
    request = pb.InventoryListRequest(deployment=WEBSHOP, page=common_pb2.PageRequest(size=2))
    first = api.List(request, CONTEXT)
    request.page.cursor = first.next_cursor
    second = api.List(request, CONTEXT)
    assert [i.urn for i in (*first.items, *second.items)] == [urn(name) for name in ("jobs", "mail", "net")]
    assert [i.state for i in (*first.items, *second.items)] == ["managed", "managed", "missing"]
    assert (first.items[1].owner, dict(first.items[1].tags)) == ("me", {"env": "x", "Owner": "me"})
    assert not second.next_cursor
    with pytest.raises(BadCursor, match="other filters"):
        api.List(pb.InventoryListRequest(page=common_pb2.PageRequest(cursor=first.next_cursor)), CONTEXT)


def test_filters_in_words(api: InventoryApi) -> None:
    assert _urns(api, drift="missing") == _urns(api, state="missing") == ["net"]
    assert _urns(api, drift="unknown") == _urns(api, state="managed") == ["jobs", "mail"]
    assert _urns(api, tag="env=x") == _urns(api, tag="env") == _urns(api, type="Topic") == ["mail"]
    assert _urns(api, tag="env=y") == _urns(api, criticality="high") == []
    assert _urns(api, sort="type") == ["jobs", "net", "mail"]
    assert _urns(api, sort="changed") == ["mail", "net", "jobs"]
    for wrong in ({"drift": "odd"}, {"state": "odd"}, {"sort": "odd"}):
        with pytest.raises(BadFilter):
            _urns(api, **wrong)


def test_counts(api: InventoryApi) -> None:
    counted = api.Count(pb.InventoryCountRequest(), CONTEXT)
    assert (counted.total, counted.exact) == (3, True)
    facets = {f.name: {v.value: v.count for v in f.values} for f in counted.facets}
    assert facets["type"] == {"Queue": 2, "Topic": 1}
    assert facets["drift"] == {"unknown": 2, "missing": 1}
    assert facets["state"] == {"managed": 2, "missing": 1}
    assert api.Count(pb.InventoryCountRequest(type="Topic"), CONTEXT).total == 1


def test_nobody_sees_beyond_their_namespaces(api: InventoryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory_api, "principal", lambda context: Principal("eve", ("viewer",), ("elsewhere",)))
    assert not _urns(api)
    assert api.Count(pb.InventoryCountRequest(), CONTEXT).total == 0
    past = pb.InventoryListRequest()
    past.as_of.FromDatetime(datetime(2100, 1, 1, tzinfo=UTC))
    assert not api.List(past, CONTEXT).items


def test_the_past(api: InventoryApi) -> None:
    request = pb.InventoryListRequest(deployment=WEBSHOP)
    request.as_of.FromDatetime(datetime(2026, 1, 2, tzinfo=UTC))
    assert [(i.urn, i.drift, i.state) for i in api.List(request, CONTEXT).items] == [
        (urn("jobs"), "", "managed"), (urn("net"), "", "managed"),
    ]  # fmt: skip
    for wrong in ({"state": "unmanaged"}, {"sort": "type"}):
        with pytest.raises(BadFilter):
            api.List(pb.InventoryListRequest(as_of=request.as_of, **wrong), CONTEXT)


def test_who_may_call_what() -> None:
    assert set(RULES.values()) == {frozenset({CONTROL_PLANE})}
