"""What happens to each resource, attribute by attribute, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployforge_chassis import jsondiff

from deployforge_orchestrator.domain.planning import MISSING, PRESENT, Compiled, Deployed, Live, enforced
from deployforge_orchestrator.domain.references import Lookup, is_unresolved, settled

NONE, CREATE, UPDATE, REPLACE, DELETE, ADOPT, CORRECT, RECREATE = (
    "none", "create", "update", "replace", "delete", "adopt", "correct", "recreate",
)  # fmt: skip


@dataclass(frozen=True)
class Attribute:
    """One attribute, before and after; canonical JSON, empty when absent."""

    path: str
    before_json: str
    after_json: str
    unknown: bool = False
    requires_replacement: bool = False


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    urn: str
    name: str
    type: str
    native_type: str
    action: str
    unit_id: str
    attributes: tuple[Attribute, ...] = ()
    replacement_reason: str = ""
    physical_id: str = ""
    depends_on: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    """Paths that differ only because somebody changed the live resource: the template would not touch them."""


def change_of(
    compiled: Compiled, unit_id: str, depends_on: tuple[str, ...], deployed: Deployed | None, live: Live | None,
    lookup: Lookup, import_id: str, filled: Mapping[str, Any],
) -> Change:  # fmt: skip
    """Compare what is wanted with what is deployed and with what is really there. `filled` is what is wanted once all
    references are known."""
    desired = settled(compiled.desired, lookup, filled)
    made = Change(
        compiled.urn, compiled.name, compiled.type, compiled.native_type, NONE, unit_id, depends_on=depends_on,
        physical_id=deployed.physical_id if deployed else import_id,
    )  # fmt: skip
    if deployed is None:
        action = ADOPT if import_id else CREATE
        return _with(made, action, _attributes({}, desired, compiled))
    if live is not None and live.presence == MISSING:
        return _with(made, RECREATE, _attributes({}, desired, compiled))
    both = _union(deployed.desired, desired)
    actual = enforced(both, live.properties, compiled.set_paths) if live and live.presence == PRESENT else None
    before = dict(deployed.desired) if actual is None else actual
    attributes = _attributes(before, desired, compiled)
    if not attributes:
        return made
    template = {a.path for a in _attributes(dict(deployed.desired), desired, compiled)}
    drifted = tuple(a.path for a in attributes if a.path not in template)
    if forcing := [a for a in attributes if a.requires_replacement and a.path in template]:
        return _with(made, REPLACE, attributes, _reason(compiled, forcing), drifted)
    return _with(made, UPDATE, attributes, "", drifted)


def told_to_replace(change: Change) -> Change:
    """An update that the cloud says it cannot make in place; any other change as it is."""
    if change.action != UPDATE:
        return change
    return _with(change, REPLACE, change.attributes, f"{change.native_type} cannot be changed so in place", change.drifted)


def delete_of(deployed: Deployed) -> Change:
    """The resource is no longer declared."""
    return Change(
        deployed.urn, deployed.name, deployed.type, deployed.native_type, DELETE, deployed.unit_id,
        tuple(Attribute(c.path, c.before_json, "") for c in jsondiff.changes(dict(deployed.desired), {})),
        physical_id=deployed.physical_id,
    )  # fmt: skip


def heal_of(deployed: Deployed, desired: Mapping[str, Any], live: Live, recreate: bool) -> Change:
    """Put a live resource back, or make it again."""
    made = Change(
        deployed.urn, deployed.name, deployed.type, deployed.native_type, NONE, deployed.unit_id,
        physical_id=deployed.physical_id, depends_on=deployed.depends_on,
    )  # fmt: skip
    actual = enforced(desired, live.properties, deployed.set_paths) if live.presence == PRESENT else {}
    differing = jsondiff.changes(actual, dict(desired), deployed.set_paths)
    attributes = tuple(Attribute(c.path, c.before_json, c.after_json) for c in differing)
    if live.presence == MISSING or recreate:
        return _with(made, RECREATE, attributes)
    if not attributes:
        return made
    return _with(made, CORRECT, attributes, "", tuple(a.path for a in attributes))


def _attributes(before: Any, desired: Any, compiled: Compiled) -> tuple[Attribute, ...]:
    found = []
    for change in jsondiff.changes(before, desired, compiled.set_paths):
        unknown = change.after is not jsondiff.ABSENT and is_unresolved(change.after)
        forces = bool(before) and any(
            change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in compiled.create_only_paths
        )
        found.append(Attribute(change.path, change.before_json, "" if unknown else change.after_json, unknown, forces))
    return tuple(found)


def _union(one: Any, other: Any) -> Any:
    """All paths of two objects; of lists the first, so that what is no longer declared of an item is seen to go."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: _union(one.get(key), value) for key, value in other.items()}}
    if isinstance(one, list) and isinstance(other, list):
        return one
    return other


def _reason(compiled: Compiled, forcing: list[Attribute]) -> str:
    listed = ", ".join(a.path for a in forcing)
    verb = "can" if len(forcing) == 1 else "can each"
    return f"{listed} of {compiled.native_type} {verb} only be set at creation"


def _with(
    change: Change, action: str, attributes: tuple[Attribute, ...], reason: str = "", drifted: tuple[str, ...] = ()
) -> Change:
    return Change(
        change.urn, change.name, change.type, change.native_type, action, change.unit_id, attributes, reason,
        change.physical_id, change.depends_on, drifted,
    )  # fmt: skip
