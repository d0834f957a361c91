"""A process that dies, a fact that comes twice, a second replica: nothing is lost and nothing is done twice."""

from typing import Any

import pytest
from deployforge_chassis.effects import EffectWorkers, LostLease
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.testing import a_fact
from deployforge_orchestrator.application.drafting import Drafting
from deployforge_orchestrator.application.effects import Errands
from deployforge_orchestrator.application.orchestrator import Orchestrator

from .conftest import World, manifest

TWO_UNITS = manifest(("dead", "aws", {}), ("jobs", "us", {"dead": "${dead.arn}"}))


def _succeeded(world: World) -> Any:
    wanted = world.last("OperationRequested")
    value = {
        "execution_id": wanted["execution_id"], "operation_id": wanted["operation_id"], "finished_at": "2026-11-24T12:00:00Z",
        "resources": [], "generation": 2, "template_digest": None,
    }  # fmt: skip
    return a_fact("mcal.operations", "OperationSucceeded", value)


def _restarted(world: World) -> World:
    """The same database, a new process."""
    app = Orchestrator(world.app.database, world.app.sealer, world.app.plans, world.app.clock)
    new = World(app, world.cloud, None, world.state, world.manifests, world.versions)  # type: ignore[arg-type]
    new.workers = EffectWorkers(app.queue, Errands(app, Drafting(new, new, world.cloud), world.cloud).handlers())
    new.done = world.done
    return new


def test_a_crash_between_an_outcome_and_the_next_step_loses_neither(world: World) -> None:
    world.approve(world.request(TWO_UNITS))
    world.app.operation_succeeded(_succeeded(world))  # The process dies before this is saved.
    assert world.names().count("OperationRequested") == 1
    again = _restarted(world)
    assert again.operate() == 2
    assert again.names().count("StepCompleted") == 2
    assert again.names()[-1] == "ExecutionVerified"


@pytest.mark.parametrize("operated", [0, 1, 2])
def test_a_new_process_goes_on_where_the_old_one_stopped(world: World, operated: int) -> None:
    world.approve(world.request(TWO_UNITS))
    world.operate(operated)
    again = _restarted(world)
    again.work()
    again.operate()
    assert again.names().count("OperationRequested") == 2
    assert again.names().count("ExecutionVerified") == 1


def test_an_errand_whose_lease_was_taken_over_says_nothing(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.consent(id)
    queue = world.app.queue
    begin = Errands(world.app, Drafting(world, world, world.cloud), world.cloud).begin
    slow = queue.claim(["begin"])
    assert slow is not None
    world.app.database.query("UPDATE effects SET due_at = now() WHERE kind = 'begin'")
    quick = queue.claim(["begin"])
    assert quick is not None
    late = begin(slow)
    queue.complete(quick, begin(quick))
    with pytest.raises((LostLease, VersionConflict)):
        queue.complete(slow, late)
    assert world.names().count("ExecutionStarted") == 1
    assert world.names().count("OperationRequested") == 1


def test_two_replicas_that_hear_one_outcome_start_the_next_step_once(world: World) -> None:
    world.approve(world.request(TWO_UNITS))
    fact = _succeeded(world)
    one, other = world.app.operation_succeeded(fact), _restarted(world).app.operation_succeeded(fact)
    world.app.commit(one)
    with pytest.raises(VersionConflict):
        world.app.commit(other)
    world.app.commit(world.app.operation_succeeded(fact))
    assert world.names().count("OperationRequested") == 2


def test_two_replicas_cannot_begin_two_executions_of_one_deployment(world: World) -> None:
    first, second = world.request(manifest(("a", "aws", {"v": 1}))), world.request(manifest(("a", "aws", {"v": 2})))
    world.consent(first)
    world.consent(second)
    begin = Errands(world.app, Drafting(world, world, world.cloud), world.cloud).begin
    works = [world.app.queue.claim(["begin"]), world.app.queue.claim(["begin"])]
    effects = [begin(work) for work in works if work is not None]
    world.app.commit(effects[0])
    with pytest.raises(VersionConflict):
        world.app.commit(effects[1])
    assert world.names().count("ExecutionStarted") == 1


def test_an_approval_is_consumed_once(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.approve(id)
    world.operate()
    world.remember()
    world.approve(id)
    world.operate()
    assert world.names().count("ExecutionStarted") == 1


def test_a_request_that_is_told_twice_has_one_plan(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.request(TWO_UNITS, request_id=id)
    assert world.names() == ["PlanDrafted"]


def test_an_approval_of_another_digest_begins_nothing(world: World) -> None:
    id = world.request(TWO_UNITS)
    world.hear(world.app.plan_approved, "PlanApproved", {
        "request_id": id, "deployment_id": world.last("PlanDrafted")["deployment_id"], "plan_digest": "sha256:other",
        "approvers": [], "nonce": "n",
    })  # fmt: skip
    world.work()
    assert world.names() == ["PlanDrafted"]
