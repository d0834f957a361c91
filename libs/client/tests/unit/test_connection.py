"""A server that has too much to do is asked again when it said, and no longer than the call's own time."""

from typing import Any

import grpc
import pytest
from deployforge_client.connection import Caller
from deployforge_client.errors import NotFound, Overloaded, Refused
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import status_pb2
from google.rpc.error_details_pb2 import RetryInfo

DETAILS = "grpc-status-details-bin"


class Failed(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, trailing: tuple[tuple[str, bytes], ...] = ()) -> None:
        self._code, self._trailing = code, trailing

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "full"

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return self._trailing


def full(seconds: int) -> Failed:
    info = AnyMessage()
    info.Pack(RetryInfo(retry_delay=Duration(seconds=seconds)))
    status = status_pb2.Status(code=8, message="full", details=[info])
    return Failed(grpc.StatusCode.RESOURCE_EXHAUSTED, ((DETAILS, status.SerializeToString()),))


class Server:
    """Refuses as told, then answers."""

    def __init__(self, *refusals: Failed) -> None:
        self._refusals = list(refusals)
        self.timeouts: list[float] = []

    def call(self, request: str, *, metadata: Any, timeout: float) -> str:
        self.timeouts.append(timeout)
        if self._refusals:
            raise self._refusals.pop(0)
        return f"answer to {request}"


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def caller(pauses: list[float]) -> Caller:
    return Caller("token", sleep=pauses.append)


def test_the_hint_is_honoured_with_jitter(caller: Caller, pauses: list[float]) -> None:
    server = Server(full(2), full(3))
    assert caller.unary(server.call, "a question") == "answer to a question"
    assert 2.0 <= pauses[0] <= 3.0
    assert 3.0 <= pauses[1] <= 4.5
    assert sorted(server.timeouts, reverse=True) == server.timeouts


def test_a_hint_beyond_the_deadline_is_an_error_at_once(caller: Caller, pauses: list[float]) -> None:
    with pytest.raises(Overloaded) as refused:
        caller.unary(Server(full(6)).call, "a question", timeout=5.0)
    assert refused.value.retry_after_seconds == 6.0
    assert pauses == []


@pytest.mark.parametrize(
    ("failed", "kind"),
    [(Failed(grpc.StatusCode.RESOURCE_EXHAUSTED), Refused), (Failed(grpc.StatusCode.NOT_FOUND), NotFound)],
)
def test_what_carries_no_hint_is_not_asked_again(
    caller: Caller, pauses: list[float], failed: Failed, kind: type[Exception]
) -> None:
    server = Server(failed)
    with pytest.raises(kind) as refused:
        caller.unary(server.call, "a question")
    assert type(refused.value) is kind
    assert len(server.timeouts) == 1
