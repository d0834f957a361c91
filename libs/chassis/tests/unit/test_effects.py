import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.effects import LEASE_SECONDS, EffectQueue, EffectWorkers, LostLease, Work
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import NOTHING, Effects
from deployforge_chassis.testing import until

from .conftest import OWNER, World


@pytest.fixture
def queue(world: World) -> EffectQueue:
    return EffectQueue(world.counter, world.counter.sealer)


def _enqueue(queue: EffectQueue, id: str = "1", lane: str | None = None) -> None:
    with causality.bound(Causality("request", "cause", "", "alice")):
        write = queue.enqueue("call", id, {"n": 5}, deployment_id=OWNER, lane=lane)
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


def _claimed(queue: EffectQueue) -> list[str]:
    """What can be leased now, leased."""
    found = []
    while (work := queue.claim(["call"])) is not None:
        found.append(work.id)
    return found


def test_a_lane_has_one_lease_at_a_time_and_keeps_its_order(queue: EffectQueue) -> None:
    for id in ("1", "2", "3"):
        _enqueue(queue, id, lane="unit")
    _enqueue(queue, "4", lane="another")
    _enqueue(queue, "5")
    queue.app.database.query("UPDATE effects SET due_at = due_at - interval '1 hour' WHERE id IN ('2', '3')")
    first = queue.claim(["call"])
    assert first is not None
    assert first.id == "1"
    assert _claimed(queue) == ["4", "5"]
    queue.complete(first, NOTHING)
    assert _claimed(queue) == ["2"]


def test_whoever_is_not_due_yet_makes_its_lane_wait(queue: EffectQueue) -> None:
    _enqueue(queue, "1", lane="unit")
    _enqueue(queue, "2", lane="unit")
    work = queue.claim(["call"])
    assert work is not None
    queue.put_back(work, 60, "the cloud is away")
    assert _claimed(queue) == []


def test_replicas_never_work_on_one_lane_at_once(queue: EffectQueue) -> None:
    at_work: dict[str, int] = {}
    order: dict[str, list[int]] = {}
    lock = threading.Lock()
    together = []

    def call(work: Work) -> Effects:
        lane, number = work.id.split("/")
        with lock:
            at_work[lane] = at_work.get(lane, 0) + 1
            together.append(at_work[lane])
            order.setdefault(lane, []).append(int(number))
        queue.app.database.query("SELECT pg_sleep(0.002)")
        with lock:
            at_work[lane] -= 1
        return NOTHING

    for number in range(10):
        for lane in ("a", "b"):
            _enqueue(queue, f"{lane}/{number}", lane=lane)
    pools = [EffectWorkers(queue, {"call": call}, threads=4) for _ in range(2)]
    for pool in pools:
        pool.start()
    until(lambda: len(together) == 20)
    for pool in pools:
        pool.stop(5)
        assert pool.failed() is None
    assert set(together) == {1}
    assert order == {"a": list(range(10)), "b": list(range(10))}


def test_a_worker_that_slept_through_its_lease_changes_nothing_outside(queue: EffectQueue) -> None:
    time, outside = [1000.0], []

    def call(work: Work) -> Effects:
        work.hold()
        outside.append("first call")
        time[0] += LEASE_SECONDS
        work.hold()
        outside.append("second call")
        return NOTHING

    _enqueue(queue)
    assert EffectWorkers(queue, {"call": call}, now=lambda: time[0]).work_once()
    assert outside == ["first call"]
    assert _status(queue.app) == "waiting"


def test_work_that_does_not_end_is_given_back_when_its_worker_stops(queue: EffectQueue) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    lost: list[bool] = []

    def call(work: Work) -> Effects:
        begun.set()
        assert go_on.wait(10)
        try:
            work.hold()
        except LostLease:
            lost.append(True)
            raise
        finally:
            ended.set()
        return NOTHING

    _enqueue(queue)
    workers = EffectWorkers(queue, {"call": call}, threads=1)
    workers.start()
    assert begun.wait(10)
    workers.stop(0.05)
    again = until(lambda: queue.claim(["call"]))
    assert again.attempt == 2
    go_on.set()
    assert ended.wait(10)
    assert lost == [True]


def test_done_work_is_forgotten_after_a_while_and_no_other(queue: EffectQueue) -> None:
    for id in ("old", "new", "open"):
        _enqueue(queue, id)
    workers = EffectWorkers(queue, {"call": lambda _: NOTHING})
    assert workers.work_once()
    assert workers.work_once()
    queue.app.database.query("UPDATE effects SET done_at = now() - interval '2 hours' WHERE id = 'old'")
    queue.app.database.query("UPDATE effects SET created_at = now() - interval '2 hours'")
    assert queue.purge(3600.0) == 1
    assert {row["id"] for row in queue.app.database.query("SELECT id FROM effects")} == {"new", "open"}


def test_idle_workers_forget_done_work(queue: EffectQueue) -> None:
    time = [0.0]
    workers = EffectWorkers(queue, {"call": lambda _: NOTHING}, kept_seconds=0.0, now=lambda: time[0])
    _enqueue(queue)
    assert workers.work_once()
    workers._purge()
    assert _status(queue.app) == "done"
    time[0] += 61
    workers._purge()
    assert queue.app.database.query("SELECT id FROM effects") == []
