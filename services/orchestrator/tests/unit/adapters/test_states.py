"""What the state manager's refusals mean to a plan, over a real channel."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_orchestrator.adapters.states import StateManagerStates
from deployforge_orchestrator.application.ports import Unavailable
from deployforge_orchestrator.domain.planning import State
from deployforge_orchestrator.domain.refusals import NoPlan

READS: list[Callable[[StateManagerStates], Any]] = [
    lambda states: states.get("storefront", "webshop"),
    lambda states: states.last_known_good("storefront", "webshop"),
]


class Refusing(state_pb2_grpc.StateServicer):
    status = grpc.StatusCode.NOT_FOUND

    def Get(self, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(self.status, "stream 4711 is damaged at version 3: a reason")

    LastKnownGood = Get


@pytest.fixture
def refusing() -> Refusing:
    return Refusing()


@pytest.fixture
def states(refusing: Refusing) -> Iterator[StateManagerStates]:
    server = grpc.server(ThreadPoolExecutor(2))
    state_pb2_grpc.add_StateServicer_to_server(refusing, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield StateManagerStates(channel)
    server.stop(None)


@pytest.mark.parametrize("read", READS)
def test_no_plan_is_made_on_a_damaged_history(states: StateManagerStates, refusing: Refusing, read: Any) -> None:
    refusing.status = grpc.StatusCode.DATA_LOSS
    with pytest.raises(NoPlan, match="stream 4711 is damaged at version 3"):
        read(states)


@pytest.mark.parametrize("read", READS)
def test_whoever_does_not_answer_is_asked_again(states: StateManagerStates, refusing: Refusing, read: Any) -> None:
    refusing.status = grpc.StatusCode.UNAVAILABLE
    with pytest.raises(Unavailable):
        read(states)


def test_what_is_not_known_is_not_deployed(states: StateManagerStates) -> None:
    assert [read(states) for read in READS] == [State(), 0]
