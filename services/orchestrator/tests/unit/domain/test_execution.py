"""The aggregate alone: no database, no queue."""

from datetime import UTC, datetime
from uuid import UUID

from deployforge_orchestrator.domain.execution import Execution
from deployforge_orchestrator.domain.outcomes import ATTEMPTS, Brief, Failure
from deployforge_orchestrator.domain.steps import StepPlan
from hypothesis import given, settings
from hypothesis import strategies as st

from .making import a_step

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BRIEF = Brief("ns", "web", "r", "5c0a7f0b-8a3e-5d10-8f2e-3b1f5a6c7d80", "sha256:p", "APPLY", "USER", "alice")


def begun(*steps: StepPlan) -> Execution:
    return Execution(UUID(int=1), BRIEF, tuple(steps), (), NOW)


def chained(*steps: StepPlan) -> tuple[StepPlan, ...]:
    """Each after the one before."""
    made: list[StepPlan] = []
    for step in steps:
        made.append(StepPlan(**{**vars(step), "depends_on": (made[-1].step_id,) if made else ()}))
    return tuple(made)


def go(execution: Execution, width: int = 8) -> list[str]:
    execution.settle(NOW)
    started = [s.plan.step_id for s in execution.ready(width)]
    for step_id in started:
        execution.start(step_id, {}, (), NOW)
    return started


def end(execution: Execution, step_id: str, failure: Failure | None = None) -> None:
    operation = execution.steps[step_id].operation_id
    if failure is None:
        execution.complete(operation, (), 2, None, NOW)
    else:
        execution.fail(operation, failure, NOW)


BROKEN = Failure("Broken", "it broke")
PASSING = Failure("Throttled", "slow down", retryable=True)


def test_no_more_than_the_width_runs_together() -> None:
    execution = begun(*(a_step("apply", f"aws/{n}.0") for n in range(5)))
    assert len(go(execution, width=2)) == 2
    assert go(execution, width=2) == []
    end(execution, "apply:aws/0.0")
    assert go(execution, width=2) == ["apply:aws/2.0"]


def test_an_outcome_that_is_told_twice_or_of_an_old_attempt_changes_nothing() -> None:
    execution = begun(a_step("apply", "aws/0.0"))
    go(execution)
    first = execution.steps["apply:aws/0.0"].operation_id
    execution.fail(first, PASSING, NOW)
    execution.try_again("apply:aws/0.0")
    go(execution)
    version = execution.version
    execution.fail(first, BROKEN, NOW)
    execution.complete(first, (), 2, None, NOW)
    assert execution.version == version
    end(execution, "apply:aws/0.0")
    go(execution)
    version = execution.version
    end(execution, "apply:aws/0.0")
    assert (execution.state, execution.version) == ("completed", version)


def test_attempts_have_ids_of_their_own_and_end() -> None:
    execution = begun(a_step("apply", "aws/0.0"))
    ids = []
    for _ in range(ATTEMPTS):
        go(execution)
        ids.append(execution.steps["apply:aws/0.0"].operation_id)
        end(execution, "apply:aws/0.0", PASSING)
        execution.try_again("apply:aws/0.0")
    assert len(set(ids)) == ATTEMPTS
    assert execution.steps["apply:aws/0.0"].state == "failed"


def test_what_an_attempt_left_behind_is_not_forgotten_by_the_next() -> None:
    execution = begun(a_step("apply", "aws/0.0"))
    go(execution)
    end(execution, "apply:aws/0.0", Failure("Timeout", "no answer", retryable=True, restored=False))
    execution.try_again("apply:aws/0.0")
    go(execution)
    end(execution, "apply:aws/0.0", BROKEN)
    assert go(execution) == ["rollback:destroy:aws/0.0"]


def test_a_step_that_waits_for_its_next_attempt_is_taken_back_when_cancelled() -> None:
    execution = begun(a_step("apply", "aws/0.0"))
    go(execution)
    end(execution, "apply:aws/0.0", Failure("Timeout", "no answer", retryable=True, restored=False))
    execution.cancel("bob", None)
    assert go(execution) == []
    execution.try_again("apply:aws/0.0")
    assert go(execution) == ["rollback:destroy:aws/0.0"]


def test_the_way_back_of_a_cancelled_execution_is_tried_again_too() -> None:
    execution = begun(a_step("apply", "aws/0.0"))
    go(execution)
    execution.cancel("bob", "wrong")
    end(execution, "apply:aws/0.0")
    go(execution)
    end(execution, "rollback:destroy:aws/0.0", PASSING)
    assert execution.try_again("rollback:destroy:aws/0.0")
    go(execution)
    end(execution, "rollback:destroy:aws/0.0")
    go(execution)
    assert execution.state == "cancelled"


def test_a_way_back_that_fails_is_said() -> None:
    execution = begun(*chained(a_step("apply", "aws/0.0"), a_step("apply", "us/1.0")))
    go(execution)
    end(execution, "apply:aws/0.0")
    go(execution)
    end(execution, "apply:us/1.0", BROKEN)
    go(execution)
    end(execution, "rollback:destroy:aws/0.0", Failure("Denied", "not allowed"))
    go(execution)
    assert execution.state == "failed"
    assert execution.reason == "unit us/1.0 failed: it broke; and it could not be taken back: aws/0.0: not allowed"


_FAILURES = st.one_of(
    st.none(), st.builds(Failure, st.just("X"), st.just("x"), retryable=st.booleans(), restored=st.booleans())
)


@settings(max_examples=60)
@given(
    st.lists(st.sets(st.integers(0, 5), max_size=3), min_size=1, max_size=6), st.integers(1, 3),
    st.lists(_FAILURES, min_size=40, max_size=40), st.lists(st.integers(0, 7), min_size=40, max_size=40),
    st.one_of(st.none(), st.integers(0, 8)),
)  # fmt: skip
def test_every_execution_ends_and_takes_back_in_reverse(
    graph: list[set[int]], width: int, fates: list[Failure | None], picks: list[int], cancelled_at: int | None
) -> None:
    steps = [
        StepPlan(
            **{
                **vars(a_step("apply", f"aws/{i}.0")),
                "depends_on": tuple(f"apply:aws/{d}.0" for d in sorted(needs) if d < i),
            }
        )
        for i, needs in enumerate(graph)
    ]
    execution = begun(*steps)
    done: list[str] = []
    back: list[str] = []
    for turn in range(200):
        while go(execution, width):
            pass
        if turn == cancelled_at:
            execution.cancel("bob", None)
        running = execution.running
        assert len(running) <= width
        for waiting in [s for s in execution.steps.values() if s.state == "waiting"]:
            execution.try_again(waiting.plan.step_id)
        if not running:
            if execution.state != "running":
                break
            continue
        step = running[picks[turn % 40] % len(running)]
        finished = {s.plan.step_id for s in execution.steps.values() if s.state == "completed"}
        assert set(step.plan.depends_on) <= finished, "nothing starts before what it needs"
        fate = None if step.rollback else fates[turn % 40]
        end(execution, step.plan.step_id, fate)
        if fate is None:
            (back if step.rollback else done).append(step.plan.unit.unit_id)
    assert execution.state in ("completed", "rolled-back", "cancelled")
    if execution.state == "completed":
        assert sorted(done) == sorted(s.unit.unit_id for s in steps)
    else:
        left = [
            s.plan.unit.unit_id
            for s in execution.steps.values()
            if not s.rollback and s.state != "completed" and not s.restored
        ]
        assert [u for u in back if u not in left] == done[::-1]
        assert set(back) == set(done) | set(left)
