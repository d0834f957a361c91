"""What a deployment would do: Create, Modify with the properties that change, NoChange, Ignore."""

from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.arm.expressions import invalid
from tests.emulators.arm.kinds import Kind
from tests.emulators.arm.replies import Refused
from tests.emulators.arm.resources import Resources, kind_of
from tests.emulators.arm.templates import Planned, Template

_SHOWN: Final = ("id", "name", "type", "location", "tags", "sku", "kind", "identity", "properties")


def changes(template: Template, resources: Resources, group: str) -> list[dict[str, Any]]:
    """One change per resource of the template, then those of the group that it does not name."""
    planned = template.planned()
    found = [_change(template, one, resources) for one in planned]
    named = {p.id.key for p in planned}
    for body in resources.below(f"{group}/providers/"):
        if body["id"].lower() not in named and "location" in body:
            found.append({"resourceId": body["id"], "changeType": "Ignore", "before": _view(body), "after": _view(body)})
    return found


def _change(template: Template, one: Planned, resources: Resources) -> dict[str, Any]:
    before = resources.find(str(one.id))
    change: dict[str, Any] = {"resourceId": str(one.id), "changeType": "Create"}
    try:
        body = template.body(one)
    except Refused as unknown:
        if unknown.code != "ResourceNotFound":
            raise invalid(unknown.message) from unknown
        # It says what another resource will say of itself.
        return {**change, "changeType": "Unsupported", "unsupportedReason": unknown.message}
    after = {"id": str(one.id), "name": one.id.name, "type": one.id.type, "apiVersion": one.version, **body}
    if before is None:
        return {**change, "after": after}
    wanted = {"tags": body.get("tags") or {}, "sku": body.get("sku"), "properties": body.get("properties") or {}}
    wanted = {name: value for name, value in wanted.items() if value}
    delta = _delta(wanted, before, "", kind_of(one.id))
    return {
        **change, "changeType": "Modify" if delta else "NoChange", "before": _view(before), "after": after,
        **({"delta": delta} if delta else {}),
    }  # fmt: skip


def _view(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _SHOWN if name in body}


def _delta(wanted: Mapping[str, Any], live: Mapping[str, Any], path: str, kind: Kind) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, value in wanted.items():
        here = f"{path}.{name}" if path else name
        there = live.get(name)
        if name in kind.hidden:
            continue
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            found += _delta(value, there, here, kind)
        elif there is None:
            found.append({"path": here, "propertyChangeType": "Create", "after": value})
        elif not _same(value, there):
            found.append({"path": here, "propertyChangeType": "Array" if isinstance(value, list) else "Modify", "before": there, "after": value,
                          **({"children": []} if isinstance(value, list) else {})})  # fmt: skip
    return found


def _same(wanted: Any, live: Any) -> bool:
    """Azure adds to what it keeps; only what was wanted counts."""
    if isinstance(wanted, list) and isinstance(live, list):
        return len(wanted) == len(live) and all(_same(w, o) for w, o in zip(wanted, live, strict=True))
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return all(_same(value, live.get(name)) for name, value in wanted.items())
    return bool(wanted == live)
