import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.effects import EffectQueue, EffectWorkers, Work
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import NOTHING, Effects
from deployforge_chassis.testing import until

from .conftest import OWNER, World


@pytest.fixture
def queue(world: World) -> EffectQueue:
    return EffectQueue(world.counter, world.counter.sealer)


def _enqueue(queue: EffectQueue, id: str = "1") -> None:
    with causality.bound(Causality("request", "cause", "", "alice")):
        write = queue.enqueue("call", id, {"n": 5}, deployment_id=OWNER)
    queue.app.commit(Effects(writes=(write,)))


def _status(app: EventSourcedApplication, id: str = "1") -> str:
    row = app.database.one("SELECT status FROM effects WHERE id = %s", (id,))
    assert row is not None
    return row["status"]


def _due_now(app: EventSourcedApplication) -> None:
    app.database.query("UPDATE effects SET due_at = now() WHERE status = 'waiting'")


def test_work_is_done_once_with_its_payload_and_cause(queue: EffectQueue) -> None:
    done: list[tuple[object, int, str]] = []

    def call(work: Work) -> Effects:
        current = causality.current()
        assert current is not None
        done.append((work.payload["n"], work.attempt, current.correlation_id))
        return NOTHING

    _enqueue(queue)
    _enqueue(queue)
    workers = EffectWorkers(queue, {"call": call})
    assert workers.work_once()
    assert not workers.work_once()
    assert done == [(5, 1, "request")]
    assert _status(queue.app) == "done"


def test_the_payload_is_sealed(queue: EffectQueue) -> None:
    _enqueue(queue)
    [row] = queue.app.database.query("SELECT payload FROM effects")
    assert b"request" not in bytes(row["payload"])


def test_failed_work_is_tried_again(queue: EffectQueue) -> None:
    attempts: list[int] = []

    def call(work: Work) -> Effects:
        attempts.append(work.attempt)
        if work.attempt < 3:
            raise RuntimeError("no answer")
        return NOTHING

    _enqueue(queue)
    workers = EffectWorkers(queue, {"call": call})
    for _ in range(3):
        _due_now(queue.app)
        assert workers.work_once()
    assert attempts == [1, 2, 3]
    assert _status(queue.app) == "done"


def test_a_worker_whose_lease_was_taken_over_says_nothing(queue: EffectQueue) -> None:
    queue.app.database.migrate(["CREATE TABLE outcomes (n int)"])
    outcome: Callable[[int], Effects] = lambda n: Effects(writes=(("INSERT INTO outcomes VALUES (%s)", (n,)),))  # noqa: E731
    second = EffectWorkers(queue, {"call": lambda work: outcome(work.attempt)})

    def slow(work: Work) -> Effects:
        _due_now(queue.app)
        assert second.work_once()
        return outcome(work.attempt)

    _enqueue(queue)
    assert EffectWorkers(queue, {"call": slow}).work_once()
    assert queue.app.database.query("SELECT n FROM outcomes") == [{"n": 2}]


def test_a_conflict_is_decided_again_at_once(queue: EffectQueue) -> None:
    calls = 0
    real = queue.app.commit

    def conflicting(effects: Effects, moves: object = ()) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise VersionConflict
        real(effects)

    _enqueue(queue)
    queue.app.commit = conflicting  # type: ignore[method-assign, assignment]
    assert EffectWorkers(queue, {"call": lambda _: NOTHING}).work_once()
    assert calls == 2
    assert _status(queue.app) == "done"


def test_two_workers_never_do_the_same_work(queue: EffectQueue) -> None:
    done: list[str] = []
    lock = threading.Lock()

    def call(work: Work) -> Effects:
        with lock:
            done.append(work.id)
        return NOTHING

    for _ in range(20):
        _enqueue(queue, str(uuid4()))
    pools = [EffectWorkers(queue, {"call": call}, threads=3) for _ in range(2)]
    for pool in pools:
        pool.start()
    until(lambda: len(done) == 20)
    for pool in pools:
        pool.stop(5)
        assert pool.failed() is None
    assert len(set(done)) == 20


def test_a_handler_that_divides_by_zero_has_failed_and_has_not_lost_its_lease(queue: EffectQueue) -> None:
    _enqueue(queue)
    assert EffectWorkers(queue, {"call": lambda _: Effects(writes=((str(1 / 0), ()),))}).work_once()
    row = queue.app.database.one("SELECT last_error FROM effects")
    assert row is not None
    assert row["last_error"].startswith("ZeroDivisionError")
