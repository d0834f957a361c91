import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from deployforge_mcal.application.pacing import Api, Lane, Paced, Pacing, Turns
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.pace import Bounds, Pace

QUEUES = Api("aws", "1", "sqs.eu-west-1")


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def heard() -> list[tuple[Api, Pace]]:
    return []


@pytest.fixture
def pacing(time: Time, heard: list[tuple[Api, Pace]]) -> Pacing:
    return Pacing(Bounds(first=4, most=8, reserve=0.25), lambda api, pace: heard.append((api, pace)), time)


@pytest.fixture
def deployment(pacing: Pacing) -> Paced:
    return pacing.turns("aws", "1", 4.0)


@pytest.fixture
def scan(deployment: Turns) -> Turns:
    return deployment.waiting()


class HugeScan:
    """Scans whose calls the cloud does not answer yet."""

    def __init__(self, turns: Turns, calls: int) -> None:
        self._turns = turns
        self._answer, self.under_way = threading.Event(), threading.Semaphore(0)
        self.done = 0
        self._pool = ThreadPoolExecutor(calls)
        self._calls = [self._pool.submit(self._call) for _ in range(calls)]

    def _call(self) -> None:
        with self._turns.turn(QUEUES.name):
            self.under_way.release()
            assert self._answer.wait(30)
            self.done += 1

    def answered(self) -> None:
        self._answer.set()
        for call in self._calls:
            call.result(30)
        self._pool.shutdown()


@pytest.fixture
def huge(scan: Turns) -> Iterator[HugeScan]:
    found = HugeScan(scan, 40)
    yield found
    found.answered()


def test_a_deployments_call_gets_through_at_once_while_a_huge_scan_runs(huge: HugeScan, deployment: Turns) -> None:
    for _ in range(3):
        assert huge.under_way.acquire(timeout=30)
    with deployment.turn(QUEUES.name):
        # Three of four places are the scan's, the fourth was left free; none of its calls has ended.
        assert not huge.under_way.acquire(blocking=False)
        assert huge.done == 0


def test_a_scan_comes_to_its_end(huge: HugeScan) -> None:
    huge.answered()
    assert huge.done == 40


def test_deployments_go_at_once_however_many_they_are_and_scans_yield(
    pacing: Pacing, deployment: Turns, scan: Turns
) -> None:
    went = threading.Event()

    def read() -> None:
        with scan.turn(QUEUES.name):
            went.set()

    turns = [deployment.turn(QUEUES.name) for _ in range(6)]
    for turn in turns:
        turn.__enter__()
    reader = threading.Thread(target=read)
    reader.start()
    for turn in turns[:2]:
        turn.__exit__(None, None, None)
        assert not went.is_set()
    for turn in turns[2:]:
        turn.__exit__(None, None, None)
    reader.join(30)
    assert went.is_set()


def test_other_accounts_and_other_apis_have_budgets_of_their_own(pacing: Pacing, huge: HugeScan) -> None:
    assert huge.under_way.acquire(timeout=30)
    with pacing.turns("aws", "2", 4.0).waiting().turn(QUEUES.name):
        pass
    with pacing.turns("aws", "1", 4.0).waiting().turn("sns.eu-west-1"):
        pass


def test_what_the_cloud_refuses_halves_the_limit_and_is_told(
    pacing: Pacing, scan: Turns, heard: list[tuple[Api, Pace]]
) -> None:
    def call() -> None:
        with scan.turn(QUEUES.name) as turn:
            turn.throttled()
            raise RuntimeError("what the client makes of it")

    with pytest.raises(RuntimeError):
        call()
    assert pacing.lane(QUEUES).pace.limit == 2.0
    assert [(api, pace.limit, pace.cuts) for api, pace in heard] == [(QUEUES, 4.0, 0), (QUEUES, 2.0, 1)]


def test_a_pause_longer_than_the_patience_is_a_failure_now_and_a_deployment_may_try(
    time: Time, deployment: Turns, scan: Turns
) -> None:
    with scan.turn(QUEUES.name) as turn:
        turn.throttled(30.0)
    with pytest.raises(ProviderFailure) as refused, scan.turn(QUEUES.name):
        raise AssertionError("it has been called")
    failure = refused.value.failure
    assert (failure.code, failure.retryable) == ("THROTTLED", True)
    assert "no calls in the next 30 s" in failure.message
    with deployment.turn(QUEUES.name):
        pass
    time.now += 30.0
    with scan.turn(QUEUES.name):
        pass


def test_an_error_says_nothing_of_what_the_api_bears(pacing: Pacing, scan: Turns) -> None:
    lane: Lane = pacing.lane(QUEUES)
    before = lane.pace
    for _ in range(5):
        with suppress(KeyError), scan.turn(QUEUES.name):
            raise KeyError
    assert lane.pace == before
