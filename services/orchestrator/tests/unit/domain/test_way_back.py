from dataclasses import replace

from deployforge_orchestrator.domain.outcomes import COMPLETED, FAILED, PENDING, SKIPPED, StepState
from deployforge_orchestrator.domain.steps import Target
from deployforge_orchestrator.domain.way_back import way_back
from hypothesis import given
from hypothesis import strategies as st

from .making import a_step, ended


def test_what_was_done_last_is_taken_back_first() -> None:
    back = way_back([ended(a_step("apply", "aws/0.0", before="sha256:old")), ended(a_step("apply", "us/1.0"))])
    assert [(s.verb, s.unit.unit_id, s.template_digest, s.depends_on) for s in back] == [
        ("destroy", "us/1.0", None, ()), ("apply", "aws/0.0", "sha256:old", ("rollback:destroy:us/1.0",)),
    ]  # fmt: skip
    assert back[1].previous_inputs == {"old": "1"}


def test_a_unit_that_was_destroyed_is_made_again() -> None:
    [back] = way_back([ended(a_step("destroy", "aws/0.0", before="sha256:old"))])
    assert (back.verb, back.template_digest) == ("apply", "sha256:old")


def test_corrected_values_become_what_they_were() -> None:
    target = Target("urn:a", "a", "Queue", "phy:a", '{"v":1}', ("v",), '{"v":9}')
    [back] = way_back([ended(a_step("correct", "aws/0.0", targets=(target,)))])
    assert (back.verb, back.targets) == ("correct", (replace(target, desired_json='{"v":9}'),))


def test_a_failed_step_counts_unless_it_was_restored() -> None:
    step = a_step("apply", "aws/0.0")
    assert way_back([ended(step, FAILED)]) == []
    assert [s.verb for s in way_back([ended(step, FAILED, restored=False)])] == ["destroy"]


def test_a_step_given_up_between_attempts_counts_if_one_left_something_behind() -> None:
    step = a_step("apply", "aws/0.0")
    assert way_back([ended(step, SKIPPED)]) == []
    assert [s.verb for s in way_back([ended(step, SKIPPED, restored=False)])] == ["destroy"]


_ends = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([COMPLETED, FAILED, SKIPPED, PENDING]), st.booleans(), st.booleans()),
    max_size=6, unique_by=lambda end: end[0],
)  # fmt: skip


@given(_ends)
def test_the_way_back_is_the_reverse_of_what_was_done(ends: list[tuple[int, str, bool, bool]]) -> None:
    steps: list[StepState] = [
        ended(a_step("apply", f"aws/{n}.0", before="sha256:old" if there_before else None), state, restored=restored)
        for n, state, restored, there_before in ends
    ]
    back = way_back(steps)
    done = [s for s in steps if s.state == COMPLETED or (s.state in (FAILED, SKIPPED) and not s.restored)]
    assert [s.unit.unit_id for s in back] == [s.plan.unit.unit_id for s in reversed(done)]
    assert all(one.depends_on == (other.step_id,) for one, other in zip(back[1:], back, strict=False))
