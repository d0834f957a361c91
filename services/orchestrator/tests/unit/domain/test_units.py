import pytest
from deployforge_orchestrator.domain.manifest import Scope, Spec
from deployforge_orchestrator.domain.refusals import NoPlan
from deployforge_orchestrator.domain.units import order, units_of
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


_graphs = st.lists(st.tuples(st.sampled_from(["aws", "us", "az"]), st.sets(st.integers(0, 12))), min_size=1, max_size=13)


@given(_graphs)
def test_units_form_a_dag_and_hold_every_resource_once(graph: list[tuple[str, set[int]]]) -> None:
    specs = [_spec(f"r{i}", p, *(f"r{d}" for d in needs if d < i)) for i, (p, needs) in enumerate(graph)]
    units = units_of(specs, "df", {})
    assert sorted(n for u in units for n in u.resources) == sorted(s.name for s in specs)
    seen: set[str] = set()
    for unit in units:
        assert set(unit.depends_on) <= seen, "each comes after what it needs"
        seen.add(unit.unit_id)
