"""Whether the state manager vouches for a deployment's history, over a real channel."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from deployforge.state_manager.v1 import state_pb2, state_pb2_grpc
from deployforge_healer.adapters.state_manager import StateManagerHistories
from deployforge_healer.application.ports import DamagedHistory


class States(state_pb2_grpc.StateServicer):
    status: grpc.StatusCode | None = None

    def History(self, request: Any, context: grpc.ServicerContext) -> state_pb2.HistoryResponse:
        assert (request.deployment.namespace, request.deployment.name) == ("storefront", "webshop")
        if self.status is not None:
            context.abort(self.status, "stream 4711 is damaged at version 3: a reason")
        return state_pb2.HistoryResponse()


@pytest.fixture
def states() -> States:
    return States()


@pytest.fixture
def histories(states: States) -> Iterator[StateManagerHistories]:
    server = grpc.server(ThreadPoolExecutor(2))
    state_pb2_grpc.add_StateServicer_to_server(states, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield StateManagerHistories(channel)
    server.stop(None)


def test_a_whole_history_is_vouched_for(histories: StateManagerHistories) -> None:
    histories.vouch("storefront", "webshop")


@pytest.mark.parametrize(
    "status", [grpc.StatusCode.DATA_LOSS, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION]
)
def test_a_damaged_or_missing_one_is_final(
    histories: StateManagerHistories, states: States, status: grpc.StatusCode
) -> None:
    states.status = status
    with pytest.raises(DamagedHistory, match="stream 4711 is damaged at version 3"):
        histories.vouch("storefront", "webshop")


def test_whoever_does_not_answer_may_answer_later(histories: StateManagerHistories, states: States) -> None:
    states.status = grpc.StatusCode.UNAVAILABLE
    with pytest.raises(grpc.RpcError):
        histories.vouch("storefront", "webshop")
