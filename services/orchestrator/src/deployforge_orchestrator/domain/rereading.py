"""What moved in the clouds between the drafting of a plan and its execution, and whether the plan covers it.

A plan covers whatever it would set right anyway: paths that it changes, resources that it deletes or makes again.
Anything else was not in front of the people who approved it, so the plan is stale.
"""

import json

from deployforge_chassis import jsondiff

from deployforge_orchestrator.domain.changes import CORRECT, REPLACE, UPDATE, Change
from deployforge_orchestrator.domain.plan import Kept, Plan
from deployforge_orchestrator.domain.planning import MISSING, PRESENT, Live, enforced
from deployforge_orchestrator.domain.references import Lookup, as_held, is_unresolved, literal, resolve

_DEPENDS_ON_LIVE = (UPDATE, REPLACE, CORRECT)


def to_read_again(plan: Plan) -> list[Kept]:
    """Resources whose planned change rests on what was seen of them."""
    touched = {change.urn for change in plan.changes if change.action in _DEPENDS_ON_LIVE}
    return [kept for kept in plan.kept if kept.urn in touched and kept.physical_id]


def moved(plan: Plan, live: dict[str, Live], lookup: Lookup) -> str:
    """The first thing that the plan does not cover, in words; empty when it covers everything. `live` by urn."""
    changes = {change.urn: change for change in plan.changes}
    for kept in to_read_again(plan):
        seen = live.get(kept.urn)
        if seen is None:
            continue
        if seen.presence == MISSING:
            return f"{kept.name} has vanished since"
        if seen.presence == PRESENT and (path := _uncovered(changes[kept.urn], kept, seen, lookup)):
            return f"{path} of {kept.name} was changed since"
    return ""


def _uncovered(change: Change, kept: Kept, seen: Live, lookup: Lookup) -> str:
    desired = as_held(literal(resolve(json.loads(kept.desired_json), lookup)), seen.properties)
    planned = {attribute.path for attribute in change.attributes}
    for found in jsondiff.changes(enforced(desired, seen.properties), desired, kept.set_paths):
        known = found.after is jsondiff.ABSENT or not is_unresolved(found.after)
        if known and not any(_related(found.path, path) for path in planned):
            return found.path
    return ""


def _related(one: str, other: str) -> bool:
    """Whether one path is the other, or lies within it."""
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))
