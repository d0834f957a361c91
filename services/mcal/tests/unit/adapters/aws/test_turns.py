"""AWS's throttling, as botocore tells it, on the limit that scans and deployments share."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployforge_mcal.adapters import turns as calling
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.readers import AwsReaders
from deployforge_mcal.adapters.aws.session import AwsSession, Unreadable
from deployforge_mcal.application.pacing import Api, Pacing
from deployforge_mcal.domain.operation import Grant
from deployforge_mcal.domain.pace import Bounds

GRANT = Grant("aws-test", "df-1", (), (), False, None)  # type: ignore[arg-type]
QUEUES = Api("aws", "1", "sqs.eu-west-1")


def refusal(code: str = "ThrottlingException", status: int = 400, **headers: str) -> ClientError:
    meta: Any = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}, "ResponseMetadata": meta}, "ListQueueTags")


class Queues:
    """SQS that answers what it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def list_queue_tags(self, **_: Any) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(calling.time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def pacing() -> Pacing:
    return Pacing(Bounds(first=8))


@pytest.fixture
def session(pacing: Pacing) -> Callable[..., AwsSession]:
    def make(*answers: Any, client: Any = None) -> AwsSession:
        made = AwsSession(GRANT, {}, "eu-west-1", patience_seconds=4.0, turns=pacing.turns("aws", "1", 4.0))
        made._clients["sqs"] = client or Queues(*answers)
        return made

    return make


@pytest.mark.parametrize("refused", [refusal(), refusal("SlowDown", 503), refusal("Anything", 429)])
def test_a_throttled_call_halves_the_limit_and_comes_again(
    refused: ClientError, session: Callable[..., AwsSession], pacing: Pacing, slept: list[float]
) -> None:
    assert session(refused, {"Tags": {}}).call("sqs", "list_queue_tags") == {"Tags": {}}
    assert pacing.lane(QUEUES).pace.limit == 4.0
    assert 0.1 <= slept[0] <= 0.2


def test_what_else_goes_wrong_leaves_the_limit(
    session: Callable[..., AwsSession], pacing: Pacing, slept: list[float]
) -> None:
    assert session(refusal("InternalError", 500), {}).call("sqs", "list_queue_tags") == {}
    with pytest.raises(ClientError):
        session(refusal("AccessDenied", 403)).call("sqs", "list_queue_tags")
    assert pacing.lane(QUEUES).pace.limit == 8.0


def test_a_call_comes_again_when_aws_wants_it_and_no_scan_before(
    session: Callable[..., AwsSession], pacing: Pacing, slept: list[float]
) -> None:
    assert session(refusal("SlowDown", 503, **{"retry-after": "3"}), {}).call("sqs", "list_queue_tags") == {}
    assert slept == [3.0]
    assert pacing.lane(QUEUES).pace.not_before > 0


def test_a_pause_longer_than_the_patience_is_not_checked_and_not_called_again(
    session: Callable[..., AwsSession], slept: list[float]
) -> None:
    read = KINDS["Queue"].read

    class Away:
        calls = 0

        def get_queue_attributes(self, **_: Any) -> Any:
            self.calls += 1
            raise refusal("SlowDown", 503, **{"retry-after": "60"})

    away = Away()
    scan = session(client=away).waiting()
    for _ in range(2):
        [found] = read(scan, ["http://aws/1/q"]).values()
        assert isinstance(found, Unreadable) and found.reason.startswith("THROTTLED")
    assert (away.calls, slept) == (1, [])


def test_a_deployments_call_gets_through_at_once_while_a_huge_scan_of_the_account_runs(
    session: Callable[..., AwsSession],
) -> None:
    asked, answer = threading.Semaphore(0), threading.Event()

    class Slow:
        def get_queue_attributes(self, QueueUrl: str, **_: Any) -> Any:
            asked.release()
            assert answer.wait(30)
            return {"Attributes": {}}

        def list_queue_tags(self, **_: Any) -> Any:
            return {}

        def tag_queue(self, **_: Any) -> Any:
            return {"tagged": not answer.is_set()}

    deployment = session(client=Slow())
    found: dict[str, Any] = {}
    ids = [f"http://aws/1/q{n}" for n in range(300)]
    scan = threading.Thread(target=lambda: found.update(KINDS["Queue"].read(deployment.waiting(), ids)))
    scan.start()
    try:
        for _ in range(6):
            assert asked.acquire(timeout=30)
        # Six of eight places are taken, and nothing has been answered.
        assert deployment.call("sqs", "tag_queue") == {"tagged": True}
        assert not asked.acquire(blocking=False)
    finally:
        answer.set()
        scan.join(30)
    assert len(found) == 300 and not any(isinstance(one, Unreadable) for one in found.values())


def test_a_session_for_many_types_stays_one_when_it_waits(session: Callable[..., AwsSession]) -> None:
    one = session()
    patient = AwsReaders({"Queue": one, "Topic": one}).waiting()
    assert patient.of("Queue") is patient.of("Topic")
    assert patient.of("Queue") is not one
    assert patient.grant == one.grant
