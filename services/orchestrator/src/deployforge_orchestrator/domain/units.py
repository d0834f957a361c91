"""Units: resources grouped into the fewest native deployments that still form a DAG.

stage(r) = max over dependencies d of stage(d) + (0 if d is in the same scope, else 1); a unit is (scope, stage, part).
Membership is sticky: a resource that is deployed stays in its unit.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import rustworkx

from deployforge_orchestrator.domain.manifest import Scope, Spec
from deployforge_orchestrator.domain.refusals import NoPlan, Problem

#: CloudFormation's limit of resources in a stack; other engines allow more.
UNIT_LIMIT = 500
_NAME_LIMIT = 128


@dataclass(frozen=True)
class Room:
    """How much a unit may hold, by provider, where the cloud layer found no room for more."""

    types: Mapping[str, int] = field(default_factory=dict)
    resources: Mapping[str, int] = field(default_factory=dict)


NO_BOUNDS: Final = Room()


@dataclass(frozen=True)
class Unit:
    """One native deployment."""

    unit_id: str
    name: str
    scope: Scope
    stage: int
    part: int
    resources: tuple[str, ...]
    depends_on: tuple[str, ...]


def order(specs: Sequence[Spec]) -> list[str]:
    """Names so that each comes after what it depends on. Raises NoPlan with the cycle printed."""
    graph = _graph([s.name for s in specs], {s.name: s.depends_on for s in specs})
    if cycle := _cycle(graph):
        raise NoPlan(Problem(f"resources.{cycle[0]}", f"depends on itself: {' → '.join(cycle)}", "remove one edge"))
    return list(rustworkx.lexicographical_topological_sort(graph, key=str))


def units_of(
    specs: Sequence[Spec], prefix: str, sticky: Mapping[str, str], limit: int = UNIT_LIMIT, room: Room = NO_BOUNDS,
) -> tuple[Unit, ...]:  # fmt: skip
    """Group resources into units; `sticky` maps deployed resources to their unit id.

    Raises NoPlan when dependencies between units would close a cycle, naming the move that would mend it.
    """
    by_name = {spec.name: spec for spec in specs}
    names = order(specs)
    stages = _stages(by_name, names, sticky)
    members = _members(by_name, names, stages, sticky, limit, room)
    unit_of = {name: unit_id for unit_id, names in members.items() for name in names}
    needs = {
        unit_id: tuple(sorted({unit_of[d] for n in names for d in by_name[n].depends_on if d in unit_of} - {unit_id}))
        for unit_id, names in members.items()
    }
    _refuse_cycles(needs, by_name, unit_of)
    return tuple(
        Unit(
            unit_id,
            _name(prefix, unit_id),
            by_name[names[0]].scope,
            *_stage_and_part(unit_id),
            tuple(sorted(names)),
            needs[unit_id],
        )
        for unit_id, names in sorted(members.items(), key=lambda item: (_stage_and_part(item[0]), item[0]))
    )


def _stages(by_name: Mapping[str, Spec], names: Sequence[str], sticky: Mapping[str, str]) -> dict[str, int]:
    stages: dict[str, int] = {}
    for name in names:
        if name in sticky:
            stages[name] = _stage_and_part(sticky[name])[0]
            continue
        spec = by_name[name]
        steps = (
            stages[d] + (0 if by_name[d].scope.provider == spec.scope.provider else 1)
            for d in spec.depends_on
            if d in by_name
        )
        stages[name] = max(steps, default=0)
    return stages


def _members(
    by_name: Mapping[str, Spec], names: Sequence[str], stages: Mapping[str, int], sticky: Mapping[str, str], limit: int,
    room: Room,
) -> dict[str, list[str]]:  # fmt: skip
    """`names` in dependency order: a resource never goes into an earlier part than one that it needs, or the parts
    of a split unit would need each other."""
    unit_of = {name: sticky[name] for name in names if name in sticky}
    members: dict[str, list[str]] = {}
    for name, unit_id in sorted(unit_of.items()):
        members.setdefault(unit_id, []).append(name)
    for name in names:
        if name in sticky:
            continue
        provider = by_name[name].scope.provider
        place, most = f"{provider}/{stages[name]}.", min(limit, room.resources.get(provider, limit))
        needed = [unit_of[d] for d in by_name[name].depends_on if unit_of.get(d, "").startswith(place)]
        part = max((_stage_and_part(unit_id)[1] for unit_id in needed), default=0)
        while (unit_id := f"{place}{part}") in members and (
            len(members[unit_id]) >= most
            or _one_type_too_many([by_name[n] for n in members[unit_id]], by_name[name], room.types)
        ):
            part += 1
        unit_of[name] = unit_id
        members.setdefault(unit_id, []).append(name)
    return members


def less_room(
    room: Room, crowded: Iterable[Unit], heavy: Iterable[Unit], by_name: Mapping[str, Spec], sticky: Collection[str]
) -> Room:
    """Room for half the types of units that are crowded with them, and for half the resources of heavy ones, where these
    can be split at all; otherwise the same."""
    types, resources = dict(room.types), dict(room.resources)
    for unit in crowded:
        _halve(types, unit, len({by_name[name].type for name in unit.resources}), sticky)
    for unit in heavy:
        _halve(resources, unit, len(unit.resources), sticky)
    return Room(types, resources)


def _halve(most: dict[str, int], unit: Unit, count: int, sticky: Collection[str]) -> None:
    if count > 1 and any(name not in sticky for name in unit.resources):
        most[unit.scope.provider] = min(count // 2, most.get(unit.scope.provider, count))


def _one_type_too_many(members: Iterable[Spec], more: Spec, types: Mapping[str, int]) -> bool:
    there = {spec.type for spec in members}
    return more.type not in there and len(there) >= types.get(more.scope.provider, len(there) + 1)


def _refuse_cycles(needs: Mapping[str, Sequence[str]], by_name: Mapping[str, Spec], unit_of: Mapping[str, str]) -> None:
    cycle = _cycle(_graph(list(needs), needs))
    if not cycle:
        return
    mover = next(
        name
        for name, unit_id in sorted(unit_of.items())
        if unit_id == cycle[0] and any(unit_of.get(d) == cycle[1] for d in by_name[name].depends_on)
    )
    raise NoPlan(
        Problem(
            f"resources.{mover}",
            f"its new dependency closes a cycle between native deployments: {' → '.join(cycle)}",
            f"rename {mover}, so that it is made anew in a later unit, or remove the dependency",
        )
    )


def _graph(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> "rustworkx.PyDiGraph[str, None]":
    graph: rustworkx.PyDiGraph[str, None] = rustworkx.PyDiGraph()
    index = {name: graph.add_node(name) for name in sorted(names)}
    for name in sorted(names):
        for needed in needs[name]:
            if needed in index:
                graph.add_edge(index[needed], index[name], None)
    return graph


def _cycle(graph: "rustworkx.PyDiGraph[str, None]") -> list[str]:
    edges = rustworkx.digraph_find_cycle(graph)
    if not edges:
        return []
    # Edges run from what is needed to what needs it; people read it the other way round.
    names = [graph[source] for source, _ in edges]
    names.reverse()
    return [*names, names[0]]


def _stage_and_part(unit_id: str) -> tuple[int, int]:
    stage, part = unit_id.rsplit("/", 1)[1].split(".")
    return int(stage), int(part)


def _name(prefix: str, unit_id: str) -> str:
    provider, place = unit_id.rsplit("/", 1)
    # Lower case, as buckets write the names that are generated from it.
    name = f"{prefix}-{provider.lower()}-{place.replace('.', '-')}"
    if len(name) <= _NAME_LIMIT:
        return name
    # Cut, but never so that two units get one name.
    mark = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: _NAME_LIMIT - len(mark) - 1]}-{mark}"
