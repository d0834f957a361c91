from dataclasses import replace
from random import Random

import pytest
from deployforge_orchestrator.domain.manifest import Scope, Spec
from deployforge_orchestrator.domain.refusals import NoPlan
from deployforge_orchestrator.domain.units import Room, less_room, order, units_of
from hypothesis import given
from hypothesis import strategies as st


def _spec(name: str, provider: str = "aws", *needs: str) -> Spec:
    scope = Scope(provider, "aws", "1", provider, "c")
    return Spec(name, "Queue", scope, {}, {}, {}, "normal", False, False, "", tuple(needs))


def _ids(*specs: Spec, **sticky: str) -> dict[str, list[str]]:
    return {u.unit_id: list(u.resources) for u in units_of(specs, "df", sticky)}


def test_resources_of_one_scope_share_a_unit() -> None:
    assert _ids(_spec("a"), _spec("b", "aws", "a")) == {"aws/0.0": ["a", "b"]}


def test_a_deployment_that_crosses_and_comes_back_has_three_units() -> None:
    units = units_of([_spec("a"), _spec("b", "us", "a"), _spec("c", "aws", "b")], "df", {})
    assert [(u.unit_id, u.depends_on) for u in units] == [
        ("aws/0.0", ()), ("us/1.0", ("aws/0.0",)), ("aws/2.0", ("us/1.0",)),
    ]  # fmt: skip


def test_membership_is_sticky() -> None:
    assert _ids(_spec("a"), _spec("b", "aws", "a"), a="aws/0.0", b="aws/0.0") == {"aws/0.0": ["a", "b"]}


def test_a_change_that_would_close_a_cycle_between_units_is_refused_with_the_move() -> None:
    with pytest.raises(NoPlan, match="closes a cycle between native deployments") as refused:
        units_of([_spec("a", "aws", "b"), _spec("b", "us", "c"), _spec("c")], "df", {"a": "aws/0.0", "c": "aws/0.0"})
    assert "rename" in refused.value.problems[0].hint


def test_a_cycle_of_resources_is_printed() -> None:
    with pytest.raises(NoPlan, match="→"):
        order([_spec("a", "aws", "b"), _spec("b", "aws", "a")])


def test_a_unit_over_the_limit_is_split() -> None:
    assert _ids(*[_spec(f"r{i}") for i in range(3)]) == {"aws/0.0": ["r0", "r1", "r2"]}
    units = units_of([_spec(f"r{i}") for i in range(3)], "df", {}, limit=2)
    assert [u.unit_id for u in units] == ["aws/0.0", "aws/0.1"]


def test_a_unit_that_is_too_large_is_halved_and_what_is_deployed_stays() -> None:
    specs = [_spec(f"r{i}") for i in range(10)]
    by_name = {s.name: s for s in specs}
    whole = units_of(specs, "df", {})
    half = less_room(Room(), (), whole, by_name, ())
    assert half == Room({}, {"aws": 5})
    assert [len(u.resources) for u in units_of(specs, "df", {}, room=half)] == [5, 5]
    # What is deployed stays where it is, and what is new finds no room there.
    sticky = {s.name: "aws/0.0" for s in specs[:7]}
    assert [len(u.resources) for u in units_of(specs, "df", sticky, room=half)] == [7, 3]
    elsewhere = [replace(s, scope=replace(s.scope, provider="us")) for s in specs]
    assert len(units_of(elsewhere, "df", {}, room=half)) == 1
    # A unit of one, or of what is deployed, cannot be split.
    alone = units_of([_spec("r0")], "df", {})
    assert (
        less_room(half, (), [*alone, *units_of(specs, "df", {s.name: "aws/0.0" for s in specs})], by_name, by_name) == half
    )


def test_parts_of_a_split_unit_do_not_need_each_other() -> None:
    # By name a and c would share the first part, and each part would need the other.
    specs = [_spec("a", "aws", "b"), _spec("b"), _spec("c"), _spec("d", "aws", "c")]
    units = units_of(specs, "df", {}, limit=2)
    assert [(u.unit_id, u.resources, u.depends_on) for u in units] == [
        ("aws/0.0", ("a", "b"), ()), ("aws/0.1", ("c", "d"), ()),
    ]  # fmt: skip


def test_a_new_resource_does_not_fill_a_gap_before_what_it_needs() -> None:
    sticky = {"a": "aws/0.0", "b": "aws/0.1"}
    units = units_of([_spec("a", "aws"), _spec("b", "aws", "a"), _spec("c", "aws", "b")], "df", sticky, limit=2)
    assert [(u.unit_id, u.resources) for u in units] == [("aws/0.0", ("a",)), ("aws/0.1", ("b", "c"))]


def test_long_names_stay_apart_and_within_the_limit() -> None:
    units = units_of([_spec("a"), _spec("b", "us", "a")], f"df-{'n' * 63}-{'m' * 63}", {})
    names = [u.name for u in units]
    assert len(set(names)) == 2
    assert all(len(name) <= 128 for name in names)


def test_the_order_of_declaration_changes_nothing() -> None:
    specs = [_spec("a"), _spec("b", "us", "a"), _spec("c", "aws", "b"), _spec("d")]
    assert units_of(specs, "df", {}) == units_of(specs[::-1], "df", {})


_graphs = st.lists(st.tuples(st.sampled_from(["aws", "us", "az"]), st.sets(st.integers(0, 12))), min_size=1, max_size=13)


@given(_graphs, st.sampled_from([1, 2, 3, 500]), st.randoms(use_true_random=False))
def test_units_form_a_dag_and_hold_every_resource_once(
    graph: list[tuple[str, set[int]]], limit: int, shuffled: Random
) -> None:
    # Names do not follow the order of dependencies.
    names = [f"r{i}" for i in range(len(graph))]
    shuffled.shuffle(names)
    specs = [_spec(names[i], p, *(names[d] for d in needs if d < i)) for i, (p, needs) in enumerate(graph)]
    units = units_of(specs, "df", {}, limit)
    assert all(len(u.resources) <= limit for u in units)
    assert sorted(n for u in units for n in u.resources) == sorted(s.name for s in specs)
    seen: set[str] = set()
    for unit in units:
        assert set(unit.depends_on) <= seen, "each comes after what it needs"
        seen.add(unit.unit_id)


def test_a_unit_of_too_many_types_is_split_by_types_and_what_is_deployed_stays() -> None:
    specs = [replace(_spec(f"r{i}"), type=f"T{i % 4}") for i in range(8)]
    by_name = {s.name: s for s in specs}
    whole = units_of(specs, "df", {})
    half = less_room(Room(), whole, (), by_name, ())
    assert half == Room({"aws": 2}, {})
    halves = units_of(specs, "df", {}, room=half)
    assert [{by_name[n].type for n in u.resources} for u in halves] == [{"T0", "T1"}, {"T2", "T3"}]
    # All of it deployed: nothing can be moved. A new one of another type goes into a unit of its own.
    sticky = {s.name: "aws/0.0" for s in specs}
    assert less_room(Room(), whole, (), by_name, sticky) == Room()
    more = [*specs, replace(_spec("new"), type="T9"), replace(_spec("like"), type="T1")]
    found = units_of(more, "df", sticky, room=half)
    assert [(u.unit_id, len(u.resources)) for u in found] == [("aws/0.0", 9), ("aws/0.1", 1)]
    alike = {n: _spec(n) for n in "ab"}
    assert less_room(Room(), units_of(list(alike.values()), "df", {}), (), alike, ()) == Room()
