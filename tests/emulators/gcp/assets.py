"""Cloud Asset Inventory: what there is, in pages, as it was some seconds ago."""

from typing import Any

from tests.emulators.gcp.kinds import Kind
from tests.emulators.gcp.services import stamp
from tests.emulators.messages import Ask, Reply


def listed(ask: Ask, project: str, rows: list[tuple[str, Kind, dict[str, Any]]]) -> Reply:
    """`assets.list` with contentType RESOURCE."""
    found = [
        {
            "name": full, "assetType": kind.asset, "ancestors": [f"projects/{project}"], "updateTime": stamp(),
            "resource": {"version": "v1", "discoveryName": kind.asset.partition("/")[2], "data": body, "location": _location(full, body)},
        }
        for full, kind, body in rows
    ]  # fmt: skip
    return _page(ask, "assets", found, {"readTime": stamp()})


def searched(ask: Ask, project: str, rows: list[tuple[str, Kind, dict[str, Any]]]) -> Reply:
    """`searchAllResources`: names, and what they are found by."""
    found = [
        {
            "name": full, "assetType": kind.asset, "project": f"projects/{project}", "displayName": full.rpartition("/")[2],
            "location": _location(full, body), "labels": body.get("labels", {}),
        }
        for full, kind, body in rows
    ]  # fmt: skip
    return _page(ask, "results", found, {})


def _page(ask: Ask, key: str, found: list[dict[str, Any]], more: dict[str, Any]) -> Reply:
    size, start = min(int(ask.query.get("pagesize", 100)), 1000), int(ask.query.get("pagetoken") or 0)
    answer: dict[str, Any] = dict(more)
    if page := found[start : start + size]:
        answer[key] = page
    if start + size < len(found):
        answer["nextPageToken"] = str(start + size)
    return Reply(200, answer)


def _location(full: str, body: dict[str, Any]) -> str:
    parts = full.split("/")
    for word in ("locations", "regions"):
        if word in parts:
            return parts[parts.index(word) + 1]
    return str(body.get("location") or body.get("locationId") or "global").lower()
