"""`Microsoft.ResourceGraph/resources`: a few words of its query language, in pages.

    Resources | where resourceGroup =~ 'g' and type in~ ('a', 'b') and tags['k'] == 'v' | project id, properties | order by id asc

Whatever else the language has is refused by name. Rows lag behind, as Azure's do (`--graph-lag`).
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.emulators.arm.replies import Refused
from tests.emulators.messages import Reply
from tests.emulators.store import Store

PAGE: Final = 1000
_TEST: Final = re.compile(
    r"(?P<field>[A-Za-z]+(?:\[['\"][^'\"]+['\"]\])?)\s*(?P<operator>==|=~|in~|in)\s*(?P<value>'[^']*'|\([^)]*\))",
    re.IGNORECASE,
)
_FIELDS: Final = (
    "id",
    "name",
    "type",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "tags",
    "properties",
    "sku",
    "identity",
    "zones",
    "tenantId",
)

Row = Mapping[str, Any]


def query(store: Store, body: Any, visible: Callable[[str], bool]) -> Reply:
    """One page of rows that the caller may see."""
    options = (body or {}).get("options") or {}
    tests, fields = _parsed(str((body or {}).get("query") or ""))
    wanted = {s.lower() for s in (body or {}).get("subscriptions") or ()}
    rows = [
        row
        for _, kept in store.below("graph")
        if (row := _row(kept)) and (not wanted or row["subscriptionId"].lower() in wanted)
        and all(test(row) for test in tests) and visible(row["id"])
    ]  # fmt: skip
    size = min(int(options.get("$top", PAGE)), PAGE)
    start = int(base64.b64decode(options["$skipToken"])) if options.get("$skipToken") else int(options.get("$skip", 0))
    page = rows[start : start + size]
    answer: dict[str, Any] = {
        "totalRecords": len(rows), "count": len(page), "resultTruncated": "false", "facets": [],
        "data": [{name: row.get(name) for name in fields} for row in page],
    }  # fmt: skip
    if start + size < len(rows):
        answer["$skipToken"] = base64.b64encode(str(start + size).encode()).decode()
    return Reply(200, answer, {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"})


def _row(kept: dict[str, Any]) -> dict[str, Any]:
    parts = kept["id"].split("/")
    return {
        **kept,
        "subscriptionId": parts[2],
        "resourceGroup": parts[4].lower() if len(parts) > 4 else "",
        "type": kept["type"].lower(),
    }


def _parsed(text: str) -> tuple[list[Callable[[Row], bool]], tuple[str, ...]]:
    table, *steps = [step.strip() for step in text.split("|")]
    if table.lower() != "resources":
        raise _unknown(table or "an empty query")
    tests: list[Callable[[Row], bool]] = []
    fields: tuple[str, ...] = _FIELDS
    for step in steps:
        word, _, rest = step.partition(" ")
        if word.lower() == "where":
            tests += [_test(part.strip()) for part in re.split(r"\s+and\s+", rest, flags=re.IGNORECASE)]
        elif word.lower() == "project":
            fields = tuple(name.strip() for name in rest.split(","))
            if extra := [f for f in fields if f not in _FIELDS]:
                raise _unknown(extra[0])
        elif not re.fullmatch(r"order by id( asc)?", step, re.IGNORECASE):
            raise _unknown(step)
    return tests, fields


def _test(part: str) -> Callable[[Row], bool]:
    found = _TEST.fullmatch(part)
    if found is None:
        raise _unknown(part)
    field, _, inside = found["field"].partition("[")
    key = inside.strip("]'\"")
    if field not in _FIELDS:
        raise _unknown(field)
    loose = found["operator"].endswith("~")
    values = {v.lower() if loose else v for v in re.findall(r"'([^']*)'", found["value"])}

    def test(row: Row) -> bool:
        value = (row.get(field) or {}).get(key) if key else row.get(field)
        return value is not None and (str(value).lower() if loose else str(value)) in values

    return test


def _unknown(what: str) -> Refused:
    return Refused(
        400, "BadRequest", f"Please provide below info when asking for support. The emulator does not model: {what}"
    )
