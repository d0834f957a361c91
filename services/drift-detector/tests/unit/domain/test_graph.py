"""What is reached, by which ways and in which order; held against the definition."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from deployforge_drift_detector.domain import edge_columns
from deployforge_drift_detector.domain import graph as graphs
from deployforge_drift_detector.domain.graph import Graph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Edges = Sequence[tuple[str, str]]


def graph(edges: Edges) -> Graph:
    found = Graph()
    for needed, user in edges:
        found.connect(needed, user)
    return found


def test_nearest_first_by_a_shortest_way_each_behind_what_it_needs() -> None:
    found = graph([("a", "c"), ("a", "b"), ("b", "d"), ("c", "d"), ("c", "b"), ("d", "e")]).reach("a", ["e", "x", "a"], 9)
    assert found.ways == (("a", "c"), ("a", "b"), ("a", "b", "d"), ("a", "b", "d", "e"))
    assert (found.count, found.notable) == (4, {"e"})


def test_the_nearest_are_named_and_all_are_counted() -> None:
    edges = [("a", f"b{n:03}") for n in range(150)] + [(f"b{n:03}", f"c{n:03}") for n in range(150)]
    found = graph([*edges, ("c149", "d")]).reach("a", ["d"], 200)
    assert (len(found.ways), found.count, found.notable) == (200, 301, {"d"})
    named = {way[-1] for way in found.ways}
    assert named == {f"b{n:03}" for n in range(150)} | {f"c{n:03}" for n in range(50)}


def test_what_is_in_no_edge_reaches_nothing() -> None:
    assert graph([("a", "b")]).reach("x", [], 9).ways == ()


_URNS = st.sampled_from("abcdefgh")
_EDGES = st.lists(st.tuples(_URNS, _URNS), max_size=30)


@given(_EDGES, st.integers(1, 8))
def test_it_is_what_the_definition_says(edges: Edges, at_most: int) -> None:
    distance, ring = {"a": 0}, ["a"]
    while ring:
        ring = sorted({user for needed, user in edges if needed in ring and user not in distance})
        distance |= {urn: 1 + max(distance.values()) for urn in ring}
    found = graph(edges).reach("a", "abcdefgh", at_most)
    everything = sorted((far, urn) for urn, far in distance.items() if urn != "a")
    named = [way[-1] for way in found.ways]
    assert sorted(named) == sorted(urn for _, urn in everything[:at_most])
    assert (found.count, found.notable) == (len(everything), {urn for _, urn in everything})
    for way in found.ways:
        assert way[0] == "a" and len(way) == distance[way[-1]] + 1
        assert all(step in edges for step in pairwise(way))
    late = {(needed, user) for needed, user in edges if needed in named and user in named}
    behind = {step for step in late if named.index(step[0]) < named.index(step[1])}
    if not any(_goes_round(urn, late) for urn in named):
        assert late == behind


def _goes_round(urn: str, edges: set[tuple[str, str]]) -> bool:
    reached: set[str] = set()
    while new := {user for needed, user in edges if needed in reached | {urn}} - reached:
        reached |= new
    return urn in reached


@given(_EDGES, _EDGES)
def test_what_was_taken_back_was_never_there(kept: Edges, taken: Edges) -> None:
    found = graph([*taken, *kept])
    for needed, user in taken:
        found.disconnect(needed, user)
    assert found.reach("a", (), 9) == graph(kept).reach("a", (), 9)
    assert len(found) == len({urn for edge in kept for urn in edge})
    for needed, user in kept:
        found.disconnect(needed, user)
    assert len(found) == 0


def test_one_with_many_users_forgets_them_one_by_one() -> None:
    many = [("a", f"b{n}") for n in range(100)]
    found = graph([*many, ("a", "b7")])
    for needed, user in reversed(many):
        found.disconnect(needed, user)
    assert found.reach("a", (), 9).ways == (("a", "b7"),)


@pytest.fixture
def by_columns(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Whatever waits is followed by columns, and those are kept up for as long as can be."""
    monkeypatch.setattr(graphs, "_STEPS", 1)
    for module in (graphs, edge_columns):
        monkeypatch.setattr(module, "BROAD", 1)
    return monkeypatch


_STEPS = st.lists(st.tuples(st.booleans(), _EDGES), max_size=6)


@pytest.mark.parametrize("spare", [0, 1_000])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_by_columns_the_same_is_reached(
    by_columns: pytest.MonkeyPatch, steps: list[tuple[bool, Edges]], spare: int
) -> None:
    by_columns.setattr(edge_columns, "_SPARE", spare)
    found, there = Graph(), list[tuple[str, str]]()
    for come, edges in steps:
        for edge in edges:
            if come:
                found.connect(*edge)
                there.append(edge)
            elif edge in there:
                found.disconnect(*edge)
                there.remove(edge)
        for start in "abc":
            distance = {start} & {urn for edge in there for urn in edge}
            while new := {user for needed, user in there if needed in distance} - distance:
                distance |= new
            assert found.reach(start, "abcdefgh", 0).notable == distance - {start}
