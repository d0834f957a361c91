import itertools
from random import Random
from typing import Any

import pytest
from deployforge_chassis import canonical
from deployforge_orchestrator.domain.manifest import Spec
from deployforge_orchestrator.domain.plan import Plan
from deployforge_orchestrator.domain.planning import MISSING, PRESENT, Live, State
from deployforge_orchestrator.domain.refusals import NoPlan
from hypothesis import given, settings
from hypothesis import strategies as st

from .making import a_plan, a_spec, deployed_of, state_of

_wanted = st.lists(
    st.tuples(st.sampled_from(["aws", "us", "az"]), st.sets(st.integers(0, 8), max_size=3), st.integers(0, 2)),
    min_size=1, max_size=9,
)  # fmt: skip
_deployed = st.dictionaries(
    st.integers(0, 11), st.tuples(st.integers(0, 2), st.sampled_from([PRESENT, MISSING])), max_size=6
)


def _specs(wanted: list[tuple[str, set[int], int]]) -> list[Spec]:
    return [
        a_spec(f"r{i}", provider, {"v": v, **{f"on{d}": f"${{r{d}.arn}}" for d in needs if d < i}})
        for i, (provider, needs, v) in enumerate(wanted)
    ]


def _before(wanted: list[tuple[str, set[int], int]], found: dict[int, tuple[int, str]]) -> tuple[State, dict[str, Live]]:
    """Some resources deployed before, alone in their scope's first unit so that no sticky unit closes a cycle."""
    some = {i: of for i, of in found.items() if i >= len(wanted) or not (wanted[i][1] and min(wanted[i][1]) < i)}
    state = state_of(
        *(
            deployed_of(f"r{i}", {"v": v}, f"{wanted[i][0] if i < len(wanted) else 'old'}/0.0")
            for i, (v, _) in sorted(some.items())
        )
    )
    return state, {f"r{i}": Live(presence, {"v": v}) for i, (v, presence) in some.items()}  # fmt: skip


@settings(max_examples=40)
@given(_wanted, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_resources(wanted: Any, shuffled: Random) -> None:
    specs = _specs(wanted)
    mixed = list(specs)
    shuffled.shuffle(mixed)
    assert canonical.digest(a_plan(specs).to_json()) == canonical.digest(a_plan(mixed).to_json())


@settings(max_examples=40)
@given(_wanted, _deployed)
def test_every_step_comes_after_what_it_depends_on(wanted: Any, found: Any) -> None:
    plan = a_plan(_specs(wanted), *_before(wanted, found))
    seen: set[str] = set()
    for step in plan.steps:
        assert set(step.depends_on) <= seen
        assert step.step_id not in seen
        seen.add(step.step_id)


@settings(max_examples=40)
@given(_wanted, _deployed)
def test_a_unit_waits_for_the_units_that_it_needs(wanted: Any, found: Any) -> None:
    plan = a_plan(_specs(wanted), *_before(wanted, found))
    by_unit: dict[str, list[Any]] = {}
    for step in plan.steps:
        by_unit.setdefault(step.unit.unit_id, []).append(step)
    for unit in plan.units:
        mine = by_unit.get(unit.place.unit_id, [])
        needed = {by_unit[u][-1].step_id for u in unit.depends_on if u in by_unit}
        assert not mine or set(mine[0].depends_on) == needed
        assert all(later.depends_on == (earlier.step_id,) for earlier, later in itertools.pairwise(mine))


@settings(max_examples=40)
@given(_wanted, _deployed)
def test_a_plan_is_the_same_after_it_was_stored(wanted: Any, found: Any) -> None:
    plan = a_plan(_specs(wanted), *_before(wanted, found))
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()


@settings(max_examples=40)
@given(_wanted, _deployed)
def test_everything_is_kept_or_removed_and_every_change_has_a_step(wanted: Any, found: Any) -> None:
    specs = _specs(wanted)
    state, live = _before(wanted, found)
    plan = a_plan(specs, state, live)
    assert {k.name for k in plan.kept} == {s.name for s in specs}
    assert {u.rsplit(":", 1)[-1] for u in plan.removed} == state.resources.keys() - {s.name for s in specs}
    touched = {c.unit_id for c in plan.changes if c.action != "none"}
    assert touched <= {s.unit.unit_id for s in plan.steps}


def test_steps_of_one_unit_come_in_order() -> None:
    state = state_of(deployed_of("a", {"v": 1}), deployed_of("b", {"v": 1}), deployed_of("c", {"v": 1}))
    live = {"a": Live(MISSING), "b": Live(PRESENT, {"v": 1}), "c": Live(PRESENT, {"v": 9})}
    plan = a_plan([a_spec("a", "aws", {"v": 1}), a_spec("b", "aws", {"v": 2}), a_spec("c", "aws", {"v": 1})], state, live)
    assert [(s.verb, s.depends_on) for s in plan.steps] == [
        ("recreate", ()), ("apply", ("recreate:aws/0.0",)), ("correct", ("apply:aws/0.0",)),
    ]  # fmt: skip
    assert [[t.name for t in s.targets] for s in plan.steps] == [["a"], [], ["c"]]
    assert plan.steps[2].targets[0].paths == ("v",)
    assert plan.counts == {
        "creates": 0, "updates": 2, "replaces": 0, "deletes": 0, "adopts": 0, "corrects": 0, "recreates": 1, "unchanged": 0,
    }  # fmt: skip


def test_a_unit_that_ends_is_destroyed_after_everything_else() -> None:
    plan = a_plan([a_spec("b", "us", {})], state_of(deployed_of("a", {"v": 1})))
    assert [(s.step_id, s.depends_on) for s in plan.steps] == [
        ("apply:us/0.0", ()), ("destroy:aws/0.0", ("apply:us/0.0",)),
    ]  # fmt: skip


def test_what_is_protected_is_neither_deleted_nor_replaced() -> None:
    protected = deployed_of("a", {"fifo": False})
    state = state_of(type(protected)(**{**vars(protected), "protect": True}))
    for specs in ([a_spec("b")], [a_spec("a", "aws", {"fifo": True})]):
        with pytest.raises(NoPlan, match="is protected"):
            a_plan(specs, state)
