"""What moved in the clouds between the drafting of a plan and its execution, and whether the plan covers it.

A plan covers whatever it would set right anyway: paths that it changes, resources that it deletes or makes again.
Anything else was not in front of the people who approved it, so the plan is stale.
"""

import json
from collections.abc import Mapping
from typing import Any

from deployforge_chassis import jsondiff

from deployforge_orchestrator.domain.changes import CORRECT, REPLACE, UPDATE, Change
from deployforge_orchestrator.domain.plan import Kept, Plan
from deployforge_orchestrator.domain.planning import MISSING, PRESENT, Filled, Live, Unfilled, enforced
from deployforge_orchestrator.domain.references import Lookup, is_unresolved, settled

_DEPENDS_ON_LIVE = (UPDATE, REPLACE, CORRECT)


def to_read_again(plan: Plan) -> list[Kept]:
    """Resources whose planned change rests on what was seen of them."""
    touched = {change.urn for change in plan.changes if change.action in _DEPENDS_ON_LIVE}
    return [kept for kept in plan.kept if kept.urn in touched and kept.physical_id]


def to_fill(plan: Plan, live: Mapping[str, Live]) -> list[tuple[str, Unfilled]]:
    """Provider type and declaration of what has to be compared with what is there now; `live` by urn."""
    types = {unit.place.unit_id: unit.place.scope.type for unit in plan.units}
    return [
        (types[kept.unit_id], Unfilled(kept.urn, kept.type, json.loads(kept.desired_json), live[kept.urn].properties))
        for kept in plan.kept
        if kept.urn in live and live[kept.urn].presence == PRESENT
    ]


def moved(plan: Plan, live: Mapping[str, Live], lookup: Lookup, filled: Filled) -> str:
    """The first thing that the plan does not cover, in words; empty when it covers everything. `live` and `filled` by
    urn."""
    changes = {change.urn: change for change in plan.changes}
    for kept in to_read_again(plan):
        seen = live.get(kept.urn)
        if seen is None:
            continue
        if seen.presence == MISSING:
            return f"{kept.name} has vanished since"
        if seen.presence == PRESENT and (
            path := _uncovered(changes[kept.urn], kept, seen, settled_of(kept, lookup, filled))
        ):
            return f"{path} of {kept.name} was changed since"
    return ""


def settled_of(kept: Kept, lookup: Lookup, filled: Filled) -> dict[str, Any]:
    """What a resource shall be, by all that is known."""
    return settled(json.loads(kept.desired_json), lookup, filled.get(kept.urn, {}))


def _uncovered(change: Change, kept: Kept, seen: Live, desired: dict[str, Any]) -> str:
    planned = {attribute.path for attribute in change.attributes}
    for found in jsondiff.changes(enforced(desired, seen.properties, kept.set_paths), desired, kept.set_paths):
        known = found.after is jsondiff.ABSENT or not is_unresolved(found.after)
        if known and not any(_related(found.path, path) for path in planned):
            return found.path
    return ""


def _related(one: str, other: str) -> bool:
    """Whether one path is the other, or lies within it."""
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))
