"""What differs between two states, resource by resource, attribute by attribute, element by element.

Objects are compared by key, ordered lists by their longest common parts (difflib's SequenceMatcher: Ratcliff and
Metzener, Dr. Dobb's Journal, July 1988), sets by membership. An element that is at both ends, but elsewhere, has
moved; so has a resource that is in another unit, has another physical id, or is declared under another name.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final

from deployforge_chassis import canonical, jsondiff
from deployforge_chassis.jsondiff import ABSENT

#: Of longer lists only the whole is told: finding what moved takes quadratic time at worst.
_LIST_AT_MOST: Final = 1_000

UNIT: Final = "(unit)"
PHYSICAL_ID: Final = "(physical id)"


@dataclass(frozen=True)
class Difference:
    """One path that differs; `change` is added, removed, changed or moved."""

    path: str
    change: str
    before: Any = ABSENT
    after: Any = ABSENT
    from_path: str = ""

    @property
    def before_json(self) -> str:
        """Canonical JSON, empty when absent."""
        return "" if self.before is ABSENT else canonical.dumps(self.before)

    @property
    def after_json(self) -> str:
        """Canonical JSON, empty when absent."""
        return "" if self.after is ABSENT else canonical.dumps(self.after)


@dataclass(frozen=True)
class ResourceDifference:
    """One resource that differs; `from_urn` is set for one that had another name."""

    urn: str
    change: str
    differences: tuple[Difference, ...] = field(default=())
    from_urn: str = ""


def differences(before: Any, after: Any, set_paths: Collection[str] = ()) -> list[Difference]:
    """All paths where two values differ, in order of path."""
    return list(_values("", before, after, frozenset(set_paths)))


def between(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> list[ResourceDifference]:
    """How the resources of one state became those of another; both by urn, in order of urn."""
    was = _renamed(old, new)
    gone = old.keys() - new.keys() - set(was.values())
    found = []
    for urn in sorted(new.keys() | gone):
        before, after = old.get(was.get(urn, urn)), new.get(urn)
        inner = resource_differences(before, after)
        if before is None:
            found.append(ResourceDifference(urn, "added", tuple(inner)))
        elif after is None:
            found.append(ResourceDifference(urn, "removed", tuple(inner)))
        elif inner or urn in was:
            moved = all(d.path in (UNIT, PHYSICAL_ID) for d in inner)
            found.append(ResourceDifference(urn, "moved" if moved else "changed", tuple(inner), was.get(urn, "")))
    return found


def resource_differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """How one resource differs; None where it is not there. Its unit and physical id come first."""
    sets = {path for row in (before, after) if row is not None for path in row["set_paths"]}
    return [
        *_place(UNIT, "unit_id", before, after),
        *_place(PHYSICAL_ID, "physical_id", before, after),
        *differences(_desired(before), _desired(after), sets),
    ]


def _desired(row: Mapping[str, Any] | None) -> Any:
    return {} if row is None else json.loads(row["desired_json"])


def _place(path: str, field_: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    if before is None or after is None:
        # Where something new is, or something gone was, is part of what it is.
        one, other = (row[field_] if row is not None and path == PHYSICAL_ID else ABSENT for row in (before, after))
        return [] if one == other else [Difference(path, "added" if before is None else "removed", one, other)]
    if before[field_] == after[field_]:
        return []
    return [Difference(path, "moved", before[field_], after[field_])]


def _renamed(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """New urn → old urn of the same cloud resource."""
    left = {_identity(old[urn]): urn for urn in sorted(old.keys() - new.keys()) if old[urn]["physical_id"]}
    return {urn: left.pop(at) for urn in sorted(new.keys() - old.keys()) if (at := _identity(new[urn])) in left}


def _identity(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("provider_type", "account", "location", "native_type", "physical_id"))


def _values(path: str, before: Any, after: Any, sets: frozenset[str]) -> Iterator[Difference]:
    for change in jsondiff.changes(before, after, sets):
        at = f"{path}{'.' if path and change.path else ''}{change.path}"
        one, other = change.before, change.after
        if one is ABSENT or other is ABSENT:
            yield Difference(at, "added" if one is ABSENT else "removed", one, other)
        elif not (isinstance(one, list) and isinstance(other, list)):
            yield Difference(at, "changed", one, other)
        elif change.path in sets:
            yield from _members(at, one, other)
        elif max(len(one), len(other)) > _LIST_AT_MOST:
            yield Difference(at, "changed", one, other)
        else:
            yield from _elements(at, one, other)


def _members(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Difference]:
    """Of a set; one that is there twice counts twice."""
    one, other = (Counter(map(canonical.dumps, values)) for values in (before, after))
    for text in sorted(one.keys() | other.keys()):
        value = json.loads(text)
        for _ in range(one[text] - other[text]):
            yield Difference(f"{path}{{{text}}}", "removed", before=value)
        for _ in range(other[text] - one[text]):
            yield Difference(f"{path}{{{text}}}", "added", after=value)


def _elements(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Difference]:
    """Of an ordered list."""
    one, other = (list(map(canonical.dumps, values)) for values in (before, after))
    edits = [o for o in SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if o[0] != "equal"]
    went: dict[str, list[int]] = defaultdict(list)
    for _, i1, i2, _, _ in edits:
        for i in range(i1, i2):
            went[one[i]].append(i)
    came_from: dict[int, int] = {}
    for _, _, _, j1, j2 in edits:
        for j in range(j1, j2):
            if went[other[j]]:
                came_from[j] = went[other[j]].pop(0)
    left = set(came_from.values())
    for _, i1, i2, j1, j2 in edits:
        yield from (
            Difference(f"{path}[{j}]", "moved", before[came_from[j]], after[j], f"{path}[{came_from[j]}]")
            for j in range(j1, j2)
            if j in came_from
        )
        gone, come = [i for i in range(i1, i2) if i not in left], [j for j in range(j1, j2) if j not in came_from]
        for i, j in zip(gone, come, strict=False):
            yield from _values(f"{path}[{j}]", before[i], after[j], frozenset())
        paired = min(len(gone), len(come))
        yield from (Difference(f"{path}[{i}]", "removed", before=before[i]) for i in gone[paired:])
        yield from (Difference(f"{path}[{j}]", "added", after=after[j]) for j in come[paired:])
