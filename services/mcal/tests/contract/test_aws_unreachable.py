"""When AWS is away, calls are tried for a while and then fail typed; nothing hangs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from deployforge_mcal.adapters.aws.errors import failure_of, is_transient
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.session import AwsSession, Unreadable
from deployforge_mcal.domain.operation import Grant

GRANT = Grant("aws-test", "s", (), (), True, datetime(2026, 11, 24, tzinfo=UTC))
KEYS = {"AccessKeyId": "a", "SecretAccessKey": "b"}


@pytest.fixture
def nobody(unused_port: Callable[[], int]) -> AwsSession:
    """A session of an endpoint that nobody serves, with little patience."""
    return AwsSession(GRANT, KEYS, "eu-west-1", f"http://127.0.0.1:{unused_port()}", patience_seconds=0.8)


def test_a_call_is_repeated_until_patience_ends(nobody: AwsSession) -> None:
    began = time.monotonic()
    with pytest.raises(EndpointConnectionError) as away:
        nobody.call("sqs", "list_queues")
    assert 0.2 < time.monotonic() - began < 10
    assert is_transient(away.value)
    failure = failure_of(away.value).failure
    assert (failure.code, failure.retryable) == ("CLOUD_UNREACHABLE", True)


def test_what_cannot_be_read_is_unreadable_and_not_missing(nobody: AwsSession) -> None:
    found = KINDS["Queue"].read(nobody, ["http://127.0.0.1/000000000000/q"])
    assert all(isinstance(value, Unreadable) and "CLOUD_UNREACHABLE" in value.reason for value in found.values())


def test_a_call_goes_on_when_the_cloud_is_back(nobody: AwsSession) -> None:
    answers: list[Any] = [EndpointConnectionError(endpoint_url="x"), EndpointConnectionError(endpoint_url="x"), "here"]

    class Client:
        def list_queues(self) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    nobody._clients["sqs"] = Client()
    assert nobody.call("sqs", "list_queues") == "here"
